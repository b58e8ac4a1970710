//! Answers of models for the main job: requests rendered anew, answers found by their hash or asked for, rows in the store.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use crate::classifier::definition::Definition;
use crate::cli::Asking;
use crate::domain::bill::Bill;
use crate::domain::money::Money;
use crate::domain::rating::Outcome;
use crate::goldset::load::Goldset;
use crate::goldset::sessions::Session;
use crate::ingest::redaction::standard_redaction;
use crate::report::basis::Replayed;
use crate::report::validation_json::Spent;
use crate::run::asked::{Asked, Asker, RunError, read};
use crate::run::bill::bill;
use crate::run::estimate::Estimate;
use crate::run::live::Ended;
use crate::run::plan::{Plan, PlanError};
use crate::run::raters::Spec;
use crate::run::recorded::recorded;
use crate::store::Store;
use crate::validation::reliability::{Reliability, reliability};

use super::asking::{AskingError, Model, recording_name, store_at};
use super::output;
use super::validate::PROMPTS;

/// Where the store is, unless the command line says otherwise.
pub(super) const STORE: &str = ".validate/store.db";

/// Why there are no answers.
#[derive(Debug, thiserror::Error)]
pub(super) enum AnswersError {
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Asking(#[from] AskingError),
    #[error(
        "`--batch` has nobody to ask: no provider's model is named\n\nhint: name one with `--model anthropic:NAME` or `--model openai:NAME`, or leave `--batch` out"
    )]
    BatchOfNobody,
}

/// Answers of models, by spec.
#[derive(Default)]
pub(super) struct Answers {
    pub(super) asked: HashMap<String, Asked>,
    /// Every repeat of a spec, where there are several.
    repeats: HashMap<String, Vec<Asked>>,
    bills: HashMap<String, BTreeMap<String, Bill>>,
    ended: Vec<(String, Ended)>,
    /// What this run has spent so far, on all models.
    spent: Money,
    hashes: BTreeMap<String, String>,
    thinned: usize,
}

/// What is needed to render requests.
pub(super) struct Wanted<'w> {
    pub(super) goldset: &'w Goldset,
    pub(super) definitions: &'w [Definition],
    pub(super) sessions: &'w [&'w Session],
    /// Where transcripts lie, if not with the goldset.
    pub(super) transcripts: Option<&'w Path>,
    pub(super) store: Option<&'w Path>,
    pub(super) asking: &'w Asking,
    pub(super) verbose: bool,
}

impl Wanted<'_> {
    fn plan(&self) -> Result<Plan, PlanError> {
        Plan::make(
            Path::new(PROMPTS),
            self.goldset,
            self.definitions,
            self.sessions,
            self.transcripts,
            standard_redaction(),
        )
    }

    fn open(&self) -> Result<Store, RunError> {
        Ok(Store::open(&store_at(self.store))?)
    }

    /// Refuses batches where no provider is asked: whoever wants half the price has forgotten the model.
    fn refuse_batch_of_nobody(&self, specs: &[&Spec]) -> Result<(), AnswersError> {
        let asks = specs.iter().any(|spec| matches!(spec, Spec::Model(_)));
        if self.asking.batch && !asks {
            return Err(AnswersError::BatchOfNobody);
        }
        Ok(())
    }
}

fn is_model(spec: &Spec) -> bool {
    match spec {
        Spec::Recorded(_) | Spec::Model(_) => true,
        Spec::Rater(_) | Spec::Majority | Spec::Rules => false,
    }
}

/// What asking each provider's model among `specs` would take. Nothing is sent, and no store is made.
pub(super) fn estimates(
    wanted: &Wanted<'_>,
    specs: &[&Spec],
) -> Result<Vec<(String, Estimate)>, AnswersError> {
    wanted.refuse_batch_of_nobody(specs)?;
    let plan = wanted.plan()?;
    let store = if store_at(wanted.store).exists() {
        wanted.open()?
    } else {
        Store::in_memory().map_err(RunError::from)?
    };
    specs
        .iter()
        .filter_map(|spec| match spec {
            Spec::Model(spec) => Some(spec),
            Spec::Recorded(_) | Spec::Rater(_) | Spec::Majority | Spec::Rules => None,
        })
        .map(|spec| {
            let model = Model::new(spec, wanted.asking)?;
            Ok((spec.clone(), model.estimate(&plan, &store, wanted.asking)?))
        })
        .collect()
}

