//! What must hold of any bytes, target by target: shared by the libFuzzer targets and by `cargo bench --bench fuzz`.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use harness::classifier::answer;
use harness::classifier::definition::Definition;
use harness::classifier::load;
use harness::classifier::schema::AnswerSchema;
use harness::domain::answer::{AnswerUsage, RawAnswer, Stop};
use harness::domain::event::{Event, Listener, Position};
use harness::goldset;
use harness::goldset::recordings::Recordings;
use harness::ingest::detect::{Format, detect};
use harness::ingest::file::read_as;
use harness::ingest::otlp::Exports;
use harness::ingest::redaction::standard_redaction;
use harness::ingest::swe_chat;
use harness::ingest::table::{self, Kind, Wanted};
use harness::ingest::vocabulary::Vocabulary;
use harness::provider::batch_lines;
use harness::telemetry::counter::Counter;
use harness::telemetry::words::PromptWords;

/// Everyone who listens to a session in the program.
#[derive(Default)]
struct Listeners {
    counter: Counter,
    words: PromptWords,
    /// Whether every text is shown, which costs its redaction.
    shows: bool,
}

impl Listener for Listeners {
    fn event(&mut self, at: Position, event: Event<'_>) {
        if self.shows {
            // Debug output redacts, and so reaches every text.
            write!(std::io::sink(), "{event:?}").expect("a sink takes everything");
        }
        self.words.hear(&event);
        self.counter.event(at, event);
    }
}

/// No bytes may make detection, reading or counting panic, nor give counts that contradict each other.
pub(crate) fn transcript(format: Format, bytes: &[u8], shows: bool) {
    let _ = detect(bytes);
    let mut listeners = Listeners {
        shows,
        ..Listeners::default()
    };
    read_as(format, bytes, standard_redaction(), &mut listeners)
        .expect("a slice of bytes has no errors of its own");
    let (row, _) = listeners.counter.finish(format.agent(), "fuzz");
    if format == Format::ClaudeCode {
        // The counter alone is spared the bodies that it does not look at; nothing of them may count.
        let mut counter = Counter::default();
        read_as(format, bytes, standard_redaction(), &mut counter)
            .expect("a slice of bytes has no errors of its own");
        let (spared, _) = counter.finish(format.agent(), "fuzz");
        assert_eq!(row, spared);
    }
    assert!(row.subagent_actions <= row.actions);
    assert!(row.test_failures <= row.test_runs);
    assert!(row.rejections <= row.tool_errors);
    assert!(row.first_timestamp <= row.last_timestamp);
}

