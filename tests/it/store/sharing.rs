//! Several handles on one file: threads, processes, and a process that is killed.
#![allow(clippy::print_stdout, reason = "a child speaks to its parent")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use harness::store::{Integrity, Store};

use super::{answer, hash, keep_numbered, key, long_text, parsed, row, run, texts};

const ORDER: &str = "VALIDATE_TEST_STORE_CHILD";
const FILE: &str = "VALIDATE_TEST_STORE_FILE";

/// This test binary once more, with an order.
pub(crate) fn child_command(order: &str, file: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "store::sharing::child", "--nocapture"])
        .env(ORDER, order)
        .env(FILE, file)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

fn child_of(order: &str, file: &Path) -> Child {
    child_command(order, file).spawn().unwrap()
}

/// What a child said, one value a line.
pub(crate) fn said(line: &str) -> Option<String> {
    let (_, value) = line.split_once("child says ")?;
    serde_json::from_str(value).ok()
}

fn say(what: &str) {
    println!("child says {}", serde_json::to_string(what).unwrap());
    std::io::stdout().flush().unwrap();
}

/// Does nothing when it runs as a test.
#[test]
fn child() {
    let (Ok(order), Some(file)) = (std::env::var(ORDER), std::env::var_os(FILE)) else {
        return;
    };
    let file = Path::new(&file);
    match order.as_str() {
        "open" => match Store::open(file) {
            Ok(_) => say("opened"),
            Err(error) => say(&error.to_string()),
        },
        "open read-only" => match Store::open_read_only(file) {
            Ok(store) => say(&store.summary().unwrap().answers[0].answers.to_string()),
            Err(error) => say(&error.to_string()),
        },
        "keep forever" => {
            let mut store = Store::open(file).unwrap();
            for n in 0.. {
                keep_numbered(&mut store, n..n + 1);
                say(&n.to_string());
            }
        }
        "keep until full" => {
            let ballast = file.with_extension("ballast");
            fs::write(&ballast, vec![1; 1_200_000]).unwrap();
            let mut store = Store::open(file).unwrap();
            for n in 0..100_000 {
                let answers = [(key(&n.to_string()), answer(&long_text(n)))];
                let Err(error) = store.keep_answers(&answers) else {
                    continue;
                };
                say(&error.to_string());
                let requests: Vec<_> = (0..n).map(|n| hash(&n.to_string())).collect();
                let all = |store: &Store| {
                    let found = texts(store, &requests).unwrap();
                    found
                        .into_iter()
                        .zip(0..)
                        .all(|(text, n)| text == Some(long_text(n)))
                };
                say(&format!("all are there: {}", all(&store)));
                drop(store);
                let store = Store::open(file).unwrap();
                say(&format!("all are there: {}", all(&store)));
                drop(store);
                fs::remove_file(&ballast).unwrap();
                let mut store = Store::open(file).unwrap();
                say(&format!("all are there: {}", all(&store)));
                say(&format!("kept: {}", store.keep_answers(&answers).unwrap()));
                break;
            }
        }
        "ask" => {
            let mut store = Store::open(file).unwrap();
            ask(&mut store, file);
        }
        other => panic!("no such order: {other}"),
    }
}

/// Asks what is missing, as a run does, and writes down what it paid for.
fn ask(store: &mut Store, file: &Path) {
    let _turn = store.wait_to_ask("model").unwrap();
    for n in 0..30 {
        if store
            .answer(&hash(&n.to_string()), "model", 0)
            .unwrap()
            .is_none()
        {
            let mut paid = fs::File::options()
                .create(true)
                .append(true)
                .open(file.with_extension("paid"))
                .unwrap();
            writeln!(paid, "{n}").unwrap();
            thread::sleep(Duration::from_millis(2));
            keep_numbered(store, n..n + 1);
        }
    }
}

#[test]
fn handles_of_many_threads_lose_and_double_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let new: usize = thread::scope(|scope| {
        let handles: Vec<_> = (0..4)
            .map(|offset| {
                let path = &path;
                scope.spawn(move || {
                    // All open the same new file at once, and each keeps every answer in another order.
                    let mut store = Store::open(path).unwrap();
                    (0..40)
                        .map(|n| {
                            let name = ((n + 10 * offset) % 40).to_string();
                            let new = store.keep_answers(&[(key(&name), answer(&name))]).unwrap();
                            let row = row(&name, "expertise", parsed(&offset.to_string()));
                            store.keep_rows(&[row]).unwrap();
                            new
                        })
                        .sum::<usize>()
                })
            })
            .collect();
        handles
            .into_iter()
            .map(|handle| handle.join().unwrap())
            .sum()
    });
    let store = Store::open(&path).unwrap();
    assert_eq!(new, 40);
    assert_eq!(store.rows(&run(&["expertise"])).unwrap().len(), 40);
    assert_eq!(store.summary().unwrap().answers[0].answers, 40);
    assert_eq!(store.integrity().unwrap(), Integrity::Sound);
}

#[test]
fn two_processes_that_want_the_same_answers_pay_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let children = [child_of("ask", &path), child_of("ask", &path)];
    for child in children {
        let ended = child.wait_with_output().unwrap();
        assert!(ended.status.success(), "{ended:?}");
    }
    let paid = fs::read_to_string(path.with_extension("paid")).unwrap();
    let different: BTreeSet<&str> = paid.lines().collect();
    assert_eq!((paid.lines().count(), different.len()), (30, 30), "{paid}");
}

#[test]
fn the_turn_to_ask_belongs_to_one_handle_per_model_and_ends_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let (one, two) = (Store::open(&path).unwrap(), Store::open(&path).unwrap());
    let turn = one.try_asking("model").unwrap();
    assert!(turn.is_some());
    assert!(two.try_asking("model").unwrap().is_none());
    assert!(two.try_asking("another").unwrap().is_some());
    drop(turn);
    assert!(two.try_asking("model").unwrap().is_some());
}

#[test]
fn what_was_kept_survives_a_process_that_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut first = 0;
    for _ in 0..3 {
        fs::remove_file(&path).ok();
        let mut child = child_of("keep forever", &path);
        let mut last = None;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            if let Some(n) = said(&line.unwrap()) {
                let n: usize = n.parse().unwrap();
                last = Some(n);
                if first + 40 < n {
                    break;
                }
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let wal = folder.path().join("store.db-wal");
        assert!(wal.exists(), "the log is left behind");
        let store = Store::open(&path).unwrap();
        let requests: Vec<_> = (0..=last.unwrap()).map(|n| hash(&n.to_string())).collect();
        let found = texts(&store, &requests).unwrap();
        for (n, text) in found.into_iter().enumerate() {
            assert_eq!(text, Some(long_text(n)));
        }
        assert_eq!(store.integrity().unwrap(), Integrity::Sound);
        first += 7;
    }
}

#[test]
fn a_reader_sees_what_a_writer_has_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut writer = Store::open(&path).unwrap();
    let reader = Store::open_read_only(&path).unwrap();
    keep_numbered(&mut writer, 0..1);
    let found = reader.answer(&hash("0"), "model", 0).unwrap();
    assert_eq!(found, Some(answer(&long_text(0))));
}