/// The answers of every model among `specs`: recorded ones replayed, a provider's asked for where the store lacks them.
/// Nothing is read where there is none.
pub(super) fn answers(wanted: &Wanted<'_>, specs: &[&Spec]) -> Result<Answers, AnswersError> {
    wanted.refuse_batch_of_nobody(specs)?;
    let mut models: Vec<&Spec> = specs
        .iter()
        .copied()
        .filter(|spec| is_model(spec))
        .collect();
    models.dedup();
    if models.is_empty() {
        return Ok(Answers::default());
    }
    let plan = Arc::new(wanted.plan()?);
    let mut store = wanted.open()?;
    let mut answers = Answers::of_plan(&plan);
    for spec in models {
        store = match spec {
            Spec::Model(text) => answers.live(wanted, &plan, store, text)?,
            Spec::Recorded(name) => answers.replay(wanted, &plan, store, name)?,
            Spec::Rater(_) | Spec::Majority | Spec::Rules => store,
        };
    }
    Ok(answers)
}

/// The answers of one model to the requests of one plan, after so much was spent: one cap holds for all of a run.
pub(super) fn answers_to(
    wanted: &Wanted<'_>,
    plan: &Arc<Plan>,
    spec: &Spec,
    spent: Money,
) -> Result<Answers, AnswersError> {
    let mut answers = Answers {
        spent,
        ..Answers::default()
    };
    let store = wanted.open()?;
    match spec {
        Spec::Model(text) => answers.live(wanted, plan, store, text)?,
        Spec::Recorded(name) => answers.replay(wanted, plan, store, name)?,
        Spec::Rater(_) | Spec::Majority | Spec::Rules => store,
    };
    Ok(answers)
}

/// Recorded answers of every model among `specs`, by way of a store in memory: nothing is asked, and no file is touched
/// but the goldset's. The store is handed on, for what answers say beside their label.
pub(super) fn replayed(
    plan: &Plan,
    goldset: &Goldset,
    specs: &[&Spec],
) -> Result<(Answers, Store), AnswersError> {
    let mut store = Store::in_memory().map_err(RunError::from)?;
    let mut answers = Answers::of_plan(plan);
    for spec in specs {
        if let Spec::Recorded(name) = spec {
            let asked = recorded(plan, goldset, &mut store, name, 0)?;
            answers.keep(spec.text(), vec![asked]);
        }
    }
    Ok((answers, store))
}

impl Answers {
    /// What was spent until these answers were there.
    pub(super) fn spent_so_far(&self) -> Money {
        self.spent
    }

    fn of_plan(plan: &Plan) -> Self {
        Self {
            hashes: plan
                .classifiers
                .iter()
                .map(|prompt| {
                    (
                        prompt.definition.name.clone(),
                        prompt.hash.text().to_owned(),
                    )
                })
                .collect(),
            thinned: plan.thinned(),
            ..Self::default()
        }
    }

    fn replay(
        &mut self,
        wanted: &Wanted<'_>,
        plan: &Plan,
        mut store: Store,
        name: &str,
    ) -> Result<Store, AnswersError> {
        let repeats = (0..wanted.asking.repeat)
            .map(|repeat| recorded(plan, wanted.goldset, &mut store, name, repeat))
            .collect::<Result<Vec<_>, _>>()?;
        self.keep(Spec::Recorded(name.to_owned()).text(), repeats);
        Ok(store)
    }

    fn live(
        &mut self,
        wanted: &Wanted<'_>,
        plan: &Arc<Plan>,
        store: Store,
        spec: &str,
    ) -> Result<Store, AnswersError> {
        let model = Model::new(spec, wanted.asking)?;
        let before = from_store(plan, &store, spec)?;
        let (mut store, ended) = if wanted.asking.offline {
            (store, Ended::Complete)
        } else {
            let repeats = wanted.asking.repeat;
            let charged = model.charged(plan, &store, repeats)?;
            let (store, ended) =
                model.ask(plan, store, wanted.asking, self.spent, wanted.verbose)?;
            // One cap holds for all models of a run.
            self.spent += model
                .charged(plan, &store, repeats)?
                .saturating_sub(charged);
            (store, ended)
        };
        self.ended.push((spec.to_owned(), ended));
        let mut repeats = Vec::new();
        let mut bills: BTreeMap<String, Bill> = BTreeMap::new();
        for repeat in 0..wanted.asking.repeat {
            let asker = Asker { spec, repeat };
            let mut asked = Asked::default();
            if repeat == 0 {
                asked.from_store.clone_from(&before);
            }
            repeats.push(read(plan, &mut store, asker, asked, |_| true)?);
            let of_repeat =
                bill(plan, &store, asker, model.prices(), model.name()).map_err(RunError::from)?;
            for (classifier, bill) in of_repeat {
                bills.entry(classifier).or_default().add(&bill);
            }
        }
        if wanted.asking.record {
            let files = model.record(plan, wanted.goldset, &store, wanted.asking.repeat)?;
            output::note(&format!(
                "recorded as `recorded:{}` in {} files below `{}`",
                recording_name(model.name()),
                files.len(),
                wanted.goldset.folder.join("recordings").display()
            ));
        }
        self.bills.insert(spec.to_owned(), bills);
        self.keep(spec.to_owned(), repeats);
        Ok(store)
    }

