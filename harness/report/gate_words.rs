//! What the gate found, in sentences.

use crate::gate::judged::{Hindrance, Judged, Remark, Remedy};
use crate::gate::verdict::{ALPHA, Part, is_without_width};
use crate::stats::noninferiority::{Finding, Method, Shortage};
use crate::stats::verdict::Verdict;
use crate::validation::checks::CheckVerdict;

use super::number::{NONE, coefficient, coefficient_3, counted, percent, percent_interval};

/// The word that stands in output and in files.
#[must_use]
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Inconclusive => "inconclusive",
    }
}

/// What people call a statistic.
#[must_use]
pub fn statistic(name: &str) -> &str {
    match name {
        "cohen_kappa" => "kappa",
        "cohen_kappa_linear" => "linearly weighted kappa",
        "cohen_kappa_quadratic" => "weighted kappa",
        "percent_agreement" => "agreement",
        "pearson" => "Pearson's correlation",
        "spearman" => "Spearman's correlation",
        "icc_2_1" => "ICC(2,1)",
        "lin_ccc" => "Lin's concordance",
        other => other,
    }
}

/// Text from outside as code, in which no format reads mentions, links or markup; its own code marks would end it.
#[must_use]
pub fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}

/// The verdict's reason in one sentence.
#[must_use]
pub fn reason(judged: &Judged) -> String {
    let verdict = judged.verdict();
    if let (Verdict::Inconclusive, Some(hindrance)) = (verdict, &judged.hindrance) {
        return hindered(judged, hindrance);
    }
    judged
        .parts
        .iter()
        .find(|part| part.verdict() == verdict)
        .map_or_else(
            || "nothing was asked".to_owned(),
            |part| sentence(judged, part),
        )
}

/// One part in a sentence without its verdict.
#[must_use]
pub fn sentence(judged: &Judged, part: &Part) -> String {
    match part {
        Part::Unchanged => "the candidate is the baseline: the same prompt, and the same answer about every session".to_owned(),
        Part::Change {
            measure,
            old,
            new,
            finding,
        } => {
            let value = |value: &Result<f64, _>| {
                value
                    .as_ref()
                    .map_or_else(|_| NONE.to_owned(), |value| coefficient_3(*value))
            };
            format!(
                "{} against `{}` is {}, the baseline's {}: {}",
                measured(judged, *measure),
                judged.compared.against,
                value(new),
                value(old),
                loss(finding, judged.rule.margin),
            )
        }
        Part::Recall { label, finding } => format!(
            "recall of `{label}` on {}: {}",
            counted(finding.n, "session"),
            loss(finding, judged.rule.recall_margin)
        ),
        Part::Floor {
            measure,
            floor,
            value,
            interval,
        } => {
            let limits = interval.map_or_else(String::new, |limits| {
                format!(" [{}, {}]", coefficient(limits.low), coefficient(limits.high))
            });
            let open = match (value, interval) {
                (Ok(value), Some(limits)) if value < floor && is_without_width(limits) => {
                    "; no user differs from the others, and an interval without width says nothing"
                }
                _ => "",
            };
            match value {
                Ok(value) => format!(
                    "{} against `{}` is {}{limits}, the floor is {}{open}",
                    measured(judged, *measure),
                    judged.compared.against,
                    coefficient_3(*value),
                    coefficient(*floor)
                ),
                Err(why) => format!(
                    "{} against `{}` has no value ({})",
                    measured(judged, *measure),
                    judged.compared.against,
                    why.code().replace('_', " ")
                ),
            }
        }
        Part::ParseRate { asked, rate } => format!(
            "{} of {} sessions ended in a label ({} {}), {} asked",
            rate.holding,
            rate.n,
            rate.share().map_or_else(|| NONE.to_owned(), percent),
            percent_interval(rate.interval),
            percent(*asked)
        ),
        Part::Check { name, claim, ended } => {
            let how = match ended {
                CheckVerdict::TooFew => "has too few sessions to fail",
                other => other.word(),
            };
            format!("the check `{name}` {how}: {claim}")
        }
    }
}

fn measured(judged: &Judged, measure: Option<&str>) -> String {
    let name = statistic(judged.rule.statistic.name());
    match measure {
        Some(measure) => format!("{name} of the {}", measure.replace('_', " ")),
        None => name.to_owned(),
    }
}

