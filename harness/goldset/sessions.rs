//! `sessions.csv`: which sessions a goldset has and where each comes from.

use std::collections::HashMap;
use std::path::{Component, Path};

use super::load::{GoldsetError, Problem};
use super::table;

/// One session of a goldset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// Its transcript, below the folder of sessions.
    pub file: String,
    /// Who held it; the repository where the file says nobody. Intervals count all sessions of a user as one draw.
    pub user: String,
    /// The day, as `YYYY-MM-DD`.
    pub date: String,
    /// Its repository.
    pub repo: String,
    /// The licence of its transcript.
    pub licence: String,
    /// How to get it.
    pub source: String,
}

/// Reads the file and reports sessions listed twice or without an id.
///
/// # Errors
/// Where the file cannot be read as CSV with the columns of the contract.
pub fn read(path: &Path, problems: &mut Vec<Problem>) -> Result<Vec<Session>, GoldsetError> {
    let rows = table::read(
        path,
        &[
            "session_id",
            "file",
            "user",
            "date",
            "repo",
            "licence",
            "source",
        ],
        &[],
    )?;
    let mut sessions = Vec::with_capacity(rows.len());
    let mut lines: HashMap<String, u64> = HashMap::new();
    for row in rows {
        let [id, file, user, date, repo, licence, source] =
            <[String; 7]>::try_from(row.cells).expect("a row has the cells that were asked for");
        if id.is_empty() {
            problems.push(Problem::new(
                path,
                row.line,
                "a session without `session_id`",
                "give every session an id",
            ));
            continue;
        }
        if let Some(first) = lines.insert(id.clone(), row.line) {
            problems.push(Problem::new(
                path,
                row.line,
                &format!("session `{id}` is listed already in line {first}"),
                "list every session once",
            ));
            continue;
        }
        if !stays_below(&file) {
            problems.push(Problem::new(
                path,
                row.line,
                &format!("the file `{file}` of session `{id}` leaves the folder of sessions"),
                "give a path below that folder, without `..`",
            ));
            continue;
        }
        let user = if user.is_empty() { repo.clone() } else { user };
        sessions.push(Session {
            id,
            file,
            user,
            date,
            repo,
            licence,
            source,
        });
    }
    Ok(sessions)
}

/// A goldset is data from others: it may not make the program read files elsewhere.
fn stays_below(file: &str) -> bool {
    Path::new(file)
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}