    fn keep(&mut self, spec: String, mut repeats: Vec<Asked>) {
        if repeats.len() == 1 {
            self.asked.extend(repeats.pop().map(|asked| (spec, asked)));
        } else if let Some((first, later)) = repeats.split_first() {
            let mut told = first.clone();
            for later in later {
                // Missing answers of later repeats are missing answers of the run.
                told.missing.extend(later.missing.iter().cloned());
                for (classifier, usage) in &later.usage {
                    told.usage
                        .entry(classifier.clone())
                        .or_default()
                        .add(*usage);
                }
            }
            self.asked.insert(spec.clone(), told);
            self.repeats.insert(spec, repeats);
        }
    }

    /// How far repeated answers of a spec agree about a classifier; `None` where each request was answered once.
    pub(super) fn reliability(
        &self,
        spec: &Spec,
        classifier: &str,
        sessions: &[&str],
    ) -> Option<Reliability> {
        let repeats: Vec<Vec<Outcome>> = self
            .repeats
            .get(&spec.text())?
            .iter()
            .map(|asked| {
                sessions
                    .iter()
                    .map(|session| {
                        let key = (classifier.to_owned(), (*session).to_owned());
                        asked
                            .outcomes
                            .get(&key)
                            .cloned()
                            .unwrap_or(Outcome::Missing)
                    })
                    .collect()
            })
            .collect();
        reliability(sessions, &repeats)
    }

    /// What the page says of the answers.
    pub(super) fn told(&self, specs: &[&Spec]) -> Vec<Replayed> {
        specs
            .iter()
            .filter_map(|spec| {
                self.asked
                    .get(&spec.text())
                    .map(|asked| (spec.text(), asked))
            })
            .map(|(spec, asked)| Replayed {
                bill: self.bills.get(&spec).map(|bills| {
                    let mut sum = Bill::default();
                    for bill in bills.values() {
                        sum.add(bill);
                    }
                    sum
                }),
                spec,
                provenance: asked.provenance.clone(),
                missing: asked.missing.len(),
                folded: asked.folded,
                from_prose: asked.from_prose,
                thinned: self.thinned,
            })
            .collect()
    }

    /// What the answers of one spec cost, by classifier.
    pub(super) fn spent(&self, spec: &Spec) -> BTreeMap<String, Spent> {
        let Some(asked) = self.asked.get(&spec.text()) else {
            return BTreeMap::new();
        };
        let bills = self.bills.get(&spec.text());
        self.hashes
            .iter()
            .map(|(classifier, hash)| {
                let spent = Spent {
                    prompt_hash: hash.clone(),
                    usage: asked.usage.get(classifier).copied().unwrap_or_default(),
                    from_store: asked.from_store.get(classifier).copied().unwrap_or(0),
                    bill: bills.and_then(|bills| bills.get(classifier)).copied(),
                };
                (classifier.clone(), spent)
            })
            .collect()
    }

    /// Whether the user interrupted.
    pub(super) fn was_interrupted(&self) -> bool {
        self.ended
            .iter()
            .any(|(_, ended)| *ended == Ended::Interrupted)
    }

    /// Recorded answers that are missing and how to get them, or `None` where everything was answered.
    pub(super) fn missing_recordings(&self, goldset: &Goldset) -> Option<String> {
        let mut specs: Vec<(&String, &Asked)> = self
            .asked
            .iter()
            .filter(|(_, asked)| !asked.missing.is_empty())
            .collect();
        specs.sort_by_key(|(spec, _)| (*spec).clone());
        let messages: Vec<String> = specs
            .iter()
            .map(|(spec, asked)| missing_of(goldset, spec, asked, None))
            .collect();
        (!messages.is_empty()).then(|| messages.join("\n\n"))
    }

    /// Why a provider's model did not answer, and what to do about it; `None` for others.
    pub(super) fn why_live(&self, spec: &Spec, asking: &Asking) -> Option<String> {
        let name = spec.text();
        let (_, ended) = self.ended.iter().find(|(asked, _)| *asked == name)?;
        Some(why_live(ended, asking))
    }

