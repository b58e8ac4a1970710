//! Asking a provider with the real binary: how runs end, and that the next one goes on.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::asking_support::{HAIKU, OLD_HAIKU, PATIENCE, Site, files, outcomes, ran, used};
use crate::fake::ledger::Delivery;
use crate::fake::plan::Plan;
use crate::workspace::Ran;

const ONE: &str = "codebase";

fn start(mut command: Command) -> Child {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn end(child: Child) -> Ran {
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn a_run_asks_each_request_once_and_the_next_run_none() {
    let site = Site::new(6, Plan::new());
    let result = site.json(0, "codebase,outcome", HAIKU, &[]);
    assert_eq!(site.fake.ledger().arrived(), 12);
    assert_eq!(outcomes(&result, "parsed"), 12);
    assert_eq!(
        (used(&result, "requests"), used(&result, "repairs")),
        (12, 0)
    );
    assert_eq!(used(&result, "from_store"), 0);
    let again = site.json(0, "codebase,outcome", HAIKU, &[]);
    assert_eq!(site.fake.ledger().arrived(), 12);
    assert_eq!(used(&again, "from_store"), 12);
    // Nobody is asked, and no key is needed for that.
    let mut offline = site.command(ONE, HAIKU, &["--offline"]);
    offline
        .env_remove("ANTHROPIC_API_KEY")
        .env_remove("ANTHROPIC_BASE_URL");
    assert_eq!(ran(offline).code, Some(0));
}

#[test]
fn offline_a_run_without_answers_is_incomplete() {
    let site = Site::new(2, Plan::new());
    let ran = site.run_to(3, ONE, HAIKU, &["--offline"]);
    assert!(ran.stderr.contains("leave `--offline` out"), "{ran}");
    assert_eq!(site.fake.ledger().arrived(), 0);
}

#[test]
fn a_cap_on_cost_holds_and_a_second_run_goes_on() {
    let whole = Site::new(40, Plan::new());
    whole.run_to(0, ONE, OLD_HAIKU, &[]);
    let bill = whole.fake.ledger().bill();
    let dearest = whole
        .fake
        .ledger()
        .exchanges
        .iter()
        .map(|one| one.cost)
        .max()
        .unwrap();

    let site = Site::new(40, Plan::new().latency_ms(20));
    let cap = bill / 3;
    #[allow(clippy::cast_precision_loss, reason = "some cents in picodollars")]
    let dollars = format!("{:.12}", cap as f64 / 1e12);
    let capped = ["--max-cost", &dollars, "--concurrency", "4"];
    let ran = site.run_to(3, ONE, OLD_HAIKU, &capped);
    assert!(ran.stderr.contains("`--max-cost`) is used up"), "{ran}");
    let spent = site.fake.ledger().bill();
    assert!(spent <= cap + 4 * dearest, "{spent} of {cap}");
    assert!(cap / 2 < spent, "{spent} of {cap}");
    site.run_to(0, ONE, OLD_HAIKU, &[]);
    assert_eq!(site.fake.ledger().bill(), bill);
    assert_eq!(site.fake.ledger().answered_twice(), []);
}

#[test]
fn a_spending_cap_of_the_provider_stops_the_run() {
    let mut plan = Plan::new().latency_ms(10);
    plan.spend_cap_after = Some(10);
    let site = Site::new(40, plan);
    let ran = site.run_to(3, ONE, HAIKU, &["--concurrency", "4"]);
    assert!(ran.stderr.contains("spend limit"), "{ran}");
    assert!(ran.stderr.contains("goes on with what is missing"), "{ran}");
    let ledger = site.fake.ledger();
    // Those in flight when the cap was reached were answered too.
    assert!((10..=13).contains(&ledger.answered()));
    let refused = ledger.exchanges.iter().filter(|one| one.status == 429);
    let known = refused.filter_map(|one| one.finished).min().unwrap() + Duration::from_millis(50);
    let late = ledger
        .exchanges
        .iter()
        .filter(|one| known < one.arrived)
        .count();
    assert_eq!(late, 0);
}

#[test]
fn a_wrong_key_is_named_by_its_variable_alone() {
    let mut site = Site::new(12, Plan::new());
    site.key = "sk-ant-not-the-right-one".to_owned();
    for (model, variable) in [
        (HAIKU, "ANTHROPIC_API_KEY"),
        ("openai:some-model", "OPENAI_API_KEY"),
    ] {
        let ran = site.run_to(3, ONE, model, &["--verbose"]);
        assert!(ran.stderr.contains(variable), "{ran}");
        assert!(!format!("{ran}").contains(&site.key), "{ran}");
    }
}

#[test]
fn a_vendor_is_not_asked_without_a_key() {
    let site = Site::new(2, Plan::new());
    let mut command = site.command(ONE, HAIKU, &[]);
    command
        .env_remove("ANTHROPIC_API_KEY")
        .env_remove("ANTHROPIC_BASE_URL");
    let ran = ran(command);
    assert_eq!(ran.code, Some(3), "{ran}");
    assert!(ran.stderr.contains("ANTHROPIC_API_KEY is not set"), "{ran}");
}

#[test]
fn an_unknown_model_stops_the_run() {
    let site = Site::new(12, Plan::new());
    let ran = site.run_to(3, ONE, "anthropic:claude-nobody-9", &["--concurrency", "2"]);
    assert!(ran.stderr.contains("404"), "{ran}");
    assert!(ran.stderr.contains("claude-nobody-9"), "{ran}");
    assert!(site.fake.ledger().arrived() <= 2);
}

#[test]
fn an_interrupt_waits_for_what_is_on_its_way() {
    let site = Site::new(30, Plan::new().latency_ms(300));
    let child = start(site.command(ONE, HAIKU, &["--concurrency", "4"]));
    assert!(
        site.fake
            .wait_until(|ledger| 6 <= ledger.arrived(), PATIENCE)
    );
    let kill = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(kill.unwrap().success());
    let ran = end(child);
    assert_eq!(ran.code, Some(130), "{ran}");
    assert!(ran.stderr.contains("interrupted"), "{ran}");
    let ledger = site.fake.ledger();
    let lost = ledger
        .exchanges
        .iter()
        .filter(|one| one.delivery != Delivery::Sent)
        .count();
    assert_eq!(lost, 0);
    assert!(ledger.arrived() < 30, "it went on");
    site.run_to(0, ONE, HAIKU, &[]);
    assert_eq!(site.fake.ledger().arrived(), 30);
}

#[test]
fn two_processes_on_one_store_do_not_pay_twice() {
    let site = Site::new(30, Plan::new().latency_ms(20));
    let more = ["--concurrency", "4", "--format", "json"];
    let children = [0, 1].map(|_| start(site.command("codebase,outcome", HAIKU, &more)));
    for child in children {
        let ran = end(child);
        assert_eq!(ran.code, Some(0), "{ran}");
        let result = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(outcomes(&result, "parsed"), 60);
    }
    let ledger = site.fake.ledger();
    assert_eq!((ledger.arrived(), ledger.answered()), (60, 60));
}

#[cfg(unix)]
#[test]
fn a_full_disk_ends_the_run_and_loses_nothing() {
    let site = Site::new(60, Plan::new().latency_ms(5));
    // A limit on the size of files is the disk here; the signal that comes with it would kill.
    let program = env!("CARGO_BIN_EXE_validate");
    let live = site.command(ONE, HAIKU, &["--concurrency", "4"]);
    let mut command = Command::new("/bin/sh");
    command
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 300; exec \"$0\" \"$@\"",
            program,
        ])
        .args(live.get_args())
        .current_dir(site.path())
        .env_clear()
        .envs(
            live.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    let ran = ran(command);
    println!("{ran}");
    assert!(matches!(ran.code, Some(2 | 3)), "{ran}");
    assert!(ran.stderr.contains("store.db"), "{ran}");
    assert!(ran.stderr.contains("hint:"), "{ran}");
    let ledger = site.fake.ledger();
    assert!(ledger.arrived() < 60, "the disk was not full");
    site.fake.mark();
    site.run_to(0, ONE, HAIKU, &[]);
    let twice = site.fake.ledger().answered_twice().len();
    // On their way then, or waiting for the disk.
    assert!(twice <= 8, "{twice} answers were lost");
}

/// A server that refuses every request with these words, by turns for good and for now. It lives as long as the tests.
fn quoting(words: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let body =
        json!({"type": "error", "error": {"type": "invalid_request_error", "message": words}})
            .to_string();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut length = 0;
            loop {
                let mut line = String::new();
                if stream.read_line(&mut line).unwrap() == 0 || line == "\r\n" {
                    break;
                }
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
            }
            std::io::copy(&mut (&mut stream).take(length), &mut std::io::sink()).unwrap();
            let status = ["400 Bad Request", "500 Internal Server Error"][number % 2];
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            stream
                .get_mut()
                .write_all((head + &body).as_bytes())
                .unwrap();
        }
    });
    address
}

#[test]
fn a_key_is_in_no_file_and_no_output() {
    let site = Site::new(4, Plan::new());
    site.run_to(0, ONE, HAIKU, &["--record"]);
    let address = quoting(&format!(
        "you sent x-api-key: {} with this request",
        Plan::KEY
    ));
    let mut shown = Vec::new();
    for format in ["table", "json", "markdown"] {
        let more = [
            "--verbose",
            "--attempts",
            "2",
            "--record",
            "--format",
            format,
        ];
        let mut command = site.command("outcome", HAIKU, &more);
        command.env("ANTHROPIC_BASE_URL", &address);
        shown.push(ran(command));
    }
    assert!(
        shown[0].stderr.contains("with this request"),
        "{}",
        shown[0]
    );
    shown.push(site.workspace.run(&["doctor"]));
    for ran in &shown {
        assert!(!format!("{ran}").contains(Plan::KEY), "{ran}");
    }
    let mut seen = 0;
    for file in files(site.path()) {
        let bytes = fs::read(&file).unwrap();
        let has = |text: &str| {
            bytes
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        };
        assert!(!has(Plan::KEY), "{}", file.display());
        seen += usize::from(has("\"label\\\":"));
    }
    assert!(0 < seen, "no answer was kept");
}
