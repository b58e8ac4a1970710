//! What a shell command does, as far as its words tell: commits, pull requests, test runs, changes to files.
//!
//! This is a reader of commands, not a shell: it splits at operators outside quotes and looks at the first words of each
//! part. It errs where a command hides its work in a script of the project (`./run.sh`).

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
    for part in parts(command) {
        work.may_change_files |= part.writes;
        let words = program(&part.words);
        let [first, rest @ ..] = words else { continue };
        let name = first.rsplit('/').next().unwrap_or(first);
        let arguments: Vec<&str> = rest.iter().map(String::as_str).collect();
        let arguments = arguments.as_slice();
        match name {
            "git" => git(arguments, &mut work),
            "gh" | "hub" | "glab" => {
                work.opens_pull_request |= matches!(
                    arguments,
                    ["pr" | "mr", "create", ..] | ["pull-request", ..]
                );
            }
            "sed" | "perl" => {
                work.may_change_files |= arguments.iter().any(|argument| {
                    argument.starts_with('-')
                        && !argument.starts_with("--")
                        && argument.contains('i')
                        || *argument == "--in-place"
                });
            }
            "tee" | "patch" | "mv" | "cp" | "rm" | "install" | "rsync" | "ln" | "truncate"
            | "unzip" | "tar" | "gofmt" | "goimports" | "prettier" | "rustfmt" | "black"
            | "isort" | "ed" | "ex" => {
                work.may_change_files = true;
            }
            _ => {
                work.runs_tests |= runs_tests(name, arguments);
                work.may_change_files |= generates_files(name, arguments);
            }
        }
    }
    work
}

fn git(arguments: &[&str], work: &mut CommandWork) {
    match skip_git_options(arguments) {
        ["commit", rest @ ..] => work.commits |= !rest.contains(&"--dry-run"),
        [
            "apply" | "am" | "checkout" | "restore" | "reset" | "revert" | "merge" | "pull"
            | "rebase" | "stash" | "cherry-pick" | "rm" | "mv" | "clean" | "switch",
            ..,
        ] => work.may_change_files = true,
        _ => {}
    }
}

/// `git -C dir -c key=value commit`: options before the command, some with a value of their own.
fn skip_git_options<'w, 't>(mut arguments: &'w [&'t str]) -> &'w [&'t str] {
    loop {
        match arguments {
            ["-C" | "-c" | "--git-dir" | "--work-tree", _, rest @ ..] => arguments = rest,
            [option, rest @ ..] if option.starts_with('-') => arguments = rest,
            _ => return arguments,
        }
    }
}

fn runs_tests(name: &str, arguments: &[&str]) -> bool {
    let words: Vec<&str> = arguments
        .iter()
        .copied()
        .filter(|word| !word.starts_with('-'))
        .collect();
    let is_test_script = |script: &str| {
        let stem = script.split(':').next().unwrap_or(script);
        matches!(
            stem,
            "test" | "tests" | "e2e" | "spec" | "unit" | "integration" | "vitest" | "jest"
        ) || script.ends_with(":test")
            || script.ends_with("-test")
            || script.starts_with("test-")
    };
    match name {
        "pytest" | "py.test" | "vitest" | "jest" | "mocha" | "ava" | "phpunit" | "pest"
        | "rspec" | "ctest" | "tox" | "nox" | "nosetests" | "gotestsum" | "bats" | "cypress"
        | "karma" | "busted" | "minitest" => true,
        "go" => matches!(words.as_slice(), ["test", ..]),
        "cargo" => matches!(
            words.as_slice(),
            ["test" | "nextest" | "t" | "llvm-cov", ..] | ["insta", "test", ..]
        ),
        "python" | "python3" | "uv" | "poetry" | "pipenv" | "hatch" | "rye" | "pdm" => {
            arguments
                .iter()
                .any(|word| matches!(*word, "pytest" | "unittest" | "nose2" | "tox"))
                || matches!(words.as_slice(), ["test", ..])
                || words.iter().any(|word| word.ends_with("manage.py")) && words.contains(&"test")
        }
        "npm" | "pnpm" | "yarn" | "bun" | "deno" => match words.as_slice() {
            [
                "run" | "run-script" | "workspace" | "exec" | "x" | "dlx",
                rest @ ..,
            ] => rest
                .iter()
                .any(|word| is_test_script(word) || *word == "playwright"),
            [script, ..] => is_test_script(script) || matches!(*script, "t" | "playwright"),
            [] => false,
        },
        "npx" | "bunx" | "pnpx" => {
            words.first().is_some_and(|word| {
                matches!(
                    *word,
                    "vitest" | "jest" | "mocha" | "playwright" | "cypress" | "ava" | "bats" | "tsx"
                )
            }) && (words.first() != Some(&"tsx") || words.contains(&"--test"))
        }
        "node" => arguments.contains(&"--test"),
        "mvn" | "mvnw" | "gradle" | "gradlew" | "sbt" | "lein" | "mix" | "swift" | "dotnet"
        | "flutter" | "dart" | "bazel" | "buck2" | "zig" | "stack" | "cabal" | "rake" | "rails"
        | "ctl" | "xcodebuild" | "turbo" | "nx" | "lerna" | "composer" | "bundle" => {
            words.iter().any(|word| {
                matches!(
                    *word,
                    "test" | "verify" | "check" | "spec" | "rspec" | "tests"
                ) || word.ends_with(":test")
            })
        }
        "make" | "just" | "task" | "mise" | "nox-run" | "invoke" => words
            .iter()
            .any(|word| is_test_script(word) || *word == "check"),
        "Rscript" => arguments
            .iter()
            .any(|word| word.contains("testthat") || word.contains("test_")),
        _ => false,
    }
}

