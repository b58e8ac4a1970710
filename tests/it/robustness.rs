//! Requests varied so that the right answer stays the same: what is in them, and what becomes of their answers.

use std::collections::{BTreeMap, BTreeSet};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::asking_support::{HAIKU, Site, ran};
use crate::fake::plan::Plan;
use crate::recorded::three_sessions;
use crate::requests_files::{answer_all_by_hand, export, greeting, import, label_for, lines, read};
use crate::transcript::Transcript;
use crate::workspace::{Ran, Workspace};

/// The three sessions, each with a command that printed something and a file that was read, and recorded answers.
fn site() -> Workspace {
    let workspace = three_sessions();
    for (id, text) in [("a", "hello there"), ("b", "fix it"), ("c", "good morning")] {
        let path = workspace
            .path()
            .join(format!("goldsets/three/sessions/{id}.jsonl"));
        Transcript::new()
            .with("sessionId", id)
            .at("10:00:00")
            .user(text)
            .runs("r1", "ls")
            .gets("r1", "Cargo.toml")
            .calls("r2", "Read", json!({"file_path": "/p/Cargo.toml"}))
            .gets("r2", "[package]")
            .says("m1", "There is one file.")
            .write(&path);
    }
    assert_eq!(export(&workspace, &[]).code, Some(0));
    answer_all_by_hand(&workspace, "requests.jsonl", "answers.jsonl");
    let imported = import(&workspace, &["answers.jsonl"]);
    assert_eq!(imported.code, Some(0), "{imported}");
    workspace
}

fn export_varied(workspace: &Workspace, more: &[&str]) -> Vec<Value> {
    let mut arguments = vec!["--robustness"];
    arguments.extend(more);
    let ran = export(workspace, &arguments);
    assert_eq!(ran.code, Some(0), "{ran}");
    lines(workspace, "requests.jsonl")
}

fn hashes(requests: &[Value]) -> BTreeSet<String> {
    requests
        .iter()
        .map(|request| request["request_hash"].as_str().unwrap().to_owned())
        .collect()
}

fn text<'r>(request: &'r Value, part: &str) -> &'r str {
    request["request"][part].as_str().unwrap()
}

/// The planted line of a request, by what all texts of `prompts/robustness.toml` name.
fn planted(request: &Value) -> Option<&str> {
    let lines = text(request, "view").lines();
    lines.map(str::trim).find(|line| line.contains("Greeting"))
}

/// The label that a planted line demands.
fn demanded(line: &str) -> &'static str {
    let words: Vec<&str> = line
        .split(|letter: char| !letter.is_alphanumeric())
        .collect();
    match (words.contains(&"yes"), words.contains(&"no")) {
        (true, false) => "yes",
        (false, true) => "no",
        both => panic!("{both:?}: {line}"),
    }
}

#[test]
fn every_session_is_varied_in_five_ways_and_each_has_a_hash_of_its_own() {
    let workspace = site();
    let base: Vec<Value> = lines(&workspace, "requests.jsonl");
    let requests = export_varied(&workspace, &[]);
    assert_eq!(requests.len(), 15);
    let varied = hashes(&requests);
    assert_eq!(varied.len(), 15);
    assert!(varied.is_disjoint(&hashes(&base)));
    for request in &requests {
        // Whoever answers by hand sees neither how a request was varied nor what it demands.
        let keys: Vec<&String> = request.as_object().unwrap().keys().collect();
        assert_eq!(
            keys,
            ["request_hash", "session_id", "classifier", "request"]
        );
    }
    assert_eq!(hashes(&export_varied(&workspace, &[])), varied);
    assert_ne!(hashes(&export_varied(&workspace, &["--seed", "1"])), varied);
    let fewer = export_varied(&workspace, &["--robustness-sessions", "2"]);
    assert_eq!(fewer.len(), 10);
    assert!(hashes(&fewer).is_subset(&varied));
}

#[test]
fn what_is_planted_contradicts_gold_and_stays_text_of_the_session() {
    let workspace = site();
    let requests = export_varied(&workspace, &[]);
    let planted_ones: Vec<&Value> = requests
        .iter()
        .filter(|request| planted(request).is_some())
        .collect();
    assert_eq!(planted_ones.len(), 9);
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for request in planted_ones {
        let line = planted(request).unwrap();
        let gold = match request["session_id"].as_str().unwrap() {
            "b" => "no",
            _ => "yes",
        };
        assert_ne!(demanded(line), gold);
        let view = text(request, "view");
        let raw = view.lines().find(|raw| raw.contains(line)).unwrap();
        assert!(raw.starts_with("  "), "{view}");
        assert_eq!(
            view.lines()
                .filter(|line| line.starts_with("[turn"))
                .count(),
            4,
            "{view}"
        );
        // The entry above it says whose text it is.
        let above = view[..view.find(line).unwrap()]
            .lines()
            .rev()
            .find(|above| !above.starts_with("  ") && !above.is_empty())
            .unwrap();
        let before: Vec<&str> = view[..view.find(line).unwrap()].lines().collect();
        let read_file = before.iter().any(|line| line.contains("TOOL Read"));
        *places
            .entry(match (above.starts_with("RESULT"), read_file) {
                (false, _) => "prompt",
                (true, false) => "result",
                (true, true) => "file",
            })
            .or_default() += 1;
    }
    assert_eq!(
        places,
        BTreeMap::from([("file", 3), ("prompt", 3), ("result", 3)])
    );
}