/// No bytes may make the reader of parquet files panic: damage is an error. `bytes` stand where the table of sessions is.
pub(crate) fn parquet(bytes: &[u8]) {
    let folder = std::env::temp_dir().join(format!("validate-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("there is a folder for temporary files");
    std::fs::write(folder.join("sessions.parquet"), bytes).expect("the folder can be written to");
    if let Ok(data) = swe_chat::read(&folder, None, swe_chat::Keep::default()) {
        assert!(data.sessions.len() as u64 <= data.tables[0].rows);
    }
}

/// No bytes may make the reader of tables panic; what it reads has a cell per row in each column.
pub(crate) fn table(bytes: &[u8]) {
    let wanted = [
        Wanted {
            name: "gold",
            kind: Kind::Labels(0),
        },
        Wanted {
            name: "value",
            kind: Kind::Numbers,
        },
        Wanted {
            name: "item",
            kind: Kind::Unique,
        },
    ];
    for wanted in [&wanted[..1], &wanted[..]] {
        let vocabularies = vec![Vocabulary::default()];
        if let Ok(table) = table::read_from(bytes, "fuzz.csv", wanted, vocabularies) {
            assert_eq!(table.columns.len(), wanted.len());
        }
    }
}

/// No bytes may make the reader of exports panic; counters only grow.
pub(crate) fn otlp(bytes: &[u8]) {
    let mut exports = Exports::default();
    exports
        .read(bytes)
        .expect("a slice of bytes has no errors of its own");
    for row in exports.sessions().values() {
        let counts = [row.otlp_lines_added, row.otlp_commits, row.otlp_cost_usd];
        assert!(counts.iter().flatten().all(|count| *count >= 0.0));
    }
}

/// No line of a batch's results may make its reading panic.
pub(crate) fn batch(bytes: &[u8]) {
    for line in String::from_utf8_lossy(bytes).lines() {
        if let Err(error) = batch_lines::read(line) {
            assert!(!error.to_string().is_empty());
        }
    }
}

/// What parts a goldset's files in one input: a line of this and the file's name.
const FILE: &str = "=== ";

/// No files may make the loading of a goldset or of its recordings panic; what is loaded is about listed sessions.
pub(crate) fn goldset(bytes: &[u8]) {
    thread_local! {
        static FOLDER: RefCell<Folder> = RefCell::new(Folder::new());
    }
    static DEFINITIONS: OnceLock<Vec<Definition>> = OnceLock::new();
    let definitions = DEFINITIONS.get_or_init(|| {
        let names = ["outcome", "expertise", "decisions"];
        let loaded = names.iter().filter_map(|name| definition(name));
        loaded.map(|(definition, _)| definition).collect()
    });
    FOLDER.with_borrow_mut(|folder| {
        folder.hold(&String::from_utf8_lossy(bytes));
        let Ok(goldset) = goldset::load::load(&folder.path, definitions) else {
            return;
        };
        let listed = |id: &str| goldset.sessions.iter().any(|session| session.id == id);
        assert!(
            goldset
                .ratings
                .iter()
                .all(|rating| listed(&rating.session_id))
        );
        if let Ok(recordings) = Recordings::load(&goldset, "m", &["outcome"]) {
            let recordings = recordings.of("outcome");
            assert!(recordings.iter().all(|line| listed(&line.session_id)));
        }
    });
}

/// A goldset's folder, of which only files that changed are written.
struct Folder {
    path: PathBuf,
    held: BTreeMap<&'static str, String>,
}

impl Folder {
    const FILES: [&str; 7] = [
        "goldset.toml",
        "sessions.csv",
        "labels.csv",
        "decisions.jsonl",
        "injections.csv",
        "telemetry.csv",
        "recordings/outcome/m.jsonl",
    ];

    fn new() -> Self {
        let thread = format!("{:?}", std::thread::current().id());
        let number: String = thread.chars().filter(char::is_ascii_digit).collect();
        let name = format!("validate-fuzz-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(path.join("recordings/outcome")).expect("a folder for the files");
        Self {
            path,
            held: BTreeMap::new(),
        }
    }

    fn hold(&mut self, text: &str) {
        for name in Self::FILES {
            let part = text
                .split(FILE)
                .find_map(|part| part.strip_prefix(name)?.strip_prefix('\n'))
                .unwrap_or_default();
            if self.held.get(name).is_none_or(|held| held != part) {
                std::fs::write(self.path.join(name), part).expect("the folder is there");
                self.held.insert(name, part.to_owned());
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind lies among temporary files.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

/// A classifier of the project.
fn definition(name: &str) -> Option<(Definition, AnswerSchema)> {
    let prompts = Path::new(env!("CARGO_MANIFEST_DIR"));
    let prompts = [prompts.join("prompts"), prompts.join("../prompts")]
        .into_iter()
        .find(|folder| folder.is_dir())
        .expect("the project's prompts stand beside it");
    let folder = prompts.join(name);
    let definition = load::load(&folder.join("classifier.toml"), name.to_owned());
    let schema = AnswerSchema::load(&folder.join("answer.schema.json"));
    definition.ok().zip(schema.ok())
}

/// No text may make the reading of answers panic; a label comes with an answer, a failure with a reason.
pub(crate) fn answer(bytes: &[u8]) {
    static CLASSIFIERS: OnceLock<Vec<(Definition, AnswerSchema)>> = OnceLock::new();
    let classifiers = CLASSIFIERS.get_or_init(|| {
        let names = ["outcome", "expertise", "decisions"];
        names.iter().filter_map(|name| definition(name)).collect()
    });
    assert!(!classifiers.is_empty());
    let raw = RawAnswer {
        text: String::from_utf8_lossy(bytes).into_owned(),
        stop: Stop::Finished,
        usage: AnswerUsage::default(),
        when: "2026-11-22".to_owned(),
        obtained: "live".to_owned(),
    };
    for (definition, schema) in classifiers {
        let reading = answer::read(definition, schema, &raw);
        assert_eq!(reading.answer.is_some(), reading.outcome.label().is_some());
        assert_eq!(reading.reason.is_none(), reading.outcome.label().is_some());
    }
}