    /// What is missing, why, and how to get it, or `None` where everything was answered.
    pub(super) fn missing(&self, goldset: &Goldset, asking: &Asking) -> Option<String> {
        let mut specs: Vec<(&String, &Asked)> = self
            .asked
            .iter()
            .filter(|(_, asked)| !asked.missing.is_empty())
            .collect();
        specs.sort_by_key(|(spec, _)| (*spec).clone());
        let mut message: Vec<String> = specs
            .iter()
            .map(|(spec, asked)| {
                let ended = self.ended.iter().find(|(name, _)| name == *spec);
                let why = ended.map(|(_, ended)| why_live(ended, asking));
                missing_of(goldset, spec, asked, why)
            })
            .collect();
        // Repairs and requests that were to be asked again are no missing answers, but the run is not complete without them.
        for (spec, ended) in &self.ended {
            let has_all = self
                .asked
                .get(spec)
                .is_some_and(|asked| asked.missing.is_empty());
            if has_all && *ended != Ended::Complete {
                message.push(format!("`{spec}`: {}", why_live(ended, asking)));
            }
        }
        (!message.is_empty()).then(|| message.join("\n\n"))
    }
}

/// Answers that the store has before anyone is asked, by classifier.
fn from_store(plan: &Plan, store: &Store, spec: &str) -> Result<HashMap<String, u64>, RunError> {
    let names = plan.names();
    let mut counts = HashMap::new();
    let mut all = plan.requests();
    store.answered(
        spec,
        0,
        plan.requests().map(|planned| planned.request),
        |_, stop| {
            if let (Some(planned), Some(_)) = (all.next(), stop) {
                *counts
                    .entry(names[planned.classifier].to_owned())
                    .or_default() += 1;
            }
        },
    )?;
    Ok(counts)
}

/// Sessions that a message names for each classifier.
const SESSIONS_NAMED: usize = 5;

fn missing_of(goldset: &Goldset, spec: &str, asked: &Asked, why_live: Option<String>) -> String {
    let mut by_classifier: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for missing in &asked.missing {
        by_classifier
            .entry(&missing.classifier)
            .or_default()
            .push(&missing.session_id);
    }
    let mut lines = vec![format!(
        "{} requests have no answer of `{spec}`",
        asked.missing.len()
    )];
    for (classifier, sessions) in &by_classifier {
        let named = sessions
            .iter()
            .take(SESSIONS_NAMED)
            .copied()
            .collect::<Vec<_>>()
            .join(", ");
        let more = sessions.len().saturating_sub(SESSIONS_NAMED);
        let more = if more > 0 {
            format!(", {more} more")
        } else {
            String::new()
        };
        let stale = asked
            .stale
            .iter()
            .find(|(name, _)| name == classifier)
            .map_or(0, |(_, stale)| *stale);
        let why = if stale > 0 {
            format!("; {stale} recordings answer another prompt or view, which changed since")
        } else {
            String::new()
        };
        lines.push(format!(
            "  {classifier}: {} ({named}{more}){why}",
            sessions.len()
        ));
    }
    let names: Vec<&str> = by_classifier.keys().copied().collect();
    lines.push(format!(
        "\n{}",
        why_live.unwrap_or_else(|| how_recorded(goldset, spec, &names))
    ));
    lines.join("\n")
}

fn how_recorded(goldset: &Goldset, spec: &str, names: &[&str]) -> String {
    let [export, import] = recording_commands(goldset, spec, names, ["", ""]);
    format!("hint: have them answered and keep the answers:\n  {export}\n  {import}")
}

/// The two commands that get recorded answers which are missing: what is asked goes out, what is answered comes in. `more`
/// options stand in front of the goldset's folder.
pub(super) fn recording_commands(
    goldset: &Goldset,
    spec: &str,
    names: &[&str],
    more: [&str; 2],
) -> [String; 2] {
    let model = spec.trim_start_matches("recorded:");
    let folder = goldset.folder.display();
    let names = names.join(",");
    let [exporting, importing] = more;
    [
        format!(
            "validate requests export {exporting}--goldset {folder} --classifier {names} --missing {model} --out requests.jsonl"
        ),
        format!(
            "validate requests import answers.jsonl {importing}--goldset {folder} --model {model} --when YYYY-MM-DD"
        ),
    ]
}

/// Why a provider's answers are missing. Whatever the reason, the same command goes on where this run stopped.
fn why_live(ended: &Ended, asking: &Asking) -> String {
    const AGAIN: &str =
        "every answer that came is kept: the same command goes on with what is missing";
    match ended {
        _ if asking.offline => {
            "hint: nobody was asked; leave `--offline` out to ask for them".to_owned()
        }
        Ended::Complete => format!(
            "hint: those requests got no answer however often they were sent (`--verbose` says why); {AGAIN}"
        ),
        Ended::Budget => {
            format!("what may be spent (`--max-cost`) is used up\n\nhint: raise it; {AGAIN}")
        }
        Ended::Stopped(why) => format!("{why}\n\nhint: {AGAIN}"),
        Ended::UnderWay { batches, requests } => format!(
            "{requests} requests are under way in {batches} batches\n\nhint: the same command with `--batch` and without `--no-wait` waits for them and collects the answers"
        ),
        Ended::Interrupted => format!("interrupted\n\nhint: {AGAIN}"),
    }
}