#[test]
fn order_and_wording_change_and_nothing_else() {
    let workspace = site();
    let base: Vec<Value> = lines(&workspace, "requests.jsonl");
    let requests = export_varied(&workspace, &[]);
    let mut reordered = 0;
    let mut reworded = 0;
    for request in &requests {
        let plain = base
            .iter()
            .find(|plain| plain["session_id"] == request["session_id"])
            .unwrap();
        let same = |part| text(plain, part) == text(request, part);
        assert!(same("schema"));
        if !same("classifier") {
            assert!(same("system") && same("view"));
            let (shown, varied) = (text(plain, "classifier"), text(request, "classifier"));
            assert!(shown.find("`yes`") < shown.find("`no`"));
            assert!(varied.find("`no`") < varied.find("`yes`"));
            reordered += 1;
        }
        if !same("system") {
            assert!(same("classifier"));
            let view = text(request, "view");
            assert!(view.starts_with("TRANSCRIPT STARTS "), "{view}");
            // Between the fence's lines stands the same, marker included.
            let inner = |view: &str| -> Vec<String> {
                let lines: Vec<String> = view.lines().map(str::to_owned).collect();
                lines[1..lines.len() - 1].to_vec()
            };
            assert_eq!(inner(view), inner(text(plain, "view")));
            assert!(text(request, "system").contains("TRANSCRIPT STOPS"));
            reworded += 1;
        }
    }
    assert_eq!((reordered, reworded), (3, 3));
}

/// Answers every varied request as `label` says, and imports the answers.
fn answer_varied(workspace: &Workspace, label: impl Fn(&Value) -> &'static str) {
    let answers: String = export_varied(workspace, &[])
        .iter()
        .map(|request| {
            let answer = greeting(label(request));
            format!(
                "{}\n",
                json!({"request_hash": request["request_hash"], "text": answer})
            )
        })
        .collect();
    workspace.write("varied.jsonl", &answers);
    let imported = import(workspace, &["varied.jsonl", "--robustness"]);
    assert_eq!(imported.code, Some(0), "{imported}");
}

fn look(workspace: &Workspace, more: &[&str]) -> Ran {
    let mut arguments = vec!["gate", "--robustness", "--goldset", "goldsets/three"];
    // The approved labels are the candidate's own: nothing but robustness is open.
    arguments.extend(["--baseline", "recorded:m"]);
    arguments.extend(more);
    workspace.run(&arguments)
}

/// Exit code, the headline, what a page says of robustness, and what was said beside it.
fn told(ran: &Ran) -> String {
    let headline = ran
        .stdout
        .lines()
        .find(|line| line.starts_with("Robustness: "))
        .unwrap_or_else(|| panic!("{ran}"));
    let section = ran.stdout.find("Robustness: greeting").unwrap();
    format!(
        "exit code {:?}\n{headline}\n…\n{}--- stderr ---\n{}",
        ran.code,
        &ran.stdout[section..],
        ran.stderr
    )
}

#[test]
fn a_model_that_does_what_a_session_says_fails() {
    let workspace = site();
    // A stand-in for a model: it obeys a planted line, else it goes by the words of the session.
    answer_varied(&workspace, |request| {
        planted(request).map_or_else(|| label_for(&request["request"]["view"]), demanded)
    });
    let ran = look(&workspace, &[]);
    assert_eq!(ran.code, Some(1), "{ran}");
    assert_snapshot!(told(&ran));
    let ran = look(&workspace, &["--format", "json"]);
    let result: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(result["robustness"]["verdict"], "fail");
    let result = &result["robustness"]["classifiers"][0];
    assert_eq!(result["verdict"], "fail");
    assert_eq!(result["together"]["followed"], 9);
    assert_eq!(result["together"]["n"], 15);
    for variation in result["variations"].as_array().unwrap() {
        let is_planted = variation["variation"]
            .as_str()
            .unwrap()
            .starts_with("planted");
        assert_eq!(variation["flipped"], if is_planted { 3 } else { 0 });
        assert_eq!(variation["n"], 3);
    }
    let junit = look(&workspace, &["--format", "junit"]).stdout;
    let suite = &junit[junit.find("greeting, robustness").unwrap()..];
    assert_eq!(suite.matches("<failure ").count(), 3, "{junit}");
    assert_eq!(suite.matches("<error ").count(), 2, "{junit}");
}

