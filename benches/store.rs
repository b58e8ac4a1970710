//! How fast answers and rows go in and out of the store, and in how much memory: `cargo bench --bench store`.
//!
//! 100,000 answers of 5 KB, kept 100 at a time as waiting answers are, found again in the order in which sessions are read,
//! and a row for each. The last part is a replay: everything is found and kept again, and nothing changes.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Instant;

use harness::domain::answer::{AnswerUsage, Evidence, RawAnswer, Stop};
use harness::domain::request::Hash;
use harness::store::{AnswerKey, ReadLabel, Reading, Row, RowOutcome, RunKey, Store};

const ANSWERS: usize = 100_000;
const ANSWER_BYTES: usize = 5_000;
const TOGETHER: usize = 100;

fn main() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("store.db");
    let requests: Vec<Hash> = (0..ANSWERS)
        .map(|n| Hash::of(n.to_string().as_bytes()))
        .collect();

    let mut store = Store::open(&path).unwrap();
    measured("keep answers, 100 a commit", ANSWERS, || {
        for requests in requests.chunks(TOGETHER) {
            let answers: Vec<_> = requests.iter().map(answer).collect();
            assert_eq!(store.keep_answers(&answers).unwrap(), requests.len());
        }
    });
    drop(store);
    let mut store = measured("open", 1, || Store::open(&path).unwrap());
    measured("find answers", ANSWERS, || find(&store, &requests));
    let rows: Vec<Row> = requests.iter().enumerate().map(row).collect();
    measured("keep rows, one commit", ANSWERS, || {
        assert_eq!(store.keep_rows(&rows).unwrap(), ANSWERS);
    });
    measured("replay: find answers, keep the same rows", ANSWERS, || {
        find(&store, &requests);
        assert_eq!(store.keep_rows(&rows).unwrap(), 0);
    });
    measured("read rows", ANSWERS, || {
        let run = RunKey {
            goldset: "bench".to_owned(),
            model: "bench".to_owned(),
            repeat: 0,
            prompts: vec![("expertise".to_owned(), Hash::of(b"prompt"))],
        };
        assert_eq!(store.rows(&run).unwrap().len(), ANSWERS);
    });
    measured("summary", ANSWERS, || store.summary().unwrap());
    measured("integrity", ANSWERS, || store.integrity().unwrap());
    println!("{} MB on disk", store.summary().unwrap().bytes / 1_000_000);
}

fn answer(request: &Hash) -> (AnswerKey, RawAnswer) {
    let key = AnswerKey {
        request: request.clone(),
        model: "bench".to_owned(),
        repeat: 0,
    };
    let answer = RawAnswer {
        text: request.text().repeat(ANSWER_BYTES / 64),
        stop: Stop::Finished,
        usage: AnswerUsage::default(),
        when: "2026-11-22T12:00:00Z".to_owned(),
        obtained: "live".to_owned(),
    };
    (key, answer)
}

fn row((number, request): (usize, &Hash)) -> Row {
    Row {
        goldset: "bench".to_owned(),
        session_id: format!("session-{:06}", number.wrapping_mul(7_919) % ANSWERS),
        classifier: "expertise".to_owned(),
        prompt_hash: Hash::of(b"prompt"),
        model: "bench".to_owned(),
        repeat: 0,
        request_hash: request.clone(),
        outcome: RowOutcome::Parsed(Reading {
            label: ReadLabel::Text("expert".to_owned()),
            confidence: Some(0.75),
            evidence: vec![Evidence {
                turn: 3,
                shows: "names the invariant that the change would break".to_owned(),
            }],
            folded: false,
            from_prose: false,
        }),
        left_out: serde_json::Value::Null,
    }
}

fn find(store: &Store, requests: &[Hash]) {
    let mut bytes = 0;
    store
        .answers_for("bench", 0, requests, |_, answer| {
            bytes += answer.unwrap().text.len();
        })
        .unwrap();
    assert_eq!(bytes, ANSWERS * (ANSWER_BYTES / 64 * 64));
}

fn measured<T>(what: &str, times: usize, work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = work();
    let seconds = start.elapsed().as_secs_f64();
    #[expect(
        clippy::cast_precision_loss,
        reason = "a rate of answers needs no more"
    )]
    let rate = times as f64 / seconds;
    println!(
        "{what}: {seconds:.2} s, {rate:.0}/s, peak memory {}",
        peak_memory()
    );
    done
}

fn peak_memory() -> String {
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
            Some(line.trim_start_matches("VmHWM:").trim().to_owned())
        })
        .unwrap_or_else(|| "unknown".to_owned())
}
