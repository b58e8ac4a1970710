//! The gate's verdicts as commands of GitHub's log, which it shows at the file of a pull request.

use crate::gate::judged::Judged;
use crate::stats::verdict::Verdict;

use super::escape;
use super::gate_words::{reason, verdict};

/// One line per classifier that did not pass: an error where it failed, a warning where it is open.
#[must_use]
pub fn github(judged: &[Judged]) -> Vec<String> {
    judged
        .iter()
        .filter_map(|one| {
            let ended = one.verdict();
            let level = match ended {
                Verdict::Pass => return None,
                Verdict::Fail => "error",
                Verdict::Inconclusive => "warning",
            };
            Some(format!(
                "::{level} file={},title={}::{}",
                escape::github_property(&format!("prompts/{}/prompt.md", one.classifier)),
                escape::github_property(&format!(
                    "validate gate: {}: {}",
                    one.classifier,
                    verdict(ended)
                )),
                escape::github_message(&reason(one))
            ))
        })
        .collect()
}
