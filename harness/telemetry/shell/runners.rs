//! Which commands run tests: the runners themselves and the tools that start them.

use super::after_options;

/// Words that make a runner show something instead of running.
const ONLY_SHOW: &[&str] = &[
    "--version",
    "--help",
    "-h",
    "--collect-only",
    "--co",
    "--list",
    "--listTests",
    "--list-tests",
    "--no-run",
];

/// Options of JavaScript's package managers that take the next word with them.
const PACKAGE_OPTIONS: &[&str] = &[
    "--filter",
    "-F",
    "--prefix",
    "--workspace",
    "--cwd",
    "-C",
    "--dir",
];

/// Whether the program runs tests.
pub(super) fn run_tests(name: &str, arguments: &[&str]) -> bool {
    !arguments.iter().any(|word| ONLY_SHOW.contains(word)) && runs(name, arguments)
}

fn runs(name: &str, arguments: &[&str]) -> bool {
    let words: Vec<&str> = arguments
        .iter()
        .copied()
        .filter(|word| !word.starts_with('-'))
        .collect();
    let words = words.as_slice();
    // `jest@29` is jest.
    match name.split_once('@').map_or(name, |(name, _)| name) {
        "pytest" | "py.test" | "unittest" | "nose2" | "jest" | "mocha" | "ava" | "phpunit"
        | "pest" | "rspec" | "ctest" | "tox" | "nox" | "nosetests" | "gotestsum" | "bats"
        | "karma" | "busted" | "minitest" => true,
        "vitest" => !matches!(words, ["list" | "init", ..]),
        "playwright" => matches!(words, ["test", ..]),
        "cypress" => matches!(words, ["run", ..]),
        "node" | "tsx" => arguments.contains(&"--test"),
        "cargo" => cargo(arguments),
        "go" => match after_options(arguments, &["-C"]) {
            ["test", rest @ ..] => !rest.contains(&"-c") && !rest.contains(&"-list"),
            _ => false,
        },
        "uv" | "poetry" | "pipenv" | "hatch" | "rye" | "pdm" | "pixi" => python_tool(arguments),
        "uvx" | "pipx" => first_runs(arguments, &["--with", "--from", "--python", "-p"]),
        "coverage" => matches!(arguments, ["run", rest @ ..] if python(rest)),
        name if name == "py" || name.starts_with("python") => python(arguments),
        name if name.ends_with("manage.py") => matches!(words, ["test", ..]),
        "npm" => {
            let with_value = [PACKAGE_OPTIONS, &["-w"]].concat();
            package_manager(arguments, &with_value)
        }
        "pnpm" | "yarn" | "bun" | "deno" => package_manager(arguments, PACKAGE_OPTIONS),
        "npx" | "bunx" | "pnpx" => first_runs(arguments, &["--package", "-p"]),
        "mvn" | "mvnw" => {
            words
                .iter()
                .any(|word| matches!(*word, "test" | "verify" | "integration-test"))
                && !arguments
                    .iter()
                    .any(|word| word.starts_with("-DskipTests") || *word == "-Dmaven.test.skip")
        }
        "gradle" | "gradlew" => without_values(arguments, &["-x", "--exclude-task", "-p"])
            .iter()
            .map(|task| task.rsplit(':').next().unwrap_or(task))
            .any(|task| task == "check" || task.starts_with("test") || task.ends_with("Test")),
        "bundle" => matches!(words, ["exec", program, rest @ ..] if runs(program, rest)),
        "rails" | "rake" => words
            .first()
            .is_some_and(|task| is_test_script(task) || *task == "spec"),
        "nx" | "turbo" | "lerna" => {
            words
                .iter()
                .any(|word| is_test_script(word) || word.ends_with(":test"))
                || arguments.contains(&"--target=test")
        }
        "sbt" | "lein" | "mix" | "swift" | "dotnet" | "flutter" | "dart" | "bazel" | "buck2"
        | "zig" | "stack" | "cabal" | "xcodebuild" | "composer" => words
            .iter()
            .any(|word| matches!(*word, "test" | "tests" | "spec") || word.ends_with(":test")),
        "make" | "gmake" | "just" | "task" | "mise" | "invoke" => {
            without_values(arguments, &["-C", "-f", "--directory", "--justfile", "-d"])
                .iter()
                .any(|word| is_test_script(word) || *word == "check")
        }
        "Rscript" => arguments
            .iter()
            .any(|word| word.contains("testthat") || word.contains("test_")),
        _ => false,
    }
}

