//! The file's shape, its versions, and whose file it is.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::error::{StoreError, explain};

/// `VLDT`, in the place that SQLite's header keeps for it.
const APPLICATION_ID: i64 = 0x564c_4454;

/// The n-th entry brings version n - 1 to version n. An entry that was released is never changed.
pub(super) const MIGRATIONS: &[&str] = &[VERSION_1, VERSION_2];

/// Answers have rowids, because rows of 5 KB in the order of their hashes would be written all over the file; rows of
/// outcomes are small and read in the order of their key.
///
/// A hash is text, so that `sqlite3` finds what `sha256sum` prints. The hash of the answer's text lets a changed byte show.
/// `answered` is null while an answer is missing, which is what turns the foreign key off for such rows only.
const VERSION_1: &str = r#"
CREATE TABLE answers (
    id                 INTEGER PRIMARY KEY,
    request_hash       TEXT NOT NULL,
    model              TEXT NOT NULL,
    repeat             INTEGER NOT NULL,
    text               TEXT NOT NULL,
    text_sha256        TEXT NOT NULL,
    stop               TEXT NOT NULL CHECK (stop IN ('finished', 'length', 'refusal', 'error')),
    input_tokens       INTEGER NOT NULL,
    output_tokens      INTEGER NOT NULL,
    cache_read_tokens  INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    "when"             TEXT NOT NULL,
    obtained           TEXT NOT NULL,
    UNIQUE (request_hash, model, repeat)
) STRICT;

CREATE TABLE outcomes (
    goldset      TEXT NOT NULL,
    model        TEXT NOT NULL,
    repeat       INTEGER NOT NULL,
    classifier   TEXT NOT NULL,
    prompt_hash  TEXT NOT NULL,
    session_id   TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    outcome      TEXT NOT NULL
                 CHECK (outcome IN ('parsed', 'refused', 'unparsable', 'truncated', 'errored', 'missing')),
    label        TEXT,
    decisions    TEXT,
    confidence   REAL,
    folded       INTEGER NOT NULL CHECK (folded IN (0, 1)),
    from_prose   INTEGER NOT NULL CHECK (from_prose IN (0, 1)),
    reason       TEXT,
    evidence     TEXT NOT NULL,
    left_out     TEXT NOT NULL,
    answered     TEXT GENERATED ALWAYS AS (CASE WHEN outcome <> 'missing' THEN request_hash END) VIRTUAL,
    PRIMARY KEY (goldset, model, repeat, classifier, prompt_hash, session_id),
    FOREIGN KEY (answered, model, repeat) REFERENCES answers (request_hash, model, repeat),
    CHECK ((outcome = 'parsed') = ((label IS NULL) <> (decisions IS NULL))),
    CHECK (outcome = 'parsed' OR (confidence IS NULL AND folded = 0 AND from_prose = 0 AND evidence = '[]')),
    CHECK ((outcome = 'unparsable') = (reason IS NOT NULL))
) STRICT, WITHOUT ROWID;
"#;

/// What was charged for stands apart from what was answered: an answer that had to be repaired took two exchanges, and one
/// whose request was sent again after a crash may take more.
///
/// A batch is written down before it is submitted, so that a crash between the two does not submit it again.
const VERSION_2: &str = r#"
ALTER TABLE answers ADD COLUMN cache_write_1h_tokens INTEGER NOT NULL DEFAULT 0;

CREATE TABLE exchanges (
    id                    INTEGER PRIMARY KEY,
    request_hash          TEXT NOT NULL,
    model                 TEXT NOT NULL,
    repeat                INTEGER NOT NULL,
    purpose               TEXT NOT NULL CHECK (purpose IN ('ask', 'repair')),
    sent_sha256           TEXT NOT NULL,
    received              TEXT NOT NULL,
    request_id            TEXT,
    served_by             TEXT,
    input_tokens          INTEGER NOT NULL,
    output_tokens         INTEGER NOT NULL,
    cache_read_tokens     INTEGER NOT NULL,
    cache_write_tokens    INTEGER NOT NULL,
    cache_write_1h_tokens INTEGER NOT NULL,
    batched               INTEGER NOT NULL CHECK (batched IN (0, 1)),
    label_probability     REAL,
    attempts              INTEGER NOT NULL,
    repair_wanted         INTEGER NOT NULL CHECK (repair_wanted IN (0, 1)),
    "when"                TEXT NOT NULL
) STRICT;
CREATE INDEX exchanges_of_a_request ON exchanges (request_hash, model, repeat);
CREATE INDEX repairs_wanted ON exchanges (model, repeat, request_hash) WHERE repair_wanted;

