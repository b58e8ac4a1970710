//! What GitHub's runner reads of the output: no text from outside is a command to it.

use harness::report::escape::github_log;
use serde_json::Value;

use crate::prompts_diff::git;
use crate::workspace::{Ran, Workspace};

const MAIN_JOB: [&str; 4] = ["--classifier", "codebase", "--goldset", "goldsets/tiny"];

/// Lines of both streams that the runner would obey: it cuts leading blanks, and looks for the older form anywhere.
fn commands(ran: &Ran) -> Vec<String> {
    format!("{}\n{}", ran.stdout, ran.stderr)
        .split(['\n', '\r'])
        .filter(|line| line.trim_start().starts_with("::") || line.contains("##["))
        .map(str::to_owned)
        .collect()
}

fn run(workspace: &Workspace, arguments: &[&str], on: &str) -> Ran {
    let output = workspace
        .command(arguments)
        .env("GITHUB_ACTIONS", on)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran {
        code: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

#[test]
fn a_line_of_a_page_is_no_command() {
    let workspace = Workspace::new();
    workspace.edit(
        "goldsets/tiny/goldset.toml",
        "six invented sessions for the tests",
        "::stop-commands::x ##[error]y",
    );
    let elsewhere = run(&workspace, &MAIN_JOB, "");
    assert_eq!(commands(&elsewhere).len(), 1, "{elsewhere}");
    let ran = run(&workspace, &MAIN_JOB, "true");
    assert_eq!(ran.code, elsewhere.code);
    assert!(commands(&ran).is_empty(), "{ran}");
    assert!(
        ran.stdout
            .contains("\\u003a:stop-commands::x ##\\u005berror]y"),
        "{ran}"
    );
    // A reader of JSON gets the title as it is.
    let json = run(
        &workspace,
        &[&MAIN_JOB[..], &["--format", "json"]].concat(),
        "true",
    );
    assert!(commands(&json).is_empty(), "{json}");
    let told: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(told["title"], "::stop-commands::x ##[error]y");
    // Nor is what is said on stderr.
    let wrong = run(&workspace, &["--classifier", "a\n  ::error::b"], "true");
    assert_eq!(wrong.code, Some(2), "{wrong}");
    assert!(wrong.stderr.contains(":error::b"), "{wrong}");
    assert!(commands(&wrong).is_empty(), "{wrong}");
}

#[test]
fn a_line_of_a_prompt_is_no_command_to_who_reads_its_difference() {
    let workspace = Workspace::new();
    let prompt = "prompts/codebase/prompt.md";
    let text = std::fs::read_to_string(workspace.path().join(prompt)).unwrap();
    workspace.write(prompt, &format!("{text}\n::stop-commands::x\n"));
    git(&workspace, &["init", "--quiet", "--initial-branch=main"]);
    git(&workspace, &["add", "prompts"]);
    git(&workspace, &["commit", "--quiet", "--message", "first"]);
    workspace.write(prompt, &format!("{text}\n::stop-commands::x\n##[group]y\n"));
    let arguments = ["prompts", "diff", "codebase", "--goldset", "goldsets/tiny"];
    let elsewhere = run(&workspace, &arguments, "");
    assert_eq!(commands(&elsewhere).len(), 2, "{elsewhere}");
    let ran = run(&workspace, &arguments, "true");
    assert_eq!(ran.code, Some(0), "{ran}");
    assert!(commands(&ran).is_empty(), "{ran}");
    assert!(ran.stdout.contains("stop-commands::x"), "{ran}");
}

#[test]
fn what_is_no_command_stays_as_it_is() {
    let harmless = "a::b\n- ::c\n## [d]\n";
    assert_eq!(github_log(harmless), harmless);
    assert_eq!(github_log("a\r\u{a0}\t::b::c"), "a\r\u{a0}\t\\u003a:b::c");
}