fn generates_files(name: &str, arguments: &[&str]) -> bool {
    let has = |wanted: &[&str]| arguments.iter().any(|argument| wanted.contains(argument));
    match name {
        "cargo" => has(&[
            "fmt", "fix", "add", "remove", "init", "new", "update", "--fix",
        ]),
        "go" => {
            has(&["generate", "fmt", "fix", "get"])
                || matches!(arguments, ["mod", "init" | "tidy", ..])
        }
        "npm" | "pnpm" | "yarn" | "bun" | "npx" | "bunx" => has(&[
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
        ]),
        "eslint" | "ruff" | "biome" | "stylelint" | "golangci-lint" | "rubocop" => {
            has(&["--fix", "--write", "format", "-a", "-A", "--apply"])
        }
        "python" | "python3" | "node" | "ruby" => {
            matches!(arguments, ["-c" | "-e" | "-" | "<<", ..] | [])
        }
        "uv" | "poetry" => has(&["add", "remove", "lock", "init"]),
        "terraform" => has(&["fmt"]),
        "mise" | "just" | "make" | "task" => has(&["fmt", "format", "fix", "generate", "gen"]),
        _ => false,
    }
}

/// One simple command: its words, and whether its output goes to a file.
struct Part {
    words: Vec<String>,
    writes: bool,
}

/// Splits at `&&`, `||`, `;`, `|`, `&` and line ends outside quotes, here-documents and comments.
fn parts(command: &str) -> Vec<Part> {
    let mut splitter = Splitter::default();
    let mut heredocs: Vec<String> = Vec::new();
    let mut lines = command.split('\n');
    while let Some(line) = lines.next() {
        splitter.line(line, &mut heredocs);
        for end in std::mem::take(&mut heredocs) {
            for body in lines.by_ref() {
                if body.trim() == end {
                    break;
                }
            }
        }
    }
    splitter.end_part();
    splitter.parts
}

#[derive(Default)]
struct Splitter {
    parts: Vec<Part>,
    words: Vec<String>,
    word: String,
    in_word: bool,
    quote: Option<char>,
    writes: bool,
}

impl Splitter {
    fn line(&mut self, line: &str, heredocs: &mut Vec<String>) {
        let mut characters = line.chars().peekable();
        let mut continued = false;
        while let Some(character) = characters.next() {
            if let Some(quote) = self.quote {
                if character == quote {
                    self.quote = None;
                } else {
                    if character == '\\' && quote == '"' {
                        self.word.extend(characters.next());
                    } else {
                        self.word.push(character);
                    }
                }
                continue;
            }
            match character {
                '\'' | '"' => {
                    self.quote = Some(character);
                    self.in_word = true;
                }
                '\\' => match characters.next() {
                    Some(escaped) => self.push(escaped),
                    None => continued = true,
                },
                '#' if !self.in_word => break,
                '<' if characters.peek() == Some(&'<') => {
                    characters.next();
                    if characters.peek() == Some(&'<') {
                        characters.next();
                    } else {
                        let rest: String = characters.clone().collect();
                        let (end, used) = heredoc_end(&rest);
                        heredocs.push(end);
                        for _ in 0..used {
                            characters.next();
                        }
                    }
                }
                '>' => self.redirection(&mut characters),
                ';' | '|' | '&' | '(' | ')' => {
                    if character == '&' && characters.peek() == Some(&'>') {
                        continue;
                    }
                    self.end_part();
                }
                white if white.is_whitespace() => self.end_word(),
                other => self.push(other),
            }
        }
        if self.quote.is_some() {
            self.word.push('\n');
        } else if !continued {
            self.end_part();
        }
    }

