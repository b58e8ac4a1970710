//! Which commands can change files of the project in ways that no patch records.

use super::split::is_scratch;

/// Words that make a tool look instead of write.
const ONLY_LOOK: &[&str] = &[
    "--check",
    "--diff",
    "--dry-run",
    "--version",
    "--help",
    "--list-different",
];

/// Whether the program can change files.
pub(super) fn may_change_files(name: &str, arguments: &[&str]) -> bool {
    if arguments.iter().any(|word| ONLY_LOOK.contains(word)) {
        return false;
    }
    let has = |wanted: &[&str]| arguments.iter().any(|word| wanted.contains(word));
    let files = || arguments.iter().filter(|word| !word.starts_with('-'));
    // What is run: the command of a tool, or the script behind `run`.
    let command = || {
        let mut words = files().copied().skip_while(|word| *word == "run");
        words.next().unwrap_or_default()
    };
    match name {
        "sed" => edits_in_place(arguments, "ef"),
        "perl" => edits_in_place(arguments, "eEmMIx"),
        "patch" | "ed" | "ex" | "black" | "isort" | "rustfmt" => true,
        "gofmt" | "goimports" => has(&["-w"]),
        "prettier" => has(&["--write", "-w"]),
        "tee" | "mv" | "rm" | "truncate" => files().any(|file| !is_scratch(file)),
        "cp" | "install" | "rsync" | "ln" => {
            files().next_back().is_some_and(|file| !is_scratch(file))
        }
        "unzip" => !has(&["-l", "-p", "-t", "-Z"]),
        "tar" => arguments.first().is_some_and(|mode| {
            let mode = mode.strip_prefix("--").unwrap_or(mode);
            mode.starts_with("extract") || !mode.contains("list") && mode.contains('x')
        }),
        "eslint" | "biome" | "stylelint" | "golangci-lint" => {
            has(&["--fix", "--write", "--apply"]) || name == "golangci-lint" && command() == "fmt"
        }
        "rubocop" => has(&["-a", "-A", "--auto-correct", "--autocorrect"]),
        "ruff" => command() == "format" || has(&["--fix"]),
        "cargo" => {
            has(&["--fix", "--accept"])
                || matches!(
                    command(),
                    "fmt" | "fix" | "add" | "remove" | "rm" | "init" | "new" | "update"
                )
                || matches!(arguments, ["insta", "accept" | "review", ..])
        }
        "go" => {
            matches!(command(), "generate" | "fmt" | "fix" | "get")
                || matches!(
                    arguments,
                    ["mod", "init" | "tidy" | "edit" | "vendor", ..] | ["work", ..]
                )
        }
        "npm" | "pnpm" | "yarn" | "bun" | "npx" | "bunx" => {
            has(&[
                "install",
                "i",
                "add",
                "remove",
                "uninstall",
                "init",
                "create",
                "update",
                "upgrade",
                "format",
                "--write",
                "--fix",
                "lint:fix",
                "up",
            ]) && !has(&["playwright"])
        }
        "uv" | "poetry" => has(&["add", "remove", "lock", "init"]),
        "terraform" => has(&["fmt"]),
        "mise" | "just" | "make" | "task" => has(&["fmt", "format", "fix", "generate", "gen"]),
        name if name.starts_with("python") || matches!(name, "node" | "ruby") => {
            // Code on the command line or from a here-document can do anything.
            arguments.is_empty()
                || arguments
                    .iter()
                    .take_while(|word| word.starts_with('-'))
                    .any(|word| matches!(*word, "-c" | "-e" | "-" | "--eval"))
        }
        _ => false,
    }
}

/// Whether a cluster of one-letter options holds `i`; letters of `with_value` end a cluster, because what follows them is
/// their value.
fn edits_in_place(arguments: &[&str], with_value: &str) -> bool {
    arguments.iter().any(|word| match word.strip_prefix('-') {
        Some(long) if long.starts_with('-') => long.starts_with("-in-place"),
        Some(cluster) => cluster
            .chars()
            .take_while(|letter| !with_value.contains(*letter))
            .any(|letter| letter == 'i'),
        None => false,
    })
}
