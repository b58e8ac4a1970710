//! What classifiers say of each other: labels of another one in checks and derived measures.

use std::collections::BTreeSet;

use super::check::Condition;
use super::check_table::misfit;
use super::definition::Definition;

/// Problems of one definition among all of them: names that nothing bears.
pub(super) fn problems(definition: &Definition, all: &[Definition]) -> Vec<String> {
    let mut problems = Vec::new();
    for check in &definition.checks {
        let place = definition.place_of_check(&check.name);
        if let Some(selector) = check.claim.selector()
            && let Some(name) = &selector.classifier
        {
            match all.iter().find(|other| other.name == *name) {
                None => problems.push(format!(
                    "{place} names the classifier `{name}`, which does not exist"
                )),
                Some(other) => {
                    if let Some(problem) = misfit(&selector.condition, other.scale) {
                        problems.push(format!("{place} {problem}"));
                    } else if let Condition::Labels(labels) = &selector.condition {
                        problems.extend(unknown(labels, other, &place));
                    }
                }
            }
        }
        if let Some(name) = check.claim.derived()
            && !all
                .iter()
                .any(|other| other.derived.iter().any(|derived| derived.name == name))
        {
            problems.push(format!(
                "{place} looks at the derived measure `{name}`, which no classifier declares"
            ));
        }
    }
    let mut seen = BTreeSet::new();
    for derived in &definition.derived {
        let place = format!("the derived measure `{}`", derived.name);
        let is_elsewhere = all.iter().any(|other| {
            other.name != definition.name
                && other.derived.iter().any(|one| one.name == derived.name)
        });
        if !seen.insert(&derived.name) || is_elsewhere {
            problems.push(format!("{place} is declared twice"));
        }
        if derived.all.is_empty() {
            problems.push(format!("{place} has no condition: give `all`"));
        }
        for condition in derived.all.iter().chain(&derived.among) {
            match all.iter().find(|other| other.name == condition.classifier) {
                None => problems.push(format!(
                    "{place} names the classifier `{}`, which does not exist",
                    condition.classifier
                )),
                Some(other) => problems.extend(unknown(&condition.labels, other, &place)),
            }
        }
        for condition in derived.measured.iter().chain(&derived.counterpart) {
            if condition.at_least.is_none() && condition.at_most.is_none() {
                problems.push(format!(
                    "{place} has a measure without `at_least` or `at_most`"
                ));
            }
        }
        if let Some(by) = &derived.by
            && !all
                .iter()
                .any(|other| other.name == *by && !other.labels.is_empty())
        {
            problems.push(format!(
                "{place} is told apart by `{by}`, which is no classifier with labels"
            ));
        }
    }
    problems
}

fn unknown(labels: &[String], other: &Definition, place: &str) -> Vec<String> {
    labels
        .iter()
        .filter(|label| !other.labels.iter().any(|declared| declared.name == **label))
        .map(|label| {
            format!(
                "{place} names the label `{label}`, which `{}` does not declare",
                other.name
            )
        })
        .collect()
}
