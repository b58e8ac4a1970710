# Lists the recipes.
default:
    @just --list --unsorted

# Everything that has to be green before a change is handed in.
check:
    cargo test
    cargo fmt --all --check
    cargo clippy --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps

# The tests; arguments go to the test binary, as in `just test kappa`.
test *ARGS:
    cargo test -- {{ARGS}}

# Reviews changed snapshots one by one (`cargo install cargo-insta`).
snap:
    cargo insta review

# Measures the hot paths; docs/redaction.md and docs/performance.md explain the figures.
bench:
    cargo bench

# Writes the appendix of all goldsets into reports/, and the numbers that texts quote from it.
report *ARGS:
    cargo run --release -- report {{ARGS}}

# Validates one classifier: `just validate expertise --goldset goldsets/public-sessions`.
validate NAME *ARGS:
    cargo run --release -- --classifier {{NAME}} {{ARGS}}

# Measures the public sessions anew; `sessions` is the folder with their transcripts.
telemetry sessions:
    cd "{{sessions}}" && cut -d, -f2 "{{justfile_directory()}}/goldsets/public-sessions/sessions.csv" | tail -n +2 | xargs "{{justfile_directory()}}/target/release/validate" telemetry --format csv > "{{justfile_directory()}}/goldsets/public-sessions/telemetry.csv"
