//! Damaged parquet files end in a message, never in a crash, and leave nothing behind.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use harness::ingest::swe_chat::{self, Keep, SweChatError};
use insta::assert_snapshot;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

use crate::swe_chat::{import, small};
use crate::swe_chat_files::{SNAPPY, zstd};

#[test]
fn a_file_that_breaks_off_is_told() {
    let folder = tempfile::tempdir().unwrap();
    small().write(&folder.path().join("data"));
    let path = folder.path().join("data/conversations.parquet");
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    let ran = import(folder.path(), &["data", "--out", "gold"]);
    assert_eq!(ran.code, Some(2));
    assert_snapshot!(ran.stderr);
    assert!(!folder.path().join("gold").exists());
}

#[test]
fn a_file_with_a_changed_page_is_told() {
    let folder = tempfile::tempdir().unwrap();
    small().write(&folder.path().join("data"));
    let path = folder.path().join("data/sessions.parquet");
    let mut bytes = fs::read(&path).unwrap();
    bytes[4..200].fill(0xff);
    fs::write(&path, &bytes).unwrap();
    let ran = import(folder.path(), &["data", "--out", "gold"]);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert!(ran.stderr.contains("is damaged or cut off"), "{ran}");
    assert!(!ran.stderr.contains("panicked"), "{ran}");
    assert!(!folder.path().join("gold").exists());
}

/// Reads the folder; an answer of any kind is right, a panic or a hang is not.
fn survives(folder: &Path, what: &str) -> Result<(), SweChatError> {
    let start = Instant::now();
    let read = swe_chat::read(folder, None, Keep::default());
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{what} takes too long"
    );
    read.map(drop)
}

#[test]
fn no_change_of_bytes_makes_the_reader_panic() {
    let folder = tempfile::tempdir().unwrap();
    let data = small();
    data.write(folder.path());
    let mut random = ChaCha8Rng::seed_from_u64(6);
    let (mut refused, mut read) = (0, 0);
    for (table, layout) in [
        ("sessions", SNAPPY),
        ("conversations", zstd()),
        ("commits", SNAPPY),
    ] {
        let path = folder.path().join(format!("{table}.parquet"));
        data.tables[table].write(&path, layout);
        let whole = fs::read(&path).unwrap();
        for round in 0..400 {
            let mut bytes = whole.clone();
            match round % 4 {
                0 => bytes.truncate(random.random_range(0..whole.len())),
                1 => {
                    for _ in 0..random.random_range(1..4) {
                        let at = random.random_range(4..whole.len());
                        bytes[at] = random.random();
                    }
                }
                2 => {
                    // The footer, which says where everything is.
                    let at = random.random_range(whole.len() * 2 / 3..whole.len() - 8);
                    bytes[at] ^= 1 << random.random_range(0..8);
                }
                _ => {
                    let from = random.random_range(4..whole.len() - 4);
                    let length = random.random_range(1..64).min(whole.len() - from);
                    let to = random.random_range(4..whole.len() - length);
                    bytes.copy_within(from..from + length, to);
                }
            }
            fs::write(&path, &bytes).unwrap();
            match survives(folder.path(), &format!("{table}, round {round}")) {
                Ok(()) => read += 1,
                Err(_) => refused += 1,
            }
        }
        fs::write(&path, &whole).unwrap();
    }
    assert!(0 < read && 0 < refused, "{read} read, {refused} refused");
    survives(folder.path(), "what is whole").unwrap();
}

#[test]
fn the_seed_of_the_fuzz_target_is_whole() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    let folder = tempfile::tempdir().unwrap();
    fs::copy(
        seeds.join("sessions.parquet"),
        folder.path().join("sessions.parquet"),
    )
    .unwrap();
    let read = swe_chat::read(folder.path(), None, Keep::default()).unwrap();
    assert_eq!(read.sessions.len(), 2);
}