/// What was lost, and how that stands to the margin.
fn loss(finding: &Finding, margin: f64) -> String {
    let difference = finding.difference.map_or_else(|_| NONE.to_owned(), signed);
    let bounds = match finding.bounds {
        Ok(bounds) => bounds,
        Err(why) => {
            return format!(
                "difference {difference}, without bounds ({})",
                why.code().replace('_', " ")
            );
        }
    };
    let at_most = |bound: f64| coefficient((-bound).clamp(0.0, 1.0));
    let margin = coefficient(margin);
    let what = match finding.verdict {
        Verdict::Pass if bounds.low > 0.0 => "it is better".to_owned(),
        Verdict::Pass => format!(
            "at worst it lost {}, less than the margin of {margin}",
            at_most(bounds.low)
        ),
        Verdict::Fail => format!(
            "at best it lost {}, more than the margin of {margin}",
            at_most(bounds.high)
        ),
        Verdict::Inconclusive => format!(
            "it may have lost {}, and the margin is {margin}",
            at_most(bounds.low)
        ),
    };
    format!("difference {difference}; {what}")
}

/// What the bounds of a part are made of, where that has to be said.
#[must_use]
pub fn rests_on(finding: &Finding) -> Option<String> {
    let counts = "the bounds count sessions on which only one of the two is nearer to gold";
    match finding.method {
        Method::Users => None,
        Method::Jackknife => Some(
            "too many resamples had no value, so the bounds are the jackknife's alone".to_owned(),
        ),
        Method::Items(Shortage::FewDiscordant(items)) => Some(format!(
            "{} apart: {counts}",
            match items {
                0 => "no session tells the two".to_owned(),
                1 => "only 1 session tells the two".to_owned(),
                more => format!("only {more} sessions tell the two"),
            }
        )),
        Method::Items(Shortage::RareClass(_, items)) => Some(format!(
            "gold has some label only {}: {counts}",
            match items {
                1 => "once".to_owned(),
                2 => "twice".to_owned(),
                more => format!("{more} times"),
            }
        )),
        Method::Items(Shortage::NoSpread) => {
            Some(format!("no user differs from the others: {counts}"))
        }
    }
}

/// With its sign, three decimals.
#[must_use]
pub fn signed(value: f64) -> String {
    let text = coefficient_3(value);
    if text.starts_with('-') {
        text
    } else {
        format!("+{text}")
    }
}

fn hindered(judged: &Judged, hindrance: &Hindrance) -> String {
    match hindrance {
        Hindrance::NoBaseline { file } => {
            format!("there is no approved baseline `{}`", file.display())
        }
        Hindrance::Missing { of, sessions, .. } if *of == judged.compared.candidate => format!(
            "{} no answer of `{of}` to the prompt as it is now",
            have(sessions.len())
        ),
        Hindrance::Missing { of, sessions, .. } => format!(
            "not compared: {} no label of the baseline, `{of}`",
            have(sessions.len())
        ),
        Hindrance::Stale {
            lost,
            gained,
            gold,
            against,
        } => {
            let mut what = Vec::new();
            for (sessions, words) in [(lost, "the goldset lost"), (gained, "the goldset gained")] {
                if !sessions.is_empty() {
                    what.push(format!("{words} {}", named(sessions)));
                }
            }
            // Gold labels of another rater are others, and none of them need have changed.
            if !gold.is_empty() && against.is_none() {
                what.push(format!("the gold labels of {} changed", named(gold)));
            }
            let since = match what.as_slice() {
                [] => None,
                what => Some(format!(
                    "since the baseline was approved {}",
                    what.join(", and ")
                )),
            };
            let other = against.as_ref().map(|against| {
                format!(
                    "the baseline was approved against `{against}`, and gold is `{}` now",
                    judged.compared.against
                )
            });
            let why: Vec<String> = other.into_iter().chain(since).collect();
            format!("not compared: {}", why.join("; "))
        }
        Hindrance::NoGold => format!("`{}` has no label for any session", judged.compared.against),
    }
}

fn have(sessions: usize) -> String {
    if sessions == 1 {
        "1 session has".to_owned()
    } else {
        format!("{sessions} sessions have")
    }
}

/// Sessions that a sentence names.
const NAMED: usize = 5;

/// `3 sessions (a, b, c)`.
#[must_use]
pub fn named(sessions: &[String]) -> String {
    let shown: Vec<String> = sessions.iter().take(NAMED).map(|id| code(id)).collect();
    let more = match sessions.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(", {more} more"),
    };
    format!(
        "{} ({}{more})",
        counted(sessions.len() as u64, "session"),
        shown.join(", ")
    )
}

/// How many times the sessions of a goldset anyone would still add to it.
const BEYOND: u64 = 20;

