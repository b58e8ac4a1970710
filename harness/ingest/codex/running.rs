//! Commands that run on after their call returned. The client gives the rest of the output to later calls that ask for it;
//! the result belongs to the call that started the command.

use std::collections::HashMap;

/// Commands that are held at once. More than a person's machine runs; a hostile file gets no further.
const MOST: usize = 256;
/// Bytes of output that are kept of each command: its end, where tests and commits say how they went.
const LONGEST_OUTPUT: usize = 64 * 1024;

/// A command that runs on.
pub(super) struct Running {
    pub(super) call: String,
    pub(super) output: String,
}

/// What an output means for a command that ran on.
pub(super) enum Answer {
    /// The call asked for none.
    NotAsked,
    /// It still runs.
    RunsOn,
    /// It ended with this output.
    Ended(Running),
}

/// Commands that run, by the client's key, and calls that ask for their output.
#[derive(Default)]
pub(super) struct Commands {
    running: HashMap<String, Running>,
    asking: HashMap<String, String>,
}

impl Commands {
    pub(super) fn start(&mut self, key: String, call: &str, output: &str) {
        if self.running.len() < MOST {
            let mut running = Running {
                call: call.to_owned(),
                output: String::new(),
            };
            running.hear(output);
            self.running.insert(key, running);
        }
    }

    /// `call` asks for more output of the command `key`.
    pub(super) fn ask(&mut self, call: &str, key: Option<String>) {
        if let Some(key) = key.filter(|key| self.running.contains_key(key))
            && self.asking.len() < MOST
        {
            self.asking.insert(call.to_owned(), key);
        }
    }

    /// More output came to `call`; says what that means for the command it asked about.
    pub(super) fn answer(&mut self, call: &str, output: &str, runs_on: bool) -> Answer {
        let Some(key) = self.asking.remove(call) else {
            return Answer::NotAsked;
        };
        let Some(running) = self.running.get_mut(&key) else {
            return Answer::NotAsked;
        };
        running.hear(output);
        if runs_on {
            return Answer::RunsOn;
        }
        self.running
            .remove(&key)
            .map_or(Answer::NotAsked, Answer::Ended)
    }

    /// Commands that still ran when the session ended, in a fixed order.
    pub(super) fn left(&mut self) -> Vec<Running> {
        let mut left: Vec<Running> = self.running.drain().map(|(_, running)| running).collect();
        left.sort_by(|one, other| one.call.cmp(&other.call));
        left
    }
}

impl Running {
    fn hear(&mut self, output: &str) {
        self.output.push_str(output);
        if self.output.len() > LONGEST_OUTPUT {
            let mut cut = self.output.len() - LONGEST_OUTPUT;
            while !self.output.is_char_boundary(cut) {
                cut += 1;
            }
            self.output.drain(..cut);
        }
    }
}
