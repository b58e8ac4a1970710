//! What must hold of any bytes, target by target: shared by the libFuzzer targets and by `cargo bench --bench fuzz`.

use std::io::Write as _;
use std::path::Path;
use std::sync::OnceLock;

use harness::classifier::answer;
use harness::classifier::definition::Definition;
use harness::classifier::load;
use harness::classifier::schema::AnswerSchema;
use harness::domain::answer::{AnswerUsage, RawAnswer, Stop};
use harness::domain::event::{Event, Listener, Position};
use harness::ingest::detect::{Format, detect};
use harness::ingest::file::read_as;
use harness::ingest::redaction::standard_redaction;
use harness::ingest::swe_chat;
use harness::ingest::table::{self, Kind, Wanted};
use harness::ingest::vocabulary::Vocabulary;
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

/// No text may make the reading of answers panic; a label comes with an answer, a failure with a reason.
pub(crate) fn answer(bytes: &[u8]) {
    static CLASSIFIERS: OnceLock<Vec<(Definition, AnswerSchema)>> = OnceLock::new();
    let classifiers = CLASSIFIERS.get_or_init(|| {
        let prompts = Path::new(env!("CARGO_MANIFEST_DIR"));
        let prompts = [prompts.join("prompts"), prompts.join("../prompts")]
            .into_iter()
            .find(|folder| folder.is_dir())
            .expect("the project's prompts stand beside it");
        ["outcome", "expertise", "decisions"]
            .iter()
            .filter_map(|name| {
                let folder = prompts.join(name);
                let definition = load::load(&folder.join("classifier.toml"), (*name).to_owned());
                let schema = AnswerSchema::load(&folder.join("answer.schema.json"));
                definition.ok().zip(schema.ok())
            })
            .collect()
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
