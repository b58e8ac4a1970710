//! Brings entries under the budget: the middle of the session first, the user's words last.

use super::entry::{Amount, Entry, What};
use super::rules::ViewRules;
use super::{LeftOut, TooLarge};

/// Bytes kept free for the header and the fence.
const MARGIN: usize = 600;

/// What remains of the entries.
pub(super) struct Thinned {
    pub(super) text: String,
    pub(super) left_out: LeftOut,
}

/// How one entry stands in the view.
struct Place {
    amount: Amount,
    prompt: usize,
    bytes: usize,
}

/// Writes the entries within the budget.
pub(super) fn thin(rules: &ViewRules, entries: &[Entry]) -> Result<Thinned, TooLarge> {
    let mut places: Vec<Place> = entries
        .iter()
        .map(|entry| {
            let amount = Amount::Level(0);
            let prompt = rules.prompt[0];
            Place {
                amount,
                prompt,
                bytes: entry.write(rules, amount, prompt).text.len(),
            }
        })
        .collect();
    let mut total: usize = places.iter().map(|place| place.bytes).sum();
    let fits = |total: usize| rules.tokens_of(total + MARGIN) <= rules.tokens;
    let order = middle_first(entries.len());
    let levels = (1..rules.levels.len())
        .map(Amount::Level)
        .chain([Amount::Dropped]);
    'levels: for amount in levels {
        for at in &order {
            if fits(total) {
                break 'levels;
            }
            let (entry, place) = (&entries[*at], &mut places[*at]);
            let is_plan = matches!(entry.what, What::Prompt { .. });
            if entry.is_kept() && !(is_plan && amount != Amount::Dropped) {
                continue;
            }
            let bytes = entry.write(rules, amount, place.prompt).text.len();
            total = total - place.bytes + bytes;
            *place = Place {
                amount,
                prompt: place.prompt,
                bytes,
            };
        }
    }
    'prompts: for prompt in &rules.prompt[1..] {
        for at in &order {
            if fits(total) {
                break 'prompts;
            }
            let place = &mut places[*at];
            if !entries[*at].is_kept() {
                continue;
            }
            let bytes = entries[*at].write(rules, place.amount, *prompt).text.len();
            total = total - place.bytes + bytes;
            *place = Place {
                amount: place.amount,
                prompt: *prompt,
                bytes,
            };
        }
    }
    if !fits(total) {
        let prompts = entries
            .iter()
            .filter(|entry| matches!(entry.what, What::Prompt { .. }))
            .count();
        return Err(TooLarge {
            prompts: prompts as u64,
            needed: rules.tokens_of(total + MARGIN),
            budget: rules.tokens,
        });
    }
    Ok(write(rules, entries, &places))
}

/// Positions by their distance from the middle, the nearest first; of two equally near the earlier one.
fn middle_first(n: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by_key(|at| (2 * at + 1).abs_diff(n));
    order
}

fn write(rules: &ViewRules, entries: &[Entry], places: &[Place]) -> Thinned {
    let mut text = String::new();
    let mut left_out = LeftOut {
        entries: entries.len() as u64,
        ..LeftOut::default()
    };
    let mut dropped_here = 0_u64;
    for (entry, place) in entries.iter().zip(places) {
        if place.amount == Amount::Dropped {
            dropped_here += 1;
            left_out.dropped += 1;
            continue;
        }
        mark_dropped(&mut text, &mut dropped_here);
        let written = entry.write(rules, place.amount, place.prompt);
        if written.left_out > 0 {
            left_out.shortened += 1;
            left_out.prompts_shortened += u64::from(matches!(
                &entry.what,
                What::Prompt { kind, .. } if *kind != crate::domain::event::PromptKind::ApprovedPlan
            ));
        }
        text.push_str(&written.text);
    }
    mark_dropped(&mut text, &mut dropped_here);
    Thinned { text, left_out }
}

fn mark_dropped(text: &mut String, dropped: &mut u64) {
    match std::mem::take(dropped) {
        0 => {}
        1 => text.push_str("[… one entry of the agent left out]\n"),
        several => text.push_str(&format!("[… {several} entries of the agent left out]\n")),
    }
}
