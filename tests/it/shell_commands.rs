//! What shell commands do, as far as their words tell.

use harness::telemetry::shell::{
    CommandWork, commits_in_output, nothing_to_commit, tests_failed_in_output, work_of,
};
use proptest::prelude::*;

/// Nothing that is counted.
const NOTHING: CommandWork = CommandWork {
    commits: false,
    opens_pull_request: false,
    runs_tests: false,
    may_change_files: false,
};
const COMMITS: CommandWork = CommandWork {
    commits: true,
    ..NOTHING
};
const TESTS: CommandWork = CommandWork {
    runs_tests: true,
    ..NOTHING
};
const WRITES: CommandWork = CommandWork {
    may_change_files: true,
    ..NOTHING
};
const REQUESTS: CommandWork = CommandWork {
    opens_pull_request: true,
    ..NOTHING
};

/// Every command of `table` that is read otherwise than expected.
fn check(table: &[(&str, CommandWork)]) {
    let wrong: Vec<String> = table
        .iter()
        .filter(|(command, expected)| work_of(command) != *expected)
        .map(|(command, expected)| {
            format!(
                "{command}\n    {:?}\n    expected {expected:?}",
                work_of(command)
            )
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn commits_are_found_whatever_stands_before_them() {
    check(&[
        ("git commit -m 'x'", COMMITS),
        ("git add -A && git commit -m \"a && b\"", COMMITS),
        ("cd repo; git commit -am x", COMMITS),
        ("git -C some/dir commit -m x", COMMITS),
        ("git -c user.name=a -c user.email=b commit -m x", COMMITS),
        ("git --no-pager --git-dir=.git commit -m x", COMMITS),
        (
            "GIT_AUTHOR_DATE='2026-01-01 10:00' git commit -m x",
            COMMITS,
        ),
        ("/usr/bin/git commit -m x", COMMITS),
        ("sudo -u me git commit -m x", COMMITS),
        ("if git diff --quiet; then git commit -m x; fi", COMMITS),
        ("! git diff --cached --quiet && git commit -m x", COMMITS),
        ("(cd a && git commit -m x)", COMMITS),
        ("{ git commit -m x; }", COMMITS),
        ("bash -c 'git commit -m x'", COMMITS),
        ("git \\\n  commit \\\n  -m x", COMMITS),
        ("for d in a b; do git -C $d commit -m x; done", COMMITS),
        ("git commit -m x 2>&1 | tail -3", COMMITS),
        ("git commit --amend --no-edit", COMMITS),
    ]);
}

#[test]
fn words_about_commits_are_no_commits() {
    check(&[
        ("echo \"git commit\"", NOTHING),
        ("echo git commit", NOTHING),
        ("git log --grep 'git commit'", NOTHING),
        ("git commit --dry-run", NOTHING),
        ("git commit --help", NOTHING),
        ("git commit-tree abc", NOTHING),
        ("git show commit", NOTHING),
        ("grep -r 'git commit -m' .", NOTHING),
        ("# git commit -m x", NOTHING),
        ("ls # && git commit", NOTHING),
        ("echo 'a\ngit commit -m x\nb'", NOTHING),
        ("git status", NOTHING),
        ("git diff HEAD~1 && git push", NOTHING),
        ("", NOTHING),
        ("   \n\n ", NOTHING),
        ("&& || ; |", NOTHING),
    ]);
}

#[test]
fn pull_requests_are_opened_by_the_clients_of_their_hosts() {
    check(&[
        ("gh pr create --fill", REQUESTS),
        (
            "gh pr create --title \"x\" --body \"$(cat <<'EOF'\n## Summary\n- runs pytest\nEOF\n)\"",
            REQUESTS,
        ),
        ("GH_TOKEN=x gh pr create --title 'a' --body 'b'", REQUESTS),
        ("gh -R owner/repo pr create --fill", REQUESTS),
        ("glab mr create", REQUESTS),
        ("git push -u origin x && gh pr create", REQUESTS),
        ("gh pr create --dry-run", NOTHING),
        ("gh pr list", NOTHING),
        ("gh pr view --json url", NOTHING),
        ("gh issue create", NOTHING),
        ("echo gh pr create", NOTHING),
    ]);
}

#[test]
fn test_runners_are_found_in_their_many_wrappers() {
    check(&[
        ("pytest", TESTS),
        ("pytest -q tests/test_a.py::test_b", TESTS),
        ("python -m pytest", TESTS),
        ("python3.12 -m unittest discover", TESTS),
        ("python manage.py test app", TESTS),
        ("coverage run -m pytest", TESTS),
        ("uv run pytest -x", TESTS),
        ("uv run --group dev pytest -x", TESTS),
        ("uv run python -m pytest", TESTS),
        ("poetry run pytest", TESTS),
        ("hatch test", TESTS),
        ("hatch run test", TESTS),
        ("cargo test", TESTS),
        ("cargo +nightly test --all", TESTS),
        ("cargo --quiet --manifest-path a/Cargo.toml test", TESTS),
        ("cargo nextest run", TESTS),
        ("cargo insta test", TESTS),
        ("cargo llvm-cov", TESTS),
        ("go test ./...", TESTS),
        ("go -C dir test ./...", TESTS),
        ("/usr/local/go/bin/go test -count=1 -v ./...", TESTS),
        ("npm test", TESTS),
        ("npm t", TESTS),
        ("npm run test:unit", TESTS),
        ("npm run --silent test", TESTS),
        ("npm --prefix web test", TESTS),
        ("npm test --prefix web", TESTS),
        ("npm -w pkg run test", TESTS),
        ("pnpm --filter @app/core test", TESTS),
        ("pnpm -F core vitest run", TESTS),
        ("pnpm -r test", TESTS),
        ("pnpm -w test", TESTS),
        ("pnpm exec vitest run", TESTS),
        ("yarn test", TESTS),
        ("yarn workspace core test", TESTS),
        ("yarn --cwd core jest", TESTS),
        ("bun test src", TESTS),
        ("bun run test:int 2>&1", TESTS),
        ("bunx --bun bun test", TESTS),
        ("deno test", TESTS),
        ("deno task test", TESTS),
        ("npx vitest run", TESTS),
        ("npx -y jest@29 a.test.ts", TESTS),
        ("npx playwright test", TESTS),
        ("bunx playwright test --project=\"iPhone 12\"", TESTS),
        ("playwright test", TESTS),
        ("npx cypress run", TESTS),
        ("node --test", TESTS),
        ("npx tsx --test a.ts", TESTS),
        ("mvn -q test", TESTS),
        ("./mvnw verify", TESTS),
        ("./gradlew :app:test", TESTS),
        ("gradle check", TESTS),
        ("dotnet test", TESTS),
        ("mix test", TESTS),
        ("bundle exec rspec", TESTS),
        ("bin/rails test:system", TESTS),
        ("./vendor/bin/phpunit", TESTS),
        ("nx run-many -t test", TESTS),
        ("turbo run test", TESTS),
        ("make -C sub test", TESTS),
        ("just test-all", TESTS),
        ("mise run test", TESTS),
        ("zig build test", TESTS),
    ]);
}

#[test]
fn test_runs_are_found_in_the_shells_constructs() {
    check(&[
        ("CI=1 RUST_LOG=\"a b\" cargo test", TESTS),
        ("env FOO=1 pytest", TESTS),
        ("env -u CI pytest", TESTS),
        ("timeout 60 pytest", TESTS),
        ("timeout -k 5 60s pytest", TESTS),
        ("time -p cargo test", TESTS),
        ("nice -n 10 make test", TESTS),
        ("xargs -n 1 pytest", TESTS),
        ("cargo build && cargo test", TESTS),
        ("cargo test | tail -5", TESTS),
        ("cargo test 2>&1 | grep -E 'FAILED|ok'", TESTS),
        ("cargo test > /dev/null 2>&1", TESTS),
        ("cargo test &> /tmp/log; tail /tmp/log", TESTS),
        ("cargo test >/tmp/a 2>\"/tmp/b\"", TESTS),
        ("cargo test || true", TESTS),
        ("npm test &", TESTS),
        ("cd a\ncargo test\n", TESTS),
        ("OUT=$(cargo test 2>&1); echo \"$OUT\"", TESTS),
        ("OUT=\"$(npm test 2>&1)\"", TESTS),
        ("echo \"$(pytest -q)\"", TESTS),
        ("echo `pytest -q`", TESTS),
        ("diff <(pytest -q) expected", TESTS),
        ("bash -lc \"cd a && npm test\"", TESTS),
        ("docker compose exec -T web pytest", TESTS),
        ("docker exec -it web python -m pytest", TESTS),
        ("while true; do pytest; done", TESTS),
        ("until npm test; do :; done", TESTS),
        ("if [ -f a ]; then :; elif pytest; then :; fi", TESTS),
        ("bash <<'EOF'\nset -e\npytest\nEOF", TESTS),
        ("cat <<EOF\n$(date)\nEOF\npytest", TESTS),
        ("echo $((1 << 3))\npytest", TESTS),
        ("cat <<< 'a'; pytest", TESTS),
        ("doppler run -- pytest", TESTS),
    ]);
}

#[test]
fn words_about_tests_are_no_runs() {
    check(&[
        ("grep -r pytest .", NOTHING),
        ("grep -rn 'cargo test' docs | head", NOTHING),
        ("echo 'npm test'", NOTHING),
        ("which pytest", NOTHING),
        ("command -v pytest", NOTHING),
        ("cat test/a.js", NOTHING),
        ("ls tests", NOTHING),
        ("test -f package.json", NOTHING),
        ("[ -d test ] && echo yes", NOTHING),
        ("pip install pytest", NOTHING),
        ("python -m pip install pytest", NOTHING),
        ("pytest --version", NOTHING),
        ("pytest --collect-only -q", NOTHING),
        ("cargo test --no-run", NOTHING),
        ("cargo test -- --list", NOTHING),
        ("cargo nextest list", NOTHING),
        ("cargo build --features test", NOTHING),
        ("go build ./test/...", NOTHING),
        ("go test -c ./pkg", NOTHING),
        ("go vet ./...", NOTHING),
        ("npx playwright install", NOTHING),
        ("bunx playwright test --list", NOTHING),
        ("npm run build -- --filter test", NOTHING),
        ("npm run build 2>&1", NOTHING),
        ("npx tsc --noEmit -p test", NOTHING),
        ("npm run build && ls", NOTHING),
        ("bundle check", NOTHING),
        ("make -C test build", NOTHING),
        ("gradle build -x test", NOTHING),
        ("git log -- tests", NOTHING),
        ("python -c 'import pytest'", WRITES),
        ("uv add --dev pytest", WRITES),
        ("npm install -D vitest", WRITES),
        ("pnpm add -D jest", WRITES),
        ("cat > run.sh <<'EOF'\npytest\ngit commit -m x\nEOF", WRITES),
        ("cat <<'EOF' > a.md\nit's `npm test`\nEOF\nls", WRITES),
        ("cat >> a.md <<-END\n\tpytest\n\tEND", WRITES),
        ("cat <<\"A-B\" > f\npytest\nA-B\nls", WRITES),
        ("npm run build > test", WRITES),
    ]);
}

#[test]
fn a_commit_message_is_not_run() {
    let message = |body: &str| format!("git commit -m \"$(cat <<'EOF'\n{body}\nEOF\n)\"");
    for body in [
        "Fix it\n\npytest\ncargo test\n",
        "Say \"hello\n\nnpm test",
        "Don't (ever)\npytest > out.txt\nrm -rf x",
        "`npm test` passes; $(pytest) too",
        "Close #1 && pytest\nsed -i x",
    ] {
        let command = message(body);
        assert_eq!(work_of(&command), COMMITS, "{command}");
        let followed = format!("{command} && cargo test");
        assert_eq!(
            work_of(&followed),
            CommandWork {
                runs_tests: true,
                ..COMMITS
            },
            "{followed}"
        );
    }
    check(&[
        ("git commit -m 'Run pytest\n\nnpm test'", COMMITS),
        ("git commit -m \"Run \\\"pytest\\\"\nnpm test\"", COMMITS),
        ("git commit -m \"Use \\`npm test\\`\"", COMMITS),
        ("git commit -F - <<'EOF'\nnpm test\nEOF", COMMITS),
        ("git commit -m $'a\\'b; pytest'", COMMITS),
    ]);
}

#[test]
fn changes_that_no_patch_records_are_seen() {
    check(&[
        ("sed -i 's/a/b/' f", WRITES),
        ("sed -i.bak -e 's/a/b/' f", WRITES),
        ("sed -Ei 's/a/b/' f", WRITES),
        ("sed --in-place=.bak 's/a/b/' f", WRITES),
        ("perl -pi -e 's/a/b/' f", WRITES),
        ("perl -0pi.bak -e 's/a/b/' f", WRITES),
        ("grep -rl a | xargs -0 sed -i s/a/b/", WRITES),
        ("find . -name '*.rs' -exec sed -i s/a/b/ {} \\;", WRITES),
        ("find . -name '*.orig' -delete", WRITES),
        ("echo a > f", WRITES),
        ("echo a >> f", WRITES),
        ("echo a>f", WRITES),
        ("cmd &> log.txt", WRITES),
        ("cmd 2>errors.txt", WRITES),
        ("echo a >| f", WRITES),
        ("echo a | tee f", WRITES),
        ("cat > file <<'EOF'\nx\nEOF", WRITES),
        ("python3 - <<'EOF'\nopen('f', 'w')\nEOF", WRITES),
        ("python3 <<'EOF'\nopen('f', 'w')\nEOF", WRITES),
        ("mv a b", WRITES),
        ("rm -rf build", WRITES),
        ("cp a b", WRITES),
        ("patch -p1 < x.diff", WRITES),
        ("tar xzf a.tgz", WRITES),
        ("git checkout -- f", WRITES),
        ("git checkout main", WRITES),
        ("git apply x.patch", WRITES),
        ("git stash pop", WRITES),
        ("cargo fmt", WRITES),
        ("cargo clippy --fix", WRITES),
        ("gofmt -w .", WRITES),
        ("go mod tidy", WRITES),
        ("npx prettier --write .", WRITES),
        ("ruff format", WRITES),
        ("ruff check --fix", WRITES),
        ("npm install", WRITES),
        ("npm run lint:fix", WRITES),
        ("black .", WRITES),
    ]);
}

#[test]
fn what_only_looks_or_writes_elsewhere_changes_nothing() {
    check(&[
        ("ls -l", NOTHING),
        ("cat a b", NOTHING),
        ("sed -n '1,5p' f", NOTHING),
        ("sed -n -e '/init/p' f", NOTHING),
        ("sed 's/-i/x/' f", NOTHING),
        ("perl -ne 'print if /x/' f", NOTHING),
        ("perl -Mstrict -e 'print 1'", NOTHING),
        ("cmd > /dev/null", NOTHING),
        ("cmd >/dev/null 2>&1", NOTHING),
        ("cmd 2> /dev/null", NOTHING),
        ("cmd 2>&1", NOTHING),
        ("cmd >&2", NOTHING),
        ("cmd > /tmp/x", NOTHING),
        ("cmd > \"/tmp/a b\"", NOTHING),
        ("cmd > $TMPDIR/x", NOTHING),
        ("cmd &>/dev/null", NOTHING),
        ("cmd | tee /tmp/log", NOTHING),
        ("rm -f /tmp/log", NOTHING),
        ("cp a /tmp/a", NOTHING),
        ("echo 'a > b'", NOTHING),
        ("echo \"a > b\"", NOTHING),
        ("echo a \\> b", NOTHING),
        ("[[ a > b ]] && ls", NOTHING),
        ("(( a > b )) && ls", NOTHING),
        ("awk '$1 > 3 {print}' f", NOTHING),
        ("git checkout -b new", NOTHING),
        ("git switch -c new", NOTHING),
        ("git stash list", NOTHING),
        ("git apply --check x.patch", NOTHING),
        ("cargo fmt --check", NOTHING),
        ("cargo fmt -- --check", NOTHING),
        ("gofmt -l .", NOTHING),
        ("prettier --check .", NOTHING),
        ("black --check .", NOTHING),
        ("tar tzf a.tgz", NOTHING),
        ("unzip -l a.zip", NOTHING),
        ("python --version", NOTHING),
        ("python script.py", NOTHING),
        ("find . -name '*.rs'", NOTHING),
        ("cargo build", NOTHING),
        ("cargo clippy -- -D warnings", NOTHING),
    ]);
}

#[test]
fn one_command_can_do_everything() {
    let command = "sed -i s/a/b/ f && cargo test && git commit -am x && gh pr create --fill";
    let everything = CommandWork {
        commits: true,
        opens_pull_request: true,
        runs_tests: true,
        may_change_files: true,
    };
    assert_eq!(work_of(command), everything);
}

#[test]
fn commits_are_read_from_the_words_of_git() {
    for (output, commits) in [
        ("[main abc1234] Fix", 1),
        ("  [main abc1234] Fix", 1),
        ("[main (root-commit) abc1234] Fix", 1),
        (
            "[detached HEAD 0123456789abcdef0123456789abcdef01234567] Fix",
            1,
        ),
        ("[feature/x-1 abc1234] [WIP] Fix", 1),
        ("[a abc1234] 1\n 1 file changed\n[a def5678] 2", 2),
        ("[main abc123] too short", 0),
        ("[main ghijklm] no number", 0),
        ("[abc1234] no branch", 0),
        ("[main abc1234]no space", 0),
        ("[INFO] done", 0),
        ("[2026-01-01 10:00:00] x", 0),
        ("", 0),
    ] {
        assert_eq!(commits_in_output(output), commits, "{output}");
    }
    assert!(nothing_to_commit(
        "On branch main\nnothing to commit, working tree clean"
    ));
    assert!(nothing_to_commit(
        "nothing added to commit but untracked files present"
    ));
    assert!(!nothing_to_commit("[main abc1234] x"));
}

#[test]
fn failures_are_read_from_the_closing_words_of_runners() {
    for failed in [
        "test result: FAILED. 2 passed; 1 failed; 0 ignored",
        "     Summary [   0.1s] 5 tests run: 4 passed, 1 failed, 0 skipped",
        "--- FAIL: TestA (0.00s)",
        "FAIL\tgithub.com/o/r/pkg\t0.01s",
        "FAIL",
        "FAILED (failures=1)",
        "===== 1 failed, 3 passed in 0.12s =====",
        "Tests:       2 failed, 10 passed, 12 total",
        "  5 passing (10ms)\n  2 failing",
        " 3 fail",
        "# pass 3\n# fail 2",
        "ℹ fail 1",
        "Tests run: 5, Failures: 1, Errors: 0, Skipped: 0",
        "10 tests, 2 failures",
        "10 examples, 1 failure",
    ] {
        assert!(tests_failed_in_output(failed), "{failed}");
    }
    for passed in [
        "",
        "test result: ok. 3 passed; 0 failed; 0 ignored",
        "ok  \tgithub.com/o/r/pkg\t0.01s",
        "12 passed in 0.12s",
        "Tests:       10 passed, 10 total",
        "10 tests, 0 failures",
        "# pass 3\n# fail 0",
        " 12 pass\n 0 fail",
        "Tests run: 5, Failures: 0, Errors: 0, Skipped: 0",
        "handles a failed login",
        "test retry_after_failure ... ok",
    ] {
        assert!(!tests_failed_in_output(passed), "{passed}");
    }
}

proptest! {
    #[test]
    fn arbitrary_text_is_read_as_some_command(command in "\\PC{0,60}|([ \"'$()`<>|&;#\\\\\n{}=-]|EOF|git|commit|test|-c){0,60}") {
        let _ = work_of(&command);
    }

    #[test]
    fn a_quoted_command_is_not_run(body in "[a-z &|;<>()-]{0,30}") {
        prop_assert_eq!(work_of(&format!("echo 'pytest; {body}'")), NOTHING);
        prop_assert_eq!(work_of(&format!("echo \"git commit; {body}\"")), NOTHING);
    }
}

#[test]
fn deep_nesting_ends() {
    for open in [
        "$(",
        "(",
        "\"$(",
        "`",
        "<(",
        "((",
        "${",
        "bash -c '",
        "<<E\n",
        "{ ",
    ] {
        let _ = work_of(&open.repeat(50_000));
    }
}
