//! Makes the candidate the baseline, and says what changed by it.

use crate::exit::Exit;
use crate::gate::judged::Hindrance;
use crate::gate::verdict::Part;
use crate::report::gate_words::{reason, statistic, verdict};
use crate::report::number::{coefficient_3, counted};
use crate::stats::verdict::Verdict;

use super::super::output;
use super::{Found, Work};

/// Writes a file for each classifier that is answered in full; exit 3 where one is not.
///
/// # Errors
/// Where a file cannot be written. Files are whole: the old one or the new one.
pub(super) fn write(work: &Work<'_>, found: &[Found]) -> anyhow::Result<Exit> {
    let mut is_complete = true;
    for (one, definition) in found.iter().zip(&work.definitions) {
        let name = &definition.name;
        // What the old baseline lacks is no reason to keep it.
        let is_incomplete = match &one.judged.hindrance {
            Some(Hindrance::Missing { of, .. }) => *of == one.proposed.candidate,
            Some(Hindrance::NoGold) => true,
            Some(Hindrance::NoBaseline { .. } | Hindrance::Stale { .. }) | None => false,
        };
        if is_incomplete {
            output::note(&format!(
                "{name}: not accepted, the baseline stays as it was"
            ));
            is_complete = false;
            continue;
        }
        let place = work
            .baseline
            .file(name)
            .unwrap_or_else(|| crate::gate::baseline::place(&work.goldset.name, name));
        let text = one.proposed.text(definition);
        let is_same = std::fs::read_to_string(&place).is_ok_and(|there| there == text);
        if is_same {
            output::note(&format!("{name}: `{}` is as it was", place.display()));
            continue;
        }
        output::file(&place, &text)?;
        if one.judged.verdict() == Verdict::Fail {
            output::note(&format!(
                "WARNING: {name}: THIS CANDIDATE FAILS THE GATE AND WAS APPROVED ALL THE SAME: {}",
                reason(&one.judged)
            ));
        }
        output::note(&format!(
            "{name}: wrote `{}`: {}",
            place.display(),
            changed(one)
        ));
    }
    Ok(if is_complete {
        Exit::Done
    } else {
        Exit::Undecided
    })
}

fn changed(one: &Found) -> String {
    let Some(previous) = &one.previous else {
        return format!(
            "the first baseline, {} of `{}`",
            counted(one.proposed.sessions.len() as u64, "session"),
            one.proposed.candidate
        );
    };
    let now = &one.proposed.sessions;
    let labels = now
        .iter()
        .filter(|session| {
            previous
                .of(&session.session_id)
                .is_some_and(|before| before.outcome != session.outcome)
        })
        .count();
    let gold = now
        .iter()
        .filter(|session| {
            previous
                .of(&session.session_id)
                .is_some_and(|before| before.gold != session.gold)
        })
        .count();
    let gained = now
        .iter()
        .filter(|session| previous.of(&session.session_id).is_none())
        .count();
    let lost = previous
        .sessions
        .iter()
        .filter(|session| one.proposed.of(&session.session_id).is_none())
        .count();
    let mut told = vec![counted(labels as u64, "label") + " changed"];
    for (count, what) in [
        (gold, "gold label"),
        (gained, "further session"),
        (lost, "session less"),
    ] {
        if count > 0 {
            told.push(match what {
                "session less" if count > 1 => format!("{count} sessions less"),
                _ => counted(count as u64, what),
            });
        }
    }
    if previous.prompt != one.proposed.prompt {
        told.push("another prompt".to_owned());
    }
    if previous.candidate != one.proposed.candidate {
        told.push(format!(
            "`{}` in the place of `{}`",
            one.proposed.candidate, previous.candidate
        ));
    }
    for part in &one.judged.parts {
        if let Part::Change {
            old: Ok(old),
            new: Ok(new),
            ..
        } = part
        {
            told.push(format!(
                "{} {} before, {} now",
                statistic(one.judged.rule.statistic.name()),
                coefficient_3(*old),
                coefficient_3(*new)
            ));
        }
    }
    format!(
        "{}; its verdict was: {}",
        told.join(", "),
        verdict(one.judged.verdict())
    )
}
