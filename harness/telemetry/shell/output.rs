//! What commands say they did: commits in the words of git, failures in the closing words of test runners.

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

/// `3 failed`, `Tests: 2 failed, 10 passed`, `5 failing`, `Failures: 1`: a positive count beside the word.
fn counted_failures(line: &str) -> bool {
    let words: Vec<&str> = line
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let positive = |number: &str| number.parse::<u64>().is_ok_and(|number| number > 0);
    let before_or_behind = words.windows(2).any(|pair| {
        let [first, second] = pair else { return false };
        matches!(
            *second,
            "failed" | "failing" | "failures" | "failure" | "fail"
        ) && positive(first)
            || *first == "Failures" && positive(second)
    });
    // The closing lines of Node's own runner: `# fail 2`, `ℹ fail 2`.
    before_or_behind
        || matches!(words.as_slice(), ["fail", number] | ["ℹ", "fail", number] if positive(number))
}
