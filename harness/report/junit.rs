//! The gate's verdicts as JUnit XML, which CI systems show: a suite per classifier, a case per judgement.
//!
//! A failed judgement is a `failure`; one that is open is an `error` of type `inconclusive`, because JUnit has no word for it and
//! a skipped case would look like a good one.

use std::fmt::Write as _;

use crate::gate::judged::Judged;
use crate::gate::robustness::{Flips, Robustness};
use crate::gate::verdict::Part;
use crate::stats::verdict::Verdict;

use super::escape;
use super::gate::GateBasis;
use super::gate_words::{next_steps, reason, sentence, statistic};
use super::robustness;

/// The document.
#[must_use]
pub fn render(basis: &GateBasis, judged: &[Judged], robustness: &[Robustness]) -> String {
    let judged = judged
        .iter()
        .map(|one| (one.classifier.clone(), cases(basis, one)));
    let robustness = robustness.iter().map(|one| {
        let name = format!("{}, robustness", one.classifier);
        let cases = one
            .by_variation
            .iter()
            .filter(|flips| flips.is_judged())
            .map(|flips| variation(one, flips));
        (name, cases.collect())
    });
    let suites: Vec<(String, Vec<Case>)> = judged.chain(robustness).collect();
    let all = || suites.iter().flat_map(|(_, cases)| cases);
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let _ = writeln!(
        text,
        "<testsuites name=\"validate gate\" tests=\"{}\" failures=\"{}\" errors=\"{}\">",
        all().count(),
        count(all(), Verdict::Fail),
        count(all(), Verdict::Inconclusive),
    );
    for (name, cases) in &suites {
        let _ = writeln!(
            text,
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\">",
            escape::xml(name),
            cases.len(),
            count(cases.iter(), Verdict::Fail),
            count(cases.iter(), Verdict::Inconclusive),
        );
        for case in cases {
            text.push_str(&case.render(name));
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

struct Case {
    name: String,
    verdict: Verdict,
    message: String,
    more: String,
}

fn variation(one: &Robustness, flips: &Flips) -> Case {
    Case {
        name: format!(
            "answers stand under {}",
            flips
                .variation
                .map_or("all variations", |variation| variation.word())
        ),
        verdict: flips.verdict,
        message: robustness::figures(flips),
        more: robustness::reason_of(flips, one.ceiling),
    }
}

fn count<'c>(cases: impl Iterator<Item = &'c Case>, verdict: Verdict) -> usize {
    cases.filter(|case| case.verdict == verdict).count()
}

fn cases(basis: &GateBasis, one: &Judged) -> Vec<Case> {
    let steps = next_steps(one, &basis.renew_one(&one.classifier)).join("\n");
    let hindered = one.hindrance.as_ref().map(|_| Case {
        name: "compared with the baseline".to_owned(),
        verdict: Verdict::Inconclusive,
        message: if one.verdict() == Verdict::Fail {
            "not compared with the baseline".to_owned()
        } else {
            reason(one)
        },
        more: steps.clone(),
    });
    let changes: Vec<String> = one
        .changes
        .iter()
        .map(|change| {
            format!(
                "{}: {} -> {} (gold {}): {}",
                change.session_id,
                change.old,
                change.new,
                change.gold.as_deref().unwrap_or("none"),
                change.effect.word()
            )
        })
        .collect();
    hindered
        .into_iter()
        .chain(one.parts.iter().map(|part| {
            let verdict = part.verdict();
            let mut more = String::new();
            if verdict == Verdict::Inconclusive {
                more.push_str(&steps);
            }
            if matches!(part, Part::Change { .. }) && verdict != Verdict::Pass {
                if !more.is_empty() {
                    more.push('\n');
                }
                more.push_str(&changes.join("\n"));
            }
            Case {
                name: name(one, part),
                verdict,
                message: sentence(one, part),
                more,
            }
        }))
        .collect()
}

fn name(one: &Judged, part: &Part) -> String {
    let of = |measure: &Option<&str>| {
        measure.map_or_else(String::new, |measure| {
            format!(" of {}", measure.replace('_', " "))
        })
    };
    let statistic = statistic(one.rule.statistic.name());
    match part {
        Part::Unchanged => "unchanged".to_owned(),
        Part::Change { measure, .. } => format!("{statistic}{} is not worse", of(measure)),
        Part::Recall { label, .. } => format!("recall of {label} is not worse"),
        Part::Floor { measure, .. } => format!("{statistic}{} reaches its floor", of(measure)),
        Part::ParseRate { .. } => "answers have labels".to_owned(),
        Part::Check { name, .. } => format!("check {name} does not fail"),
    }
}

impl Case {
    fn render(&self, suite: &str) -> String {
        let opening = format!(
            "    <testcase classname=\"{}\" name=\"{}\"",
            escape::xml(suite),
            escape::xml(&self.name)
        );
        let problem = |element: &str, kind: &str| {
            format!(
                "{opening}>\n      <{element} type=\"{kind}\" message=\"{}\">{}</{element}>\n    </testcase>\n",
                escape::xml(&self.message),
                escape::xml(&self.more)
            )
        };
        match self.verdict {
            Verdict::Pass => format!("{opening}/>\n"),
            Verdict::Fail => problem("failure", "fail"),
            Verdict::Inconclusive => problem("error", "inconclusive"),
        }
    }
}
