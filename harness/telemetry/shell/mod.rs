//! What a shell command does, as far as its words tell: commits, pull requests, test runs, changes to files.
//!
//! This is a reader of commands, not a shell: `split` takes a command line apart as a shell would, `runners` and `edits`
//! look at the first words of each part, `output` reads what the commands said. It errs where a command hides its work in
//! a script of the project (`./run.sh`).

mod edits;
mod output;
mod runners;
mod split;

pub use output::{commits_in_output, nothing_to_commit, tests_failed_in_output};

use split::{Part, parts};

/// Commands within commands (`bash -c`) are followed this deep.
const DEEPEST: usize = 4;

/// What one command line does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CommandWork {
    /// It runs `git commit`.
    pub commits: bool,
    /// It runs `gh pr create` or its like.
    pub opens_pull_request: bool,
    /// It runs tests.
    pub runs_tests: bool,
    /// It can change files in ways that no patch records.
    pub may_change_files: bool,
}

/// Reads a command line.
#[must_use]
pub fn work_of(command: &str) -> CommandWork {
    let mut work = CommandWork::default();
    read(command, 0, &mut work);
    work
}

fn read(command: &str, depth: usize, work: &mut CommandWork) {
    if depth > DEEPEST {
        return;
    }
    for Part {
        words,
        writes,
        input,
    } in parts(command)
    {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        work.may_change_files |= writes;
        simple(&words, &input, depth, work);
    }
}

/// Reads one simple command; `input` is what its here-documents feed it.
fn simple(words: &[&str], input: &str, depth: usize, work: &mut CommandWork) {
    let [first, arguments @ ..] = program(words) else {
        return;
    };
    let name = first.rsplit('/').next().unwrap_or(first);
    match name {
        "git" => git(arguments, work),
        "gh" | "hub" | "glab" => {
            work.opens_pull_request |= opens_pull_request(arguments);
        }
        "bash" | "sh" | "zsh" | "dash" => match arguments {
            [] | ["-s", ..] => read(input, depth + 1, work),
            _ => {
                if let Some(script) = script(arguments) {
                    read(script, depth + 1, work);
                }
            }
        },
        "eval" => read(&arguments.join(" "), depth + 1, work),
        "docker" | "podman" | "docker-compose" => {
            if let Some(inner) = in_container(arguments)
                && depth < DEEPEST
            {
                simple(inner, input, depth + 1, work);
            }
        }
        "find" => {
            work.may_change_files |= arguments.contains(&"-delete");
            let runs = |word: &&str| matches!(*word, "-exec" | "-execdir" | "-ok");
            if let Some(at) = arguments.iter().position(runs)
                && depth < DEEPEST
            {
                simple(&arguments[at + 1..], input, depth + 1, work);
            }
        }
        _ => {
            work.runs_tests |= runners::run_tests(name, arguments);
            work.may_change_files |= edits::may_change_files(name, arguments);
        }
    }
}

fn git(arguments: &[&str], work: &mut CommandWork) {
    const WITH_VALUE: &[&str] = &["-C", "-c", "--git-dir", "--work-tree", "--namespace"];
    match after_options(arguments, WITH_VALUE) {
        ["commit", rest @ ..] => {
            let only_shows = |word: &&str| matches!(*word, "--dry-run" | "--help" | "-h");
            work.commits |= !rest.iter().any(only_shows);
        }
        // A new branch from where the work stands.
        ["checkout", "-b" | "-B", _] | ["switch", "-c" | "-C" | "--create", _] => {}
        ["stash", "list" | "show", ..] | ["apply", "--check" | "--stat", ..] => {}
        [
            "apply" | "am" | "checkout" | "restore" | "reset" | "revert" | "merge" | "pull"
            | "rebase" | "stash" | "cherry-pick" | "rm" | "mv" | "clean" | "switch",
            ..,
        ] => work.may_change_files = true,
        _ => {}
    }
}

fn opens_pull_request(arguments: &[&str]) -> bool {
    match after_options(arguments, &["-R", "--repo"]) {
        ["pr" | "mr", "create" | "new", rest @ ..] | ["pull-request", rest @ ..] => {
            !rest.contains(&"--dry-run") && !rest.contains(&"--help")
        }
        _ => false,
    }
}

/// The script of `bash -lc "…"`.
fn script<'t>(arguments: &[&'t str]) -> Option<&'t str> {
    let at = arguments
        .iter()
        .take_while(|word| word.starts_with('-'))
        .position(|word| !word.starts_with("--") && word.contains('c'))?;
    arguments.get(at + 1).copied()
}

/// The command that runs in a container: `docker exec web …`, `docker compose run web …`.
fn in_container<'w, 't>(arguments: &'w [&'t str]) -> Option<&'w [&'t str]> {
    const WITH_VALUE: &[&str] = &[
        "-e",
        "--env",
        "--env-file",
        "-w",
        "--workdir",
        "-u",
        "--user",
        "-f",
        "--file",
        "-p",
        "--profile",
        "--project-name",
        "-v",
        "--volume",
        "--name",
        "--network",
        "--entrypoint",
    ];
    let arguments = match arguments {
        ["compose", rest @ ..] => after_options(rest, WITH_VALUE),
        _ => after_options(arguments, WITH_VALUE),
    };
    match arguments {
        ["exec" | "run", rest @ ..] => after_options(rest, WITH_VALUE).get(1..),
        _ => None,
    }
}

/// The words behind leading options; an option of `with_value` takes the next word with it.
fn after_options<'w, 't>(mut words: &'w [&'t str], with_value: &[&str]) -> &'w [&'t str] {
    loop {
        match words {
            [option, _, rest @ ..] if with_value.contains(option) => words = rest,
            [option, rest @ ..] if option.starts_with('-') => words = rest,
            _ => return words,
        }
    }
}

/// The words from the program on: assignments, words of the shell and programs that run another (`sudo`, `timeout 60`)
/// are skipped.
fn program<'w, 't>(words: &'w [&'t str]) -> &'w [&'t str] {
    let mut rest = words;
    while let [first, more @ ..] = rest {
        rest = match *first {
            "then" | "do" | "else" | "elif" | "if" | "while" | "until" | "!" | "{" | "nohup"
            | "exec" | "builtin" => more,
            // `command -v name` asks where a program is.
            "command" if !more.first().is_some_and(|word| word.starts_with('-')) => more,
            "sudo" => after_options(more, &["-u", "-g", "--user", "--group"]),
            "env" => after_options(more, &["-u", "--unset", "-C", "--chdir"]),
            "time" | "stdbuf" => after_options(more, &["-f", "-o", "-i", "-e"]),
            "nice" | "ionice" => after_options(more, &["-n", "-c"]),
            "xargs" => after_options(more, &["-n", "-I", "-P", "-L", "-d", "-s", "-E", "-a"]),
            "timeout" | "gtimeout" => after_options(more, &["-k", "-s", "--signal"])
                .get(1..)
                .unwrap_or_default(),
            // These read the environment of the command behind the dashes.
            "doppler" | "dotenv" | "op" => {
                let dashes = more.iter().position(|word| *word == "--");
                dashes.map_or(more, |at| &more[at + 1..])
            }
            word if is_assignment(word) => more,
            _ => return rest,
        };
    }
    rest
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && name
                .chars()
                .all(|letter| letter.is_alphanumeric() || letter == '_')
    })
}
