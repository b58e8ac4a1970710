//! A file that was cut, scribbled on or half written: everything comes back, or a message says what to do. Nothing panics, and
//! no answer is ever another than the one that was kept.

use std::fs;
use std::path::{Path, PathBuf};

use harness::domain::request::Hash;
use harness::store::{BatchState, Integrity, OpenBatch, Store, StoreError};
use rand::{RngExt, SeedableRng, rngs::ChaCha8Rng};
use tempfile::TempDir;

use super::{hash, keep_numbered, long_text, store_with, texts};

const ANSWERS: usize = 60;

struct Damaged {
    _folder: TempDir,
    path: PathBuf,
    bytes: Vec<u8>,
    requests: Vec<Hash>,
}

impl Damaged {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let requests = store_with(&path, ANSWERS);
        let bytes = fs::read(&path).unwrap();
        Self {
            _folder: folder,
            path,
            bytes,
            requests,
        }
    }

    fn write(&self, bytes: &[u8]) {
        for ending in ["-wal", "-shm"] {
            fs::remove_file(beside(&self.path, ending)).ok();
        }
        fs::write(&self.path, bytes).unwrap();
    }

    /// How many answers come back from the file as it is now.
    fn found(&self) -> Result<usize, StoreError> {
        let store = Store::open(&self.path)?;
        let found = texts(&store, &self.requests)?;
        for (n, text) in found.iter().enumerate() {
            assert!(
                text.as_ref().is_none_or(|text| *text == long_text(n)),
                "answer {n} is another than the one that was kept"
            );
        }
        Ok(found.iter().flatten().count())
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn is_told(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Damaged { .. } | StoreError::Foreign { .. } | StoreError::Newer { .. }
    )
}

#[test]
fn a_store_that_was_cut_anywhere_is_refused() {
    let damaged = Damaged::new();
    let whole = damaged.bytes.len();
    let few = [
        1, 2, 15, 16, 50, 99, 100, 101, 511, 512, 513, 4095, 4096, 4097,
    ];
    let ends = [1, 2, 100, 4095, 4096, 4097, 8192, 20_000].map(|missing| whole - missing);
    let spread = (1..40).map(|n| n * whole / 40);
    for length in few.into_iter().chain(ends).chain(spread) {
        damaged.write(&damaged.bytes[..length]);
        let error = damaged.found().expect_err("a part is missing");
        assert!(is_told(&error), "cut to {length} bytes: {error}");
        assert_eq!(
            fs::read(&damaged.path).unwrap(),
            damaged.bytes[..length],
            "a damaged file is left as it is"
        );
    }
}

#[test]
fn an_empty_file_becomes_a_store() {
    let damaged = Damaged::new();
    damaged.write(b"");
    assert_eq!(damaged.found().unwrap(), 0);
    let mut store = Store::open(&damaged.path).unwrap();
    keep_numbered(&mut store, 0..3);
    drop(store);
    assert_eq!(damaged.found().unwrap(), 3);
}

#[test]
fn bytes_behind_the_end_do_no_harm() {
    let damaged = Damaged::new();
    for extra in [1, 100, 4096, 10_000] {
        let mut bytes = damaged.bytes.clone();
        bytes.resize(bytes.len() + extra, 0xa5);
        damaged.write(&bytes);
        assert_eq!(damaged.found().unwrap(), ANSWERS);
        let mut store = Store::open(&damaged.path).unwrap();
        keep_numbered(&mut store, 1000..1010);
        assert_eq!(store.integrity().unwrap(), Integrity::Sound);
    }
}

#[test]
fn a_changed_byte_never_changes_an_answer() {
    let damaged = Damaged::new();
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut told = 0;
    for _ in 0..300 {
        let mut bytes = damaged.bytes.clone();
        // Half of the time in the first pages, where header, schema and inner pages lie.
        let end = if random.random() { 16_384 } else { bytes.len() };
        let at = random.random_range(0..end);
        bytes[at] ^= random.random_range(1..=255_u8);
        damaged.write(&bytes);
        match damaged.found() {
            Ok(_) => {}
            Err(error) => {
                told += 1;
                // Other messages are SQLite's own, about a schema or a lock that makes no sense.
                assert!(!error.to_string().is_empty());
            }
        }
    }
    assert!(100 < told, "texts fill most of the file: {told} of 300");
}

#[test]
fn pages_of_noise_are_found_by_the_integrity_check() {
    let damaged = Damaged::new();
    let mut random = ChaCha8Rng::seed_from_u64(8);
    let pages = damaged.bytes.len() / 4096;
    for _ in 0..30 {
        let mut bytes = damaged.bytes.clone();
        let page = random.random_range(1..pages);
        random.fill(&mut bytes[page * 4096..(page + 1) * 4096]);
        damaged.write(&bytes);
        damaged.found().ok();
        match Store::open(&damaged.path).and_then(|store| store.integrity()) {
            Ok(Integrity::Damaged(found)) => assert!(!found.is_empty()),
            Ok(Integrity::Sound) => panic!("page {page} is noise"),
            Err(error) => assert!(is_told(&error), "page {page}: {error}"),
        }
    }
}

