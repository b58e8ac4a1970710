//! Any bytes can be offered as a transcript: neither detection nor reading nor counting may panic.
#![no_main]

use harness::domain::event::{Event, Listener, Position};
use harness::ingest::claude_code;
use harness::ingest::detect::detect;
use harness::ingest::redaction::standard_redaction;
use harness::telemetry::counter::Counter;
use harness::telemetry::words::PromptWords;
use libfuzzer_sys::fuzz_target;

/// Everyone who listens to a session in the program.
#[derive(Default)]
struct Listeners {
    counter: Counter,
    words: PromptWords,
}

impl Listener for Listeners {
    fn event(&mut self, at: Position, event: Event<'_>) {
        // Debug output redacts, and so reaches every text.
        let _ = format!("{event:?}");
        self.words.hear(&event);
        self.counter.event(at, event);
    }
}

fuzz_target!(|bytes: &[u8]| {
    let _ = detect(bytes);
    let mut listeners = Listeners::default();
    claude_code::read(bytes, standard_redaction(), &mut listeners)
        .expect("a slice of bytes has no errors of its own");
    let (row, _) = listeners.counter.finish("Claude Code", "fuzz");
    assert!(row.subagent_actions <= row.actions);
    assert!(row.test_failures <= row.test_runs);
    assert!(row.rejections <= row.tool_errors);
});
