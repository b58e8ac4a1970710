//! Says on stderr how asking goes: a bar on a terminal, else a line every ten seconds.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::provider::pace::PaceState;
use crate::run::tally::{Standing, Tally};

use super::output;

/// A line, where there is no terminal.
const BETWEEN_LINES: Duration = Duration::from_secs(10);
const BETWEEN_FRAMES: Duration = Duration::from_millis(200);

/// Where the pace of a run stands.
pub(super) type Pace = Arc<dyn Fn() -> PaceState + Send + Sync>;

/// Watches a run until it is ended.
pub(super) struct Progress {
    end: Sender<()>,
    thread: JoinHandle<()>,
}

impl Progress {
    pub(super) fn start(spec: &str, tally: Arc<Tally>, pace: Pace) -> Self {
        let (end, ended) = channel();
        let spec = spec.to_owned();
        let is_terminal = std::io::stderr().is_terminal();
        let thread = std::thread::spawn(move || {
            let start = Instant::now();
            let bar = is_terminal.then(bar);
            let between = if is_terminal {
                BETWEEN_FRAMES
            } else {
                BETWEEN_LINES
            };
            while ended.recv_timeout(between) == Err(RecvTimeoutError::Timeout) {
                let standing = tally.standing();
                let line = line(&spec, &standing, &pace(), start.elapsed());
                match &bar {
                    Some(bar) => {
                        bar.set_length(standing.to_ask);
                        bar.set_position(standing.answered + standing.failed);
                        bar.set_message(line);
                    }
                    None => output::note(&line),
                }
            }
            if let Some(bar) = bar {
                bar.finish_and_clear();
            }
        });
        Self { end, thread }
    }

    pub(super) fn end(self) {
        // The thread may have ended by itself only by a panic, which `join` hands on.
        let _ = self.end.send(());
        if let Err(panic) = self.thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{bar:20} {wide_msg}") {
        bar.set_style(style);
    }
    bar
}

fn line(spec: &str, standing: &Standing, pace: &PaceState, since: Duration) -> String {
    let done = standing.answered + standing.failed;
    let mut line = format!("{spec}: {done} of {} answered", standing.to_ask);
    if standing.failed > 0 {
        line.push_str(&format!(", {} of them refused for good", standing.failed));
    }
    line.push_str(&format!("; {} on their way", pace.in_flight));
    if standing.again > 0 {
        line.push_str(&format!(", {} sent again", standing.again));
    }
    if let Some(spent) = standing.spent {
        line.push_str(&format!("; {:.4} USD", spent.dollars()));
    }
    if let Some(left) = left(done, standing.to_ask, since) {
        line.push_str(&format!("; {left} s left"));
    }
    if pace.waiting_until.is_some() {
        line.push_str("; waiting as the server asks");
    }
    line
}

fn left(done: u64, all: u64, since: Duration) -> Option<u64> {
    let open = all.checked_sub(done).filter(|open| *open > 0)?;
    since.as_secs().checked_mul(open)?.checked_div(done)
}
