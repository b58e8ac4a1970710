//! Every message of the store as a user sees it: what, where, why, and what to do.
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::store::{Integrity, RowOutcome, Store, StoreError};
use insta::assert_snapshot;
use tempfile::TempDir;

use super::sharing::{child_command, said};
use super::{row, store_with};

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    (folder, path)
}

fn told(path: &Path, error: &StoreError) -> String {
    without_folder(path, &error.to_string())
}

fn without_folder(path: &Path, message: &str) -> String {
    message.replace(path.parent().unwrap().to_str().unwrap(), "[folder]")
}

fn refused(path: &Path) -> String {
    told(path, &Store::open(path).expect_err("unusable"))
}

#[test]
fn a_folder_in_place_of_the_file() {
    let (_folder, path) = place();
    fs::create_dir(&path).unwrap();
    assert_snapshot!(refused(&path));
}

#[test]
fn a_file_in_place_of_the_folder() {
    let (_folder, path) = place();
    fs::write(&path, "").unwrap();
    let below = path.join("store.db");
    let error = Store::open(&below).unwrap_err();
    assert_snapshot!(told(&path, &error));
}

#[test]
fn no_store_to_read() {
    let (_folder, path) = place();
    assert_snapshot!(told(&path, &Store::open_read_only(&path).unwrap_err()));
    assert!(!path.exists(), "reading makes no file");
}

#[test]
fn a_file_that_is_no_database() {
    let (_folder, path) = place();
    let text = "session_id,label\n".repeat(100);
    fs::write(&path, &text).unwrap();
    assert_snapshot!(refused(&path));
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[test]
fn a_database_of_another_program() {
    let (folder, path) = place();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(other);
    let before = fs::read(&path).unwrap();
    assert_snapshot!(refused(&path));
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_store_of_a_newer_version() {
    let (_folder, path) = place();
    store_with(&path, 1);
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 7).unwrap();
    drop(newer);
    assert_snapshot!(refused(&path));
    let read = Store::open_read_only(&path).unwrap_err();
    assert_eq!(told(&path, &read), refused(&path));
}

#[test]
fn a_store_of_an_older_version_is_not_read_without_being_brought_up() {
    let (_folder, path) = place();
    store_with(&path, 1);
    let older = rusqlite::Connection::open(&path).unwrap();
    older.pragma_update(None, "user_version", 0).unwrap();
    drop(older);
    assert_snapshot!(told(&path, &Store::open_read_only(&path).unwrap_err()));
}

#[test]
fn a_store_without_its_end() {
    let (_folder, path) = place();
    store_with(&path, 20);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 1000]).unwrap();
    assert_snapshot!(refused(&path));
}

#[test]
fn a_store_without_its_second_half() {
    let (_folder, path) = place();
    store_with(&path, 20);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    assert_snapshot!(refused(&path));
}

#[test]
fn an_answer_that_was_changed_by_hand() {
    let (_folder, path) = place();
    let requests = store_with(&path, 1);
    let by_hand = rusqlite::Connection::open(&path).unwrap();
    by_hand
        .execute("UPDATE answers SET text = 'better'", [])
        .unwrap();
    drop(by_hand);
    let store = Store::open(&path).unwrap();
    let error = store.answer(&requests[0], "model", 0).unwrap_err();
    assert_snapshot!(told(&path, &error));
    let Integrity::Damaged(found) = store.integrity().unwrap() else {
        panic!("the check reads every text");
    };
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn a_row_that_was_changed_by_hand() {
    let (_folder, path) = place();
    let mut store = Store::open(&path).unwrap();
    let missing = row("s1", "expertise", RowOutcome::Missing);
    store.keep_rows(&[missing]).unwrap();
    let by_hand = rusqlite::Connection::open(&path).unwrap();
    by_hand
        .execute("UPDATE outcomes SET left_out = 'all'", [])
        .unwrap();
    let error = store.rows(&super::run(&["expertise"])).unwrap_err();
    assert_snapshot!(told(&path, &error));
}

#[test]
fn a_row_before_its_answer() {
    let mut store = Store::in_memory().unwrap();
    let early = row("s1", "expertise", RowOutcome::Refused);
    assert_snapshot!(store.keep_rows(&[early]).unwrap_err());
}

#[test]
fn a_store_that_stays_busy() {
    assert_snapshot!(StoreError::Busy(PathBuf::from(".validate/store.db")));
}

#[test]
fn a_lock_file_that_cannot_be_made() {
    let (folder, path) = place();
    let store = Store::open(&path).unwrap();
    let in_the_way =
        path.with_file_name(format!("store.db-asking-{}", super::hash("model").short()));
    fs::create_dir(in_the_way).unwrap();
    assert_snapshot!(told(&path, &store.try_asking("model").unwrap_err()));
    drop(folder);
}

/// What a child says that has no more rights than others have; `None` where it cannot be started.
fn said_without_rights(order: &str, path: &Path) -> Option<String> {
    let mut child = child_command(order, path);
    // The administrator may write everywhere.
    if fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0) {
        child.uid(65_534).gid(65_534);
    }
    let ended = child.output().ok()?;
    let said = String::from_utf8_lossy(&ended.stdout)
        .lines()
        .find_map(said);
    if said.is_none() {
        eprintln!("skipped: no child without rights could be started");
    }
    said
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_folder_that_cannot_be_written() {
    let (folder, path) = place();
    set_mode(folder.path(), 0o555);
    if let Some(said) = said_without_rights("open", &path) {
        assert_snapshot!(
            "a_new_store_in_a_read_only_folder",
            without_folder(&path, &said)
        );
    }
    if let Some(said) = said_without_rights("open", &folder.path().join("below/store.db")) {
        assert_snapshot!(
            "a_new_folder_in_a_read_only_folder",
            without_folder(&path, &said)
        );
    }
    set_mode(folder.path(), 0o755);
    store_with(&path, 3);
    set_mode(&path, 0o444);
    set_mode(folder.path(), 0o555);
    if let Some(said) = said_without_rights("open", &path) {
        assert_snapshot!("a_read_only_store", without_folder(&path, &said));
    }
    if let Some(said) = said_without_rights("open read-only", &path) {
        assert_eq!(said, "3", "reading needs no right to write");
    }
    set_mode(folder.path(), 0o755);
}

#[test]
fn a_full_disk() {
    let (folder, path) = place();
    let child = child_command("keep until full", &path);
    // A file system of two megabytes that only the child sees.
    let mut small = Command::new("unshare");
    small
        .args(["--map-root-user", "--mount", "sh", "-c"])
        .arg(r#"mount -t tmpfs -o size=2m none "$1" && shift && exec "$@""#)
        .arg("sh")
        .arg(folder.path())
        .arg(child.get_program())
        .args(child.get_args());
    for (name, value) in child.get_envs() {
        small.env(name, value.unwrap());
    }
    let Ok(ended) = small.output() else {
        eprintln!("skipped: no `unshare` here");
        return;
    };
    let out = String::from_utf8_lossy(&ended.stdout).into_owned();
    let said: Vec<String> = out.lines().filter_map(said).collect();
    if said.is_empty() {
        eprintln!("skipped: no file system of its own for a child here");
        return;
    }
    assert_snapshot!(without_folder(&path, &said.join("\n---\n")));
}