fn cargo(arguments: &[&str]) -> bool {
    let arguments = match arguments {
        [toolchain, rest @ ..] if toolchain.starts_with('+') => rest,
        _ => arguments,
    };
    const WITH_VALUE: &[&str] = &["--manifest-path", "-C", "--config", "--color", "-Z"];
    match after_options(arguments, WITH_VALUE) {
        ["test" | "t", ..] => true,
        ["nextest", rest @ ..] => rest.contains(&"run") || rest.contains(&"r"),
        ["llvm-cov", rest @ ..] => !matches!(rest, ["report" | "clean" | "show-env", ..]),
        ["insta" | "miri" | "hack" | "careful", rest @ ..] => {
            rest.contains(&"test") || rest.contains(&"nextest")
        }
        ["watch", rest @ ..] => rest
            .iter()
            .any(|word| word.split(' ').next() == Some("test")),
        _ => false,
    }
}

/// `python -m pytest`, `python manage.py test`.
fn python(arguments: &[&str]) -> bool {
    match arguments {
        ["-m", "coverage", "run", rest @ ..] => python(rest),
        ["-m", module, rest @ ..] => runs(module, rest),
        [option, rest @ ..] if option.starts_with('-') && !matches!(*option, "-c" | "-") => {
            python(rest)
        }
        [script, rest @ ..] => script.ends_with("manage.py") && runs("manage.py", rest),
        [] => false,
    }
}

/// `uv run pytest`, `hatch test`.
fn python_tool(arguments: &[&str]) -> bool {
    const WITH_VALUE: &[&str] = &[
        "--with",
        "--extra",
        "--group",
        "--python",
        "-p",
        "--env-file",
        "--directory",
        "--project",
        "--package",
        "-e",
        "--environment",
    ];
    match after_options(arguments, WITH_VALUE) {
        ["run", rest @ ..] => first_runs(rest, WITH_VALUE),
        ["tool", "run", rest @ ..] => first_runs(rest, WITH_VALUE),
        ["test", ..] => true,
        _ => false,
    }
}

/// Whether the first word behind the options is a runner or a script that is called like one.
fn first_runs(arguments: &[&str], with_value: &[&str]) -> bool {
    match after_options(arguments, with_value) {
        [program, rest @ ..] => is_test_script(program) || runs(program, rest),
        [] => false,
    }
}

/// `npm test`, `pnpm --filter web test`, `yarn workspace web jest`.
fn package_manager(arguments: &[&str], with_value: &[&str]) -> bool {
    match after_options(arguments, with_value) {
        [
            "run" | "run-script" | "exec" | "x" | "dlx" | "task" | "recursive" | "foreach",
            rest @ ..,
        ] => package_manager(rest, with_value),
        ["workspace", _, rest @ ..] | ["workspaces", rest @ ..] => {
            package_manager(rest, with_value)
        }
        ["t" | "tst", ..] => true,
        rest => first_runs(rest, &[]),
    }
}

/// A script or target that is called like one that runs tests.
fn is_test_script(script: &str) -> bool {
    let stem = script.split(':').next().unwrap_or(script);
    matches!(
        stem,
        "test" | "tests" | "e2e" | "spec" | "unit" | "integration"
    ) || [":test", "-test", "_test"]
        .iter()
        .any(|end| script.ends_with(end))
        || ["test-", "test_"]
            .iter()
            .any(|start| script.starts_with(start))
}

/// The words that are neither options nor values of `with_value`.
fn without_values<'t>(arguments: &[&'t str], with_value: &[&str]) -> Vec<&'t str> {
    let mut words = Vec::new();
    let mut rest = arguments;
    loop {
        rest = after_options(rest, with_value);
        let [word, more @ ..] = rest else {
            return words;
        };
        words.push(*word);
        rest = more;
    }
}