CREATE TABLE batches (
    name        TEXT PRIMARY KEY,
    model       TEXT NOT NULL,
    repeat      INTEGER NOT NULL,
    provider_id TEXT,
    state       TEXT NOT NULL CHECK (state IN ('submitting', 'submitted', 'collected', 'given up')),
    requests    INTEGER NOT NULL,
    "when"      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE batch_items (
    batch        TEXT NOT NULL REFERENCES batches (name),
    request_hash TEXT NOT NULL,
    PRIMARY KEY (batch, request_hash)
) STRICT, WITHOUT ROWID;
"#;

/// Whose file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Identity {
    /// Nobody's: new or empty.
    Fresh,
    /// A store of this version.
    Ours(u32),
}

/// The version that a list of migrations ends with.
pub(super) fn newest(migrations: &[&str]) -> u32 {
    u32::try_from(migrations.len()).expect("there are few versions")
}

/// Whose file it is; it is only read.
///
/// # Errors
/// Where it is not ours, newer than this program, or unreadable.
pub(super) fn identify(connection: &Connection, path: &Path) -> Result<Identity, StoreError> {
    identify_among(connection, path, MIGRATIONS)
}

fn identify_among(
    connection: &Connection,
    path: &Path,
    migrations: &[&str],
) -> Result<Identity, StoreError> {
    let (application, version, tables): (i64, i64, i64) = connection
        .query_row(
            "SELECT (SELECT application_id FROM pragma_application_id),
                    (SELECT user_version FROM pragma_user_version),
                    (SELECT count(*) FROM sqlite_schema)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .map_err(explain(path, "read its version"))?;
    let known = newest(migrations);
    match (application, u32::try_from(version), tables) {
        (0, Ok(0), 0) => Ok(Identity::Fresh),
        (APPLICATION_ID, Ok(found), _) if found <= known => Ok(Identity::Ours(found)),
        (APPLICATION_ID, Ok(found), _) => Err(StoreError::Newer {
            path: path.to_owned(),
            found,
            known,
        }),
        _ => Err(StoreError::Foreign {
            path: path.to_owned(),
            cause: "it is an SQLite database of another program",
        }),
    }
}

/// Brings the file to the newest version, all steps or none, whoever else is trying at the same time.
///
/// # Errors
/// As [`identify`], and where a step fails.
pub(super) fn migrate(
    connection: &mut Connection,
    path: &Path,
    migrations: &[&str],
) -> Result<(), StoreError> {
    let known = newest(migrations);
    if identify_among(connection, path, migrations)? == Identity::Ours(known) {
        return Ok(());
    }
    let failed = explain(path, "bring its schema up to date");
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(&failed)?;
    let done = match identify_among(&transaction, path, migrations)? {
        Identity::Fresh => 0,
        Identity::Ours(version) => version,
    };
    for (version, step) in (1..=known).zip(migrations) {
        if done < version {
            transaction.execute_batch(step).map_err(&failed)?;
        }
    }
    for (pragma, value) in [
        ("application_id", APPLICATION_ID),
        ("user_version", i64::from(known)),
    ] {
        transaction
            .pragma_update(None, pragma, value)
            .map_err(&failed)?;
    }
    transaction.commit().map_err(&failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "CREATE TABLE notes (text TEXT) STRICT";
    const ADD: &str = "ALTER TABLE notes ADD COLUMN stars INTEGER NOT NULL DEFAULT 3";
    const WRONG: &str = "DROP TABLE notes; CREATE TABLE notes (text TEXT";

    fn version(connection: &Connection) -> i64 {
        connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
            .unwrap()
    }

    fn stars(connection: &Connection) -> i64 {
        connection
            .query_row("SELECT sum(stars) FROM notes", [], |row| row.get(0))
            .unwrap()
    }

    #[test]
    fn an_older_file_runs_only_the_steps_that_it_lacks() {
        let path = Path::new("old.db");
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, path, &[OLD]).unwrap();
        connection
            .execute("INSERT INTO notes VALUES ('kept')", [])
            .unwrap();
        migrate(&mut connection, path, &[OLD, ADD]).unwrap();
        assert_eq!((version(&connection), stars(&connection)), (2, 3));
        migrate(&mut connection, path, &[OLD, ADD]).unwrap();
        assert_eq!((version(&connection), stars(&connection)), (2, 3));
    }

    #[test]
    fn a_step_that_fails_leaves_the_file_as_it_was() {
        let path = Path::new("old.db");
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, path, &[OLD, ADD]).unwrap();
        connection
            .execute("INSERT INTO notes (text) VALUES ('kept')", [])
            .unwrap();
        let error = migrate(&mut connection, path, &[OLD, ADD, WRONG]).unwrap_err();
        assert!(matches!(error, StoreError::Sql { .. }), "{error}");
        assert_eq!((version(&connection), stars(&connection)), (2, 3));
    }

    #[test]
    fn a_program_refuses_the_version_of_its_successor() {
        let path = Path::new("new.db");
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, path, &[OLD, ADD]).unwrap();
        let error = migrate(&mut connection, path, &[OLD]).unwrap_err();
        assert!(
            matches!(
                error,
                StoreError::Newer {
                    found: 2,
                    known: 1,
                    ..
                }
            ),
            "{error}"
        );
    }
}
