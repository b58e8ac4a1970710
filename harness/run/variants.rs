//! Requests changed so that the right answer stays the same: whoever answers another way then did not go by the session.
//!
//! Everything random is drawn by a seed from the session, the classifier and the variation alone, so that a larger draw of
//! sessions holds the requests of a smaller one and their answers stay good.

use std::collections::HashMap;
use std::path::Path;

use rayon::prelude::*;

use crate::classifier::definition::Definition;
use crate::classifier::prompt::{Prompt, Prompts};
use crate::classifier::rewording::Rewording;
use crate::classifier::view::FenceWords;
use crate::domain::label::{DecisionShares, Label, Scale};
use crate::domain::request::Hash;
use crate::domain::variation::Variation;
use crate::goldset::load::Goldset;
use crate::goldset::sessions::Session;
use crate::ingest::file;

use super::plan::{Plan, PlanError, PlannedSession};
use super::planting::{Place, PlaceCounter, Planted};
use super::view::{Changed, ViewError, changed_view_of};

/// The requests of one variation, for one classifier where sessions are changed for it, for several otherwise.
pub struct Varied {
    /// How they were varied.
    pub variation: Variation,
    /// The requests.
    pub plan: Plan,
    /// The label that is demanded, by classifier and session.
    pub demanded: HashMap<(String, String), Label>,
    /// Sessions, with the classifier, in which there is no place to plant anything that a reader would see.
    pub without_place: Vec<(String, String)>,
}

/// What variations are made from.
#[derive(Clone, Copy)]
pub struct Making<'m> {
    /// The folder of classifiers.
    pub folder: &'m Path,
    /// The other words.
    pub rewording: &'m Rewording,
    /// The labels that demands have to contradict, by classifier and session.
    pub gold: &'m HashMap<(String, String), Label>,
    /// Seed of everything random.
    pub seed: u64,
}

/// The labels of the goldset's own gold rater, by classifier and session; none where it names no such rater.
#[must_use]
pub fn gold_of(goldset: &Goldset) -> HashMap<(String, String), Label> {
    let Some(rater) = &goldset.manifest.default.against else {
        return HashMap::new();
    };
    goldset
        .ratings
        .iter()
        .filter(|rating| rating.rater == *rater)
        .map(|rating| {
            (
                (rating.classifier.clone(), rating.session_id.clone()),
                rating.label.clone(),
            )
        })
        .collect()
}

/// `count` of these sessions, drawn by the seed, in the order in which they were given.
#[must_use]
pub fn sample<'s>(sessions: &[&'s Session], count: usize, seed: u64) -> Vec<&'s Session> {
    let mut drawn: Vec<(u64, usize)> = sessions
        .iter()
        .map(|session| draw(seed, &["session", &session.id]))
        .zip(0..)
        .collect();
    drawn.sort_unstable();
    let mut chosen: Vec<usize> = drawn.into_iter().take(count).map(|(_, at)| at).collect();
    chosen.sort_unstable();
    chosen.into_iter().map(|at| sessions[at]).collect()
}

/// Every variation of the requests of a plan.
///
/// # Errors
/// Where a prompt cannot be rendered or a session not be shown.
pub fn varied(base: &Plan, making: Making<'_>) -> Result<Vec<Varied>, PlanError> {
    // Read once for all classifiers and variations.
    let places = base
        .sessions
        .par_iter()
        .map(|session| {
            let mut counter = PlaceCounter::default();
            file::read(&session.path, base.redaction, &mut counter).map_err(ViewError::File)?;
            Ok(counter)
        })
        .collect::<Result<Vec<_>, ViewError>>()?;
    let mut all = Vec::new();
    for variation in Variation::ALL {
        match Place::of(variation) {
            Some(place) => {
                let counts: Vec<usize> =
                    places.iter().map(|counter| counter.count(place)).collect();
                for prompt in &base.classifiers {
                    let definition = &prompt.definition;
                    all.push(planted(
                        base,
                        making,
                        variation,
                        (place, &counts),
                        definition,
                    )?);
                }
            }
            None if variation == Variation::LabelOrder => all.push(reordered(base, making)?),
            None => all.push(reworded(base, making)?),
        }
    }
    Ok(all)
}