    /// `> file` writes; `>/dev/null`, `2>&1` and a file under a temporary folder change nothing of the project.
    fn redirection(&mut self, characters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
        if self.in_word
            && self
                .word
                .chars()
                .all(|character| character.is_ascii_digit())
        {
            self.word.clear();
            self.in_word = false;
        }
        self.end_word();
        if characters.peek() == Some(&'>') {
            characters.next();
        }
        let rest: String = characters.clone().collect();
        let target = rest.trim_start();
        if !(target.starts_with('&')
            || target.starts_with("/dev/")
            || target.starts_with("/tmp/")
            || target.is_empty())
        {
            self.writes = true;
        }
        if target.starts_with('&') {
            while characters
                .peek()
                .is_some_and(|character| character.is_whitespace() || *character == '&')
            {
                characters.next();
            }
        }
    }

    fn push(&mut self, character: char) {
        self.word.push(character);
        self.in_word = true;
    }

    fn end_word(&mut self) {
        if self.in_word {
            self.words.push(std::mem::take(&mut self.word));
            self.in_word = false;
        }
    }

    fn end_part(&mut self) {
        self.end_word();
        let words = std::mem::take(&mut self.words);
        let writes = std::mem::take(&mut self.writes);
        if !words.is_empty() || writes {
            self.parts.push(Part { words, writes });
        }
    }
}

/// The word that ends a here-document and the characters it took.
fn heredoc_end(rest: &str) -> (String, usize) {
    let mut end = String::new();
    let mut used = 0;
    for character in rest.chars() {
        match character {
            '-' | ' ' if end.is_empty() => {}
            '\'' | '"' | '\\' => {}
            letter if letter.is_alphanumeric() || letter == '_' => end.push(letter),
            _ => break,
        }
        used += 1;
    }
    (end, used)
}

/// The words from the program on: assignments, `sudo`, `env`, `time`, `timeout 60` and words of the shell are skipped.
fn program(words: &[String]) -> &[String] {
    let mut rest = words;
    while let [first, more @ ..] = rest {
        let is_assignment = first.split_once('=').is_some_and(|(name, _)| {
            !name.is_empty()
                && name
                    .chars()
                    .all(|letter| letter.is_alphanumeric() || letter == '_')
        });
        match first.as_str() {
            "sudo" | "env" | "time" | "nohup" | "command" | "exec" | "xargs" | "nice" | "then"
            | "do" | "else" | "if" | "while" | "!" | "{" | "doppler" | "dotenv" => rest = more,
            "timeout" | "gtimeout" => {
                let options = more.iter().take_while(|word| word.starts_with('-')).count();
                rest = more.get(options + 1..).unwrap_or_default();
            }
            _ if is_assignment => rest = more,
            _ => break,
        }
    }
    rest
}

/// Commits that git's own output shows: lines such as `[main 1a2b3c4] message`.
#[must_use]
pub fn commits_in_output(output: &str) -> u64 {
    output
        .lines()
        .filter(|line| is_commit_line(line.trim_start()))
        .count() as u64
}

fn is_commit_line(line: &str) -> bool {
    let Some((head, message)) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) else {
        return false;
    };
    let Some(sha) = head.split(' ').next_back() else {
        return false;
    };
    head.contains(' ')
        && (7..=40).contains(&sha.len())
        && sha.bytes().all(|byte| byte.is_ascii_hexdigit())
        && message.starts_with(' ')
}

/// Whether git said that there was nothing to commit.
#[must_use]
pub fn nothing_to_commit(output: &str) -> bool {
    [
        "nothing to commit",
        "no changes added to commit",
        "nothing added to commit",
    ]
    .iter()
    .any(|words| output.contains(words))
}

/// Whether a test runner's closing words say that tests failed, for runs whose exit code a pipe has hidden.
#[must_use]
pub fn tests_failed_in_output(output: &str) -> bool {
    output.lines().rev().take(60).any(|line| {
        let line = line.trim();
        line.starts_with("test result: FAILED")
            || line.starts_with("FAIL\t")
            || line == "FAIL"
            || line.starts_with("--- FAIL")
            || line.starts_with("FAILED (")
            || counted_failures(line)
    })
}

/// `3 failed`, `Tests: 2 failed, 10 passed`, `5 failing`: a positive count before the word.
fn counted_failures(line: &str) -> bool {
    let words: Vec<&str> = line
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    words.windows(2).any(|pair| {
        let [number, word] = pair else { return false };
        matches!(*word, "failed" | "failing" | "failures")
            && number.parse::<u64>().is_ok_and(|number| number > 0)
    })
}
