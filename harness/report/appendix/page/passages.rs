//! What a turn of a session holds, cut from the view that a model was shown.
//!
//! The view marks every entry at the margin with its turn and indents all text of the session, so that no text of a session
//! can pass for the beginning of an entry. It is redacted before it comes here.

use std::collections::{BTreeMap, BTreeSet};

/// Characters of one entry of the user.
const OF_USER: usize = 520;
/// Characters of one entry of the agent.
const OF_AGENT: usize = 300;
/// Characters of the line that names a call of a tool.
const OF_TOOL: usize = 100;
/// Calls of tools in one turn; what is left out is counted.
const TOOLS: usize = 4;
/// Characters of a whole passage.
const OF_TURN: usize = 1200;

/// The passages of some turns of a view.
pub(super) fn passages(view: &str, turns: &BTreeSet<u64>) -> BTreeMap<u64, String> {
    let mut found: BTreeMap<u64, Passage> = BTreeMap::new();
    let mut entry: Option<(u64, String)> = None;
    for line in view.lines() {
        if let Some((turn, rest)) = beginning(line) {
            keep(&mut found, turns, entry.take());
            entry = Some((turn, rest.to_owned()));
        } else if line.starts_with("RESULT") || line.starts_with("END SESSION") {
            // What a tool printed says little about the person and much at length.
            keep(&mut found, turns, entry.take());
        } else if let Some((_, text)) = &mut entry {
            text.push('\n');
            text.push_str(line.strip_prefix("  ").unwrap_or(line));
        }
    }
    keep(&mut found, turns, entry);
    found
        .into_iter()
        .map(|(turn, passage)| (turn, passage.text()))
        .collect()
}

/// Entries of one turn.
#[derive(Default)]
struct Passage {
    entries: Vec<String>,
    tools: usize,
    length: usize,
    left_out: usize,
}

impl Passage {
    fn text(mut self) -> String {
        match self.left_out {
            0 => {}
            1 => self.entries.push("[… 1 more entry]".to_owned()),
            more => self.entries.push(format!("[… {more} more entries]")),
        }
        self.entries.join("\n")
    }
}

fn keep(found: &mut BTreeMap<u64, Passage>, turns: &BTreeSet<u64>, entry: Option<(u64, String)>) {
    let Some((turn, text)) = entry else {
        return;
    };
    if !turns.contains(&turn) {
        return;
    }
    let passage = found.entry(turn).or_default();
    let limit = if text.starts_with("USER") {
        OF_USER
    } else if text.starts_with("AGENT") {
        OF_AGENT
    } else {
        OF_TOOL
    };
    let text = cut(text.trim_end(), limit);
    let length = text.chars().count();
    passage.tools += usize::from(text.starts_with("TOOL"));
    let is_full = OF_TURN < passage.length + length;
    let is_one_more = text.starts_with("TOOL") && TOOLS < passage.tools;
    // The user's words are what a reader looks for; they are never left out.
    if (is_full || is_one_more) && !text.starts_with("USER") {
        passage.left_out += 1;
        return;
    }
    passage.length += length;
    passage.entries.push(text);
}

/// `[turn 3] USER` is turn 3 and what follows it.
fn beginning(line: &str) -> Option<(u64, &str)> {
    let (turn, rest) = line.strip_prefix("[turn ")?.split_once("] ")?;
    Some((turn.parse().ok()?, rest))
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((at, _)) => format!("{} […]", text[..at].trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIEW: &str = "BEGIN SESSION 12\nA session.\n\n[turn 1] USER\n  make it\n  [turn 2] USER\n  not mine\n[turn 1] TOOL Bash: ls\nRESULT ok:\n  a secret place\n[turn 1] AGENT\n  Done.\n[turn 2] USER\n  thanks\nEND SESSION 12\n";

    #[test]
    fn a_turn_is_what_the_user_and_the_agent_said_and_did() {
        let found = passages(VIEW, &BTreeSet::from([1, 7]));
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[&1],
            "USER\nmake it\n[turn 2] USER\nnot mine\nTOOL Bash: ls\nAGENT\nDone."
        );
    }

    #[test]
    fn a_long_turn_keeps_the_users_words() {
        let mut view = "[turn 1] USER\n  first\n".to_owned();
        for _ in 0..20 {
            view.push_str(&format!("[turn 1] AGENT\n  {}\n", "word ".repeat(80)));
        }
        view.push_str("[turn 1] USER, while the agent worked\n  stop\n");
        let found = passages(&view, &BTreeSet::from([1]));
        assert!(found[&1].contains("first") && found[&1].contains("stop"));
        assert!(found[&1].ends_with("more entries]"), "{}", found[&1]);
        assert!(found[&1].chars().count() < 2 * OF_TURN);
    }
}