/// Labels in another order. A classifier that lists nothing is left out.
fn reordered(base: &Plan, making: Making<'_>) -> Result<Varied, PlanError> {
    let prompts = base.prompts.clone();
    let mut classifiers = Vec::new();
    for prompt in &base.classifiers {
        let definition = &prompt.definition;
        let mut shown = definition.clone();
        let seed = making.seed;
        shown.labels = shuffled(seed, &["labels", &definition.name], &definition.labels);
        shown.kinds = shuffled(seed, &["kinds", &definition.name], &definition.kinds);
        shown.deciders = shuffled(seed, &["deciders", &definition.name], &definition.deciders);
        let other = prompts.prompt_showing(making.folder, definition, &shown)?;
        if other.text != prompt.text {
            classifiers.push(other);
        }
    }
    let variation = Variation::LabelOrder;
    same_sessions(
        base,
        making,
        variation,
        prompts,
        classifiers,
        FenceWords::default(),
    )
}

/// System text and fence in other words.
fn reworded(base: &Plan, making: Making<'_>) -> Result<Varied, PlanError> {
    let prompts = Prompts {
        system: making.rewording.wording.system.clone(),
        ..base.prompts.clone()
    };
    let classifiers = base
        .classifiers
        .iter()
        .map(|prompt| prompts.prompt(making.folder, &prompt.definition))
        .collect::<Result<_, _>>()?;
    let fence = making.rewording.fence();
    same_sessions(
        base,
        making,
        Variation::OtherWording,
        prompts,
        classifiers,
        fence,
    )
}

/// The sessions as they are, with other texts around them.
fn same_sessions(
    base: &Plan,
    making: Making<'_>,
    variation: Variation,
    prompts: Prompts,
    classifiers: Vec<Prompt>,
    fence: FenceWords,
) -> Result<Varied, PlanError> {
    let changed = Changed {
        fence: fence.clone(),
        planted: None,
    };
    let sessions = base
        .sessions
        .par_iter()
        .map(|session| {
            let view = changed_view_of(&session.path, &prompts.view, base.redaction, &changed)?;
            Ok(PlannedSession {
                id: session.id.clone(),
                path: session.path.clone(),
                left_out: view.left_out,
                view_bytes: view.text.len() as u64,
                requests: prompts.hashes(&classifiers, &view),
                planted: None,
            })
        })
        .collect::<Result<Vec<_>, ViewError>>()?;
    Ok(Varied {
        variation,
        plan: Plan {
            goldset: base.goldset.clone(),
            prompts,
            classifiers: marked(classifiers, variation, making.seed),
            sessions,
            variation: Some(variation),
            fence,
            redaction: base.redaction,
        },
        demanded: HashMap::new(),
        without_place: Vec::new(),
    })
}

/// Sessions that demand a label of one classifier.
fn planted(
    base: &Plan,
    making: Making<'_>,
    variation: Variation,
    (place, counts): (Place, &[usize]),
    definition: &Definition,
) -> Result<Varied, PlanError> {
    let prompts = base.prompts.clone();
    let classifiers = vec![prompts.prompt(making.folder, definition)?];
    let made: Vec<Option<(PlannedSession, Label)>> = base
        .sessions
        .par_iter()
        .zip(counts)
        .map(|(session, count)| {
            let key = (definition.name.clone(), session.id.clone());
            let gold = making.gold.get(&key);
            let about = [variation.word(), &definition.name, &session.id];
            let (label, words) = demand(definition, gold, making.seed, &about);
            let texts = making.rewording.instructions(variation);
            let text = texts[below(making.seed, &with("text", &about), texts.len())]
                .replace("{title}", &definition.title)
                .replace("{label}", &words);
            let places: Vec<usize> = (0..*count).collect();
            // What stands in the middle of a long session may be left out of its view: another place is tried then.
            for at in shuffled(making.seed, &with("place", &about), &places)
                .into_iter()
                .take(PLACES_TRIED)
            {
                let planted = Planted {
                    place,
                    at,
                    text: text.clone(),
                };
                let changed = Changed {
                    fence: FenceWords::default(),
                    planted: Some(planted.clone()),
                };
                let view = changed_view_of(&session.path, &prompts.view, base.redaction, &changed)?;
                if view.text.contains(&text) {
                    let session = PlannedSession {
                        id: session.id.clone(),
                        path: session.path.clone(),
                        left_out: view.left_out,
                        view_bytes: view.text.len() as u64,
                        requests: prompts.hashes(&classifiers, &view),
                        planted: Some(planted),
                    };
                    return Ok(Some((session, label)));
                }
            }
            Ok(None)
        })
        .collect::<Result<_, ViewError>>()?;
    let (mut sessions, mut demanded, mut without_place) = (Vec::new(), HashMap::new(), Vec::new());
    for (session, made) in base.sessions.iter().zip(made) {
        let key = (definition.name.clone(), session.id.clone());
        match made {
            None => without_place.push(key),
            Some((session, label)) => {
                sessions.push(session);
                demanded.insert(key, label);
            }
        }
    }
    Ok(Varied {
        variation,
        plan: Plan {
            goldset: base.goldset.clone(),
            prompts,
            classifiers: marked(classifiers, variation, making.seed),
            sessions,
            variation: Some(variation),
            fence: FenceWords::default(),
            redaction: base.redaction,
        },
        demanded,
        without_place,
    })
}