/// What to do about a verdict that is open.
#[must_use]
pub fn next_steps(judged: &Judged, renew: &str) -> Vec<String> {
    let mut steps = Vec::new();
    match &judged.hindrance {
        Some(Hindrance::Missing { remedy, .. }) => steps.push(match remedy {
            Remedy::Commands(commands) => {
                let commands: Vec<String> = commands.iter().map(|one| code(one)).collect();
                format!(
                    "have them answered and recorded: {}",
                    commands.join(", then ")
                )
            }
            Remedy::Said(said) => said
                .trim_start_matches("hint: ")
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" "),
        }),
        Some(Hindrance::NoBaseline { .. }) => {
            steps.push(format!("approve the candidate as baseline: `{renew}`"));
        }
        Some(Hindrance::Stale {
            against: Some(against),
            ..
        }) => steps.push(format!(
            "judge against the same rater, `--against {against}`; or approve anew: `{renew}`"
        )),
        Some(Hindrance::Stale { .. }) => {
            steps.push(format!(
                "look at what changed, then approve anew: `{renew}`"
            ));
        }
        Some(Hindrance::NoGold) => {
            steps.push("`--against` names a rater that has labels".to_owned())
        }
        None => {}
    }
    if judged.verdict() != Verdict::Inconclusive || judged.hindrance.is_some() {
        return steps;
    }
    let next = &judged.next;
    if let Some((sessions, _)) = next.further
        && sessions > BEYOND * judged.n_labelled as u64
    {
        steps.push(format!(
            "more of the same sessions will not settle it (more than {BEYOND} times as many would be needed): gold lies too much in one label, so bring sessions of the others"
        ));
    } else if let Some((sessions, users)) = next.further {
        steps.push(format!(
            "about {} with a gold label, of {}, would let an equally good candidate pass four times in five",
            counted(sessions, "further session"),
            counted(users, "further user"),
        ));
    } else if judged.parts.iter().any(|part| matches!(part, Part::Change { finding, .. } if finding.verdict == Verdict::Inconclusive))
    {
        steps.push("an equally good candidate would most likely have passed on so many sessions: mend the candidate before more are labelled".to_owned());
    }
    for (label, have, need) in &next.of_labels {
        steps.push(format!(
            "gold has {} labelled `{label}`; its recall takes about {need}",
            counted(*have, "session")
        ));
    }
    let of = |said: &[(String, usize)]| {
        said.iter()
            .map(|(label, voices)| {
                if *voices == 1 {
                    code(label)
                } else {
                    format!("{} by {voices}", code(label))
                }
            })
            .collect::<Vec<_>>()
            .join(", ")
    };
    let listed = |sessions: &[crate::gate::next::Disputed]| {
        sessions
            .iter()
            .map(|disputed| match disputed.said.as_slice() {
                [] => code(&disputed.session_id),
                said => format!("{} ({})", code(&disputed.session_id), of(said)),
            })
            .collect::<Vec<_>>()
            .join("; ")
    };
    if next.n_unlabelled > 0 {
        steps.push(format!(
            "{} no gold label; label first, where raters and models disagree most: {}",
            have(next.n_unlabelled),
            listed(&next.unlabelled)
        ));
    } else {
        steps.push(
            "every session of the goldset has a gold label: bring further sessions".to_owned(),
        );
    }
    if !next.doubted.is_empty() {
        steps.push(format!(
            "look again at gold labels that all others contradict with one voice: {}",
            listed(&next.doubted)
        ));
    }
    steps
}

/// What has to be said beside the figures.
#[must_use]
pub fn remark(judged: &Judged, remark: &Remark) -> String {
    match remark {
        Remark::ByConstruction(side) => format!(
            "`{}` is made from the labels of `{side}`: agreement between them holds by construction.",
            judged.compared.against
        ),
        Remark::IsGold(side) => format!(
            "The labels of `{side}` are the gold labels themselves: its agreement is perfect by construction, and nobody can do better."
        ),
        Remark::NoShare(measure, sessions) => format!(
            "{}: {} left out of the comparison of the {}, because gold, baseline or candidate has no such decision there.",
            judged.classifier,
            counted(*sessions as u64, "session"),
            measure.replace('_', " ")
        ),
        Remark::OtherModel(old, new) => format!(
            "The baseline's labels are those of `{old}`, the candidate's those of `{new}`: prompt and model are judged together."
        ),
        Remark::OtherSchema => {
            "The answer schema changed since the baseline was approved.".to_owned()
        }
    }
}

/// How many candidates have looked; `None` where nobody is counted.
#[must_use]
pub fn looks(judged: &Judged) -> Option<String> {
    let looks = &judged.looks;
    let since = looks
        .since
        .as_deref()
        .map_or_else(String::new, |day| format!(" since {day}"));
    match looks.candidates {
        0 => None,
        1 => Some(format!(
            "{}: this gold set has been looked at by 1 candidate{since}.",
            judged.classifier
        )),
        candidates => {
            let power = i32::try_from(candidates).unwrap_or(i32::MAX);
            Some(format!(
                "{}: this gold set has been looked at by {candidates} candidates{since}. If all of them were worse by the margin, at least one would pass with a chance of up to {}.",
                judged.classifier,
                percent(1.0 - (1.0 - ALPHA).powi(power))
            ))
        }
    }
}
