//! Recorded answers as they are read today: what a change of a scale, of a schema or of the reader does to them is reviewed.

use harness::classifier::answer;
use harness::classifier::load::load_all;
use harness::classifier::prompt::Prompts;
use harness::goldset::load::load;
use harness::goldset::recordings::Recordings;
use insta::assert_snapshot;
use serde_json::json;

use crate::requests::SESSIONS;
use crate::workspace::package;

#[test]
fn the_recorded_answers_about_two_sessions_are_read_as_reviewed() {
    let folder = package().join("prompts");
    let all = load_all(&folder).unwrap();
    let prompts = Prompts::load(&folder).unwrap();
    let goldset = load(&package().join("goldsets/starter"), &all).unwrap();
    for definition in &all {
        let prompt = prompts.prompt(&folder, definition).unwrap();
        let name = definition.name.as_str();
        let recordings = Recordings::load(&goldset, "claude-pass-1", &[name]).unwrap();
        let read: Vec<_> = recordings
            .of(name)
            .iter()
            .filter(|recording| {
                SESSIONS.contains(&recording.session_id.as_str()) && recording.variation.is_none()
            })
            .map(|recording| {
                let read = answer::read(definition, &prompt.schema, &recording.answer());
                json!({
                    "session": recording.session_id,
                    "label": read.outcome.label().map(|label| definition.text_of(label)),
                    "answer": read.answer,
                })
            })
            .collect();
        assert_eq!(read.len(), SESSIONS.len(), "{name}");
        let text = serde_json::to_string_pretty(&read).unwrap();
        assert_snapshot!(format!("answers_{name}"), text);
    }
}
