//! The gate's verdicts as commands of GitHub's log, which it shows at the file of a pull request.

use crate::gate::judged::Judged;
use crate::gate::robustness::Robustness;
use crate::stats::verdict::Verdict;

use super::escape;
use super::gate_words::{reason, verdict};
use super::robustness;

/// One line per classifier that did not pass: an error where it failed, a warning where it is open.
#[must_use]
pub fn github(judged: &[Judged]) -> Vec<String> {
    judged
        .iter()
        .filter_map(|one| {
            line(
                &one.classifier,
                "validate gate",
                one.verdict(),
                &reason(one),
            )
        })
        .collect()
}

/// The same for robustness.
#[must_use]
pub fn github_robustness(results: &[Robustness]) -> Vec<String> {
    results
        .iter()
        .filter_map(|one| {
            let title = "validate gate --robustness";
            line(
                &one.classifier,
                title,
                one.verdict,
                &robustness::reason(one),
            )
        })
        .collect()
}

fn line(classifier: &str, title: &str, ended: Verdict, reason: &str) -> Option<String> {
    let level = match ended {
        Verdict::Pass => return None,
        Verdict::Fail => "error",
        Verdict::Inconclusive => "warning",
    };
    Some(format!(
        "::{level} file={},title={}::{}",
        escape::github_property(&format!("prompts/{classifier}/prompt.md")),
        escape::github_property(&format!("{title}: {classifier}: {}", verdict(ended))),
        escape::github_message(reason)
    ))
}