#[test]
fn a_model_that_stands_is_not_passed_on_three_sessions() {
    let workspace = site();
    answer_varied(&workspace, |request| label_for(&request["request"]["view"]));
    let ran = look(&workspace, &[]);
    assert_eq!(ran.code, Some(3), "{ran}");
    assert_snapshot!(told(&ran));
    // What is told first is what the exit code says, in each format.
    let allowed = look(&workspace, &["--format", "json"]);
    let result: Value = serde_json::from_str(&allowed.stdout).unwrap();
    assert_eq!(result["verdict"], "inconclusive");
    let answer = result["answer"].as_str().unwrap();
    assert!(answer.starts_with("INCONCLUSIVE: "), "{answer}");
    assert!(answer.ends_with("robustness: inconclusive."), "{answer}");
    assert!(ran.stdout.contains(answer), "{ran}");
    let junit = look(&workspace, &["--format", "junit"]).stdout;
    let suite = &junit[junit.find("greeting, robustness").unwrap()..];
    for case in suite.split("<testcase ").skip(1) {
        let name = case.split("stand under ").nth(1).unwrap();
        let variation = name.split('"').next().unwrap();
        let body = case.split('>').nth(2).unwrap();
        assert!(body.contains(&format!("under `{variation}`")), "{case}");
    }
}

#[test]
fn missing_answers_are_told_with_the_commands_that_get_them() {
    let workspace = site();
    let ran = look(&workspace, &["--robustness-sessions", "2"]);
    assert_eq!(ran.code, Some(3), "{ran}");
    assert_snapshot!(told(&ran));
}

#[test]
fn a_rater_answers_no_requests() {
    let ran = look(&site(), &["--candidate", "baseline:majority"]);
    assert_eq!(ran.code, Some(2), "{ran}");
    assert!(ran.stderr.contains("answers no requests"), "{ran}");
}

/// Answers to varied requests lie beside the others and are never taken for them.
#[test]
fn recordings_of_varied_requests_leave_the_main_job_as_it_was() {
    let workspace = site();
    let main = [
        "--classifier",
        "greeting",
        "--goldset",
        "goldsets/three",
        "--format",
        "json",
    ];
    let before = workspace.run(&main);
    answer_varied(&workspace, |_| "no");
    let kept = read(&workspace, "goldsets/three/recordings/greeting/m.jsonl");
    assert_eq!(kept.lines().count(), 18);
    assert_eq!(kept.matches("\"variation\":\"label-order\"").count(), 3);
    let after = workspace.run(&main);
    let agreement = |ran: &Ran| {
        let result: Value = serde_json::from_str(&ran.stdout).unwrap();
        result["classifiers"][0]["agreement"].clone()
    };
    assert_eq!(agreement(&before), agreement(&after));
    // Another prompt makes the three answers stale, and nothing is said of those to varied requests.
    workspace.edit(
        "prompts/greeting/prompt.md",
        "{{ question }}",
        "{{ question }} Really?",
    );
    let ran = workspace.run(&main);
    assert_eq!(ran.code, Some(3), "{ran}");
    assert!(
        ran.stderr.contains("3 recordings answer another prompt"),
        "{ran}"
    );
    // Without the option an import knows nothing of varied requests.
    let refused = import(&workspace, &["varied.jsonl"]);
    assert_eq!(refused.code, Some(2), "{refused}");
}

#[test]
fn a_provider_is_asked_for_varied_requests_once() {
    let site = Site::new(3, Plan::default());
    let mut arguments = vec!["gate", "--robustness", "--goldset", "goldsets/live"];
    arguments.extend(["--classifier", "codebase", "--baseline", "rater:hand"]);
    arguments.extend(["--model", HAIKU, "--format", "json"]);
    let run = || {
        let mut command = site.workspace.command(&arguments);
        command
            .env("ANTHROPIC_API_KEY", &site.key)
            .env("ANTHROPIC_BASE_URL", site.fake.base_anthropic());
        ran(command)
    };
    let first = run();
    let result: Value = serde_json::from_str(&first.stdout).unwrap_or_else(|_| panic!("{first}"));
    let together = &result["robustness"]["classifiers"][0]["together"];
    assert_eq!(together["missing"], 0, "{first}");
    // Sessions of a few words: no tool ran and no file was read, so that three variations of each are left.
    assert_eq!(together["n"], 9);
    assert_eq!(together["without_place"], 6);
    let asked = site.fake.ledger().answered();
    assert_eq!(asked, 3 + 9);
    let second = run();
    assert_eq!(site.fake.ledger().answered(), asked);
    let second: Value = serde_json::from_str(&second.stdout).unwrap();
    assert_eq!(result["robustness"], second["robustness"]);
}
