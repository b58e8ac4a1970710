//! Tables with the published schema over real transcripts of five agents: as close to the data set as can be had here.

use std::collections::HashMap;
use std::fs;

use serde_json::Value;

use crate::swe_chat::{imported, rows};
use crate::swe_chat_files::DataSet;
use crate::telemetry_real::{index, sessions};

#[test]
fn real_sessions_of_all_agents_import_completely() {
    let Some(folder) = sessions() else {
        return;
    };
    let index = index(&folder);
    let mut data = DataSet::new();
    let mut agents: HashMap<String, usize> = HashMap::new();
    let mut chosen = HashMap::new();
    for row in &index {
        let count = agents.entry(row["agent"].clone()).or_default();
        if 4 <= *count {
            continue;
        }
        *count += 1;
        let file = folder.join(&row["file"]);
        let bytes = fs::read(&file).unwrap();
        let id = row["session_id"].as_str();
        // Everything in transcripts/ ends in .jsonl, documents too.
        data.session(id, &row["repo"], bytes.clone());
        let metadata = fs::read_to_string(file.with_extension("metadata.json")).unwrap();
        let attribution =
            serde_json::from_str::<Value>(&metadata).unwrap()["initial_attribution"].clone();
        let written = data.table("sessions").row("session_id", id);
        for column in [
            "agent_lines",
            "human_added",
            "human_modified",
            "human_removed",
            "total_committed",
            "agent_percentage",
        ] {
            written.remove(column);
            if let Some(number) = attribution[column].as_f64() {
                written.insert(column, number.into());
            }
        }
        data.table("session_logs")
            .row("session_id", id)
            .insert("session_metadata_raw", metadata.into());
        chosen.insert(id.to_owned(), (row.clone(), bytes, attribution));
    }
    assert_eq!(agents.len(), 5, "{agents:?}");
    let place = tempfile::tempdir().unwrap();
    data.write(&place.path().join("data"));
    let said = imported(
        place.path(),
        &[
            "data",
            "--out",
            "gold",
            "--keep-machine-generated",
            "--keep-duplicates",
        ],
    );
    let gold = place.path().join("gold");
    let listed = rows(&gold.join("sessions.csv"));
    let telemetry = rows(&gold.join("telemetry.csv"));
    let attributed = rows(&gold.join("attribution.csv"));
    assert_eq!(listed.len(), chosen.len(), "{said}");
    assert_eq!(telemetry.len(), chosen.len(), "{said}");
    for (id, (row, bytes, attribution)) in &chosen {
        let own = listed.iter().find(|row| row["session_id"] == *id).unwrap();
        assert!(
            fs::read(gold.join("sessions").join(&own["file"])).unwrap() == *bytes,
            "{id} is copied byte for byte"
        );
        let own = telemetry
            .iter()
            .find(|row| row["session_id"] == *id)
            .unwrap();
        assert_eq!(own["agent"], row["agent"], "{id}");
        let own = attributed.iter().find(|row| row["session_id"] == *id);
        let Some(expected) = attribution.as_object() else {
            assert!(own.is_none());
            continue;
        };
        let own = own.unwrap();
        for name in ["agent_lines", "total_committed", "agent_percentage"] {
            let number = own[name].parse::<f64>().ok();
            assert_eq!(
                number,
                expected.get(name).and_then(Value::as_f64),
                "{id}: {name}"
            );
        }
        let version = expected
            .get("metric_version")
            .and_then(Value::as_u64)
            .unwrap_or(1);
        assert_eq!(own["metric_version"], version.to_string(), "{id}");
    }
}