#[test]
fn a_log_that_broke_off_gives_every_commit_before_the_break() {
    let damaged = Damaged::new();
    fs::remove_file(&damaged.path).unwrap();
    let mut store = Store::open(&damaged.path).unwrap();
    keep_numbered(&mut store, 0..ANSWERS);
    let (main, log) = (
        fs::read(&damaged.path).unwrap(),
        fs::read(beside(&damaged.path, "-wal")).unwrap(),
    );
    drop(store);
    let mut most = 0;
    let cuts = (0..=30).map(|n| n * log.len() / 30);
    for length in cuts.chain([1, 31, 32, 33, log.len() - 1]) {
        for noise in [0, 5_000] {
            damaged.write(&main);
            let mut rest = log[..length].to_vec();
            rest.resize(length + noise, 0x5a);
            fs::write(beside(&damaged.path, "-wal"), rest).unwrap();
            let found = damaged.found().unwrap();
            let store = Store::open(&damaged.path).unwrap();
            let in_order = texts(&store, &damaged.requests).unwrap();
            assert!(
                in_order[..found].iter().all(Option::is_some),
                "the first {found} commits, not others"
            );
            assert_eq!(store.integrity().unwrap(), Integrity::Sound);
            most = most.max(found);
        }
    }
    assert_eq!(most, ANSWERS, "the whole log gives everything");
}

#[test]
fn a_store_after_damage_is_usable_once_the_file_is_moved_away() {
    let damaged = Damaged::new();
    damaged.write(&damaged.bytes[..9_000]);
    assert!(damaged.found().is_err());
    fs::rename(&damaged.path, beside(&damaged.path, ".damaged")).unwrap();
    assert_eq!(damaged.found().unwrap(), 0);
    let mut store = Store::open(&damaged.path).unwrap();
    keep_numbered(&mut store, 0..1);
    assert!(store.answer(&hash("0"), "model", 0).unwrap().is_some());
}

#[test]
fn whole_answers_come_out_of_a_store_that_was_cut() {
    let damaged = Damaged::new();
    let whole = damaged.bytes.len();
    let mut most = 0;
    for length in [
        whole - 1,
        whole - 5000,
        whole * 3 / 4,
        whole / 2,
        20_000,
        5000,
    ] {
        damaged.write(&damaged.bytes[..length]);
        assert!(damaged.found().is_err());
        let (store, rescued) = match Store::rescue(&damaged.path) {
            Ok(rescued) => rescued,
            Err(error) => {
                assert!(length < 10_000, "{length} bytes: {error}");
                assert_eq!(fs::read(&damaged.path).unwrap().len(), length);
                continue;
            }
        };
        assert_eq!(
            fs::read(rescued.moved_to).unwrap(),
            damaged.bytes[..length],
            "the damaged file is kept as it was"
        );
        assert_eq!(store.integrity().unwrap(), Integrity::Sound);
        drop(store);
        assert_eq!(damaged.found().unwrap(), rescued.answers);
        // An answer takes two pages; inner pages and the index have their share of what is lost.
        let pages_left = length / 4096;
        assert!(
            rescued.answers * 3 + 12 > pages_left,
            "{} answers out of {pages_left} pages",
            rescued.answers
        );
        most = most.max(rescued.answers);
    }
    assert!(ANSWERS - 2 <= most, "{most} of {ANSWERS}");
}

#[test]
fn whole_answers_come_out_of_a_store_with_pages_of_noise() {
    let damaged = Damaged::new();
    let mut random = ChaCha8Rng::seed_from_u64(9);
    let mut bytes = damaged.bytes.clone();
    for page in [20, 40, 60] {
        random.fill(&mut bytes[page * 4096..(page + 1) * 4096]);
    }
    damaged.write(&bytes);
    let (store, rescued) = Store::rescue(&damaged.path).unwrap();
    drop(store);
    assert_eq!(damaged.found().unwrap(), rescued.answers);
    assert!(
        (ANSWERS / 2..ANSWERS).contains(&rescued.answers),
        "{rescued:?}"
    );
}

#[test]
fn a_rescue_takes_open_batches_along() {
    let damaged = Damaged::new();
    let batch = |name: &str| OpenBatch {
        name: name.to_owned(),
        model: "openai:small".to_owned(),
        repeat: 0,
        provider_id: None,
        requests: 2,
        when: "2026-11-22T10:00:00Z".to_owned(),
    };
    let requests = [hash("one"), hash("another")];
    let mut store = Store::open(&damaged.path).unwrap();
    for name in ["under way", "not yet sent", "ended"] {
        store.begin_batch(&batch(name), &requests).unwrap();
    }
    store.batch_submitted("under way", "batch_42").unwrap();
    store.batch_submitted("ended", "batch_41").unwrap();
    store
        .set_batch_state("ended", BatchState::Collected)
        .unwrap();
    drop(store);
    let (store, _) = Store::rescue(&damaged.path).unwrap();
    let open: Vec<(String, Option<String>)> = store
        .open_batches("openai:small")
        .unwrap()
        .into_iter()
        .map(|batch| (batch.name, batch.provider_id))
        .collect();
    assert_eq!(
        open,
        [
            ("not yet sent".to_owned(), None),
            ("under way".to_owned(), Some("batch_42".to_owned())),
        ]
    );
    let under_way = store.under_way("openai:small", 0).unwrap();
    assert_eq!(under_way.len(), 2);
}