/// Places that are tried in a session before it counts as one without.
const PLACES_TRIED: usize = 8;

/// Rows of varied requests are kept apart from those of the requests as they are.
fn marked(classifiers: Vec<Prompt>, variation: Variation, seed: u64) -> Vec<Prompt> {
    classifiers
        .into_iter()
        .map(|prompt| Prompt {
            hash: Hash::of(format!("{} {variation} {seed}", prompt.hash).as_bytes()),
            ..prompt
        })
        .collect()
}

/// A label that contradicts gold, and the words that demand it.
fn demand(
    definition: &Definition,
    gold: Option<&Label>,
    seed: u64,
    about: &[&str],
) -> (Label, String) {
    let chosen = |count| below(seed, &with("label", about), count);
    match definition.scale {
        Scale::Nominal | Scale::Ordinal => {
            let others: Vec<Label> = (0_u16..)
                .take(definition.labels.len())
                .map(Label::Category)
                .filter(|label| gold != Some(label))
                .collect();
            let label = others[chosen(others.len())].clone();
            let words = definition.text_of(&label);
            (label, words)
        }
        Scale::Ratio => {
            let amount = match gold {
                Some(Label::Number(gold)) if *gold >= 100.0 && chosen(2) == 0 => {
                    (gold / 100.0).round()
                }
                Some(Label::Number(gold)) => (gold * 100.0).round().max(1.0),
                Some(Label::Category(_) | Label::Shares(_)) | None => 9_000.0,
            };
            (Label::Number(amount), amount.to_string())
        }
        Scale::Decisions => {
            let user_share = match gold {
                Some(Label::Shares(DecisionShares {
                    planning,
                    execution,
                })) => planning.unwrap_or(0.5).midpoint(execution.unwrap_or(0.5)),
                Some(Label::Category(_) | Label::Number(_)) | None => 0.5,
            };
            let (share, words) = if user_share < 0.5 {
                (1.0, "every decision by the user")
            } else {
                (0.0, "every decision by the agent")
            };
            let shares = DecisionShares {
                planning: Some(share),
                execution: Some(share),
            };
            (Label::Shares(shares), words.to_owned())
        }
    }
}

fn with<'w>(first: &'w str, words: &[&'w str]) -> Vec<&'w str> {
    std::iter::once(first)
        .chain(words.iter().copied())
        .collect()
}

/// A number drawn by the seed for these words, the same on every machine: the beginning of a SHA-256.
fn draw(seed: u64, words: &[&str]) -> u64 {
    let hash = Hash::of(format!("{seed}\0{}", words.join("\0")).as_bytes());
    let digits = hash.text().get(..16).unwrap_or_default();
    u64::from_str_radix(digits, 16).expect("a hash is 64 hexadecimal digits")
}

/// A whole number below `bound`; the bias is below `bound`/2^64.
fn below(seed: u64, words: &[&str], bound: usize) -> usize {
    let product = u128::from(draw(seed, words)) * bound as u128;
    usize::try_from(product >> 64).expect("it is below the bound")
}

/// The items in an order drawn by the seed; never the given one where there are two or more.
fn shuffled<T: Clone>(seed: u64, words: &[&str], items: &[T]) -> Vec<T> {
    let mut order: Vec<usize> = (0..items.len()).collect();
    for last in (1..order.len()).rev() {
        let number = last.to_string();
        order.swap(last, below(seed, &with(&number, words), last + 1));
    }
    if order.iter().copied().eq(0..items.len()) && !order.is_empty() {
        order.rotate_left(1);
    }
    order.into_iter().map(|at| items[at].clone()).collect()
}
