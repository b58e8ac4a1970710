//! Which revision of the data set a folder holds: given, or found where downloads leave it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::error::SweChatError;
use super::folder::Folder;

/// The revision of the first release, as far as it is known.
const FIRST: &str = "f66cca95";
/// The revision of the second.
const SECOND: &str = "202b071f";

/// A revision and how it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// The commit or tag; `None` if nothing says it.
    pub name: Option<String>,
    /// How it is known, as the end of a sentence.
    pub known_from: &'static str,
}

/// A release. Schema, labels and headline figures of the two differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// 205 repositories, 5,851 sessions.
    V1,
    /// 707 repositories, 17,968 sessions; more columns and tables.
    V2,
}

impl Version {
    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        }
    }

    /// The release with this revision, if it is one of the two that are known.
    #[must_use]
    pub fn of_revision(revision: &str) -> Option<Self> {
        if revision.starts_with(FIRST) {
            Some(Self::V1)
        } else if revision.starts_with(SECOND) {
            Some(Self::V2)
        } else {
            None
        }
    }
}

impl Revision {
    /// The revision of `folder`; `given` is what the command line says.
    ///
    /// # Errors
    /// Where what is given is no revision or contradicts the folder, and where nothing is given and the folder is mixed.
    pub fn find(folder: &Folder, given: Option<&str>) -> Result<Self, SweChatError> {
        let given = given.map(str::trim);
        if let Some(given) = given
            && !is_name(given)
        {
            return Err(SweChatError::NoRevision(given.to_owned()));
        }
        let (found, known_from) = found(folder);
        let Some(given) = given else {
            return match found.len() {
                0 => Ok(Self {
                    name: None,
                    known_from: "nothing in the folder says it",
                }),
                1 => Ok(Self {
                    name: found.into_iter().next(),
                    known_from,
                }),
                _ => Err(SweChatError::Mixed {
                    folder: folder.root.clone(),
                    revisions: found.into_iter().collect(),
                }),
            };
        };
        // A tag cannot be held against a commit.
        let contradicting = found.iter().next().filter(|found| {
            is_commit(given) && !found.starts_with(given) && !given.starts_with(found.as_str())
        });
        if found.len() == 1
            && let Some(found) = contradicting
        {
            return Err(SweChatError::OtherRevision {
                given: given.to_owned(),
                found: found.clone(),
            });
        }
        let whole = found
            .into_iter()
            .find(|found| is_commit(given) && found.starts_with(given));
        Ok(Self {
            name: Some(whole.unwrap_or_else(|| given.to_owned())),
            known_from: "given with --revision",
        })
    }
}

/// A commit or tag, and nothing that a file or terminal would obey.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 100
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte))
}

fn is_commit(text: &str) -> bool {
    7 <= text.len() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// All revisions that the folder shows.
fn found(folder: &Folder) -> (BTreeSet<String>, &'static str) {
    let root = &folder.root;
    let whole = root.canonicalize().unwrap_or_else(|_| root.clone());
    if let Some(name) = whole.file_name().map(|name| name.to_string_lossy())
        && whole
            .parent()
            .and_then(Path::file_name)
            .is_some_and(|parent| parent == "snapshots")
        && is_commit(&name)
    {
        return (
            BTreeSet::from([name.into_owned()]),
            "the name of the cache's snapshot",
        );
    }
    // A download into a folder keeps the commit of each file in the first line of a file of metadata.
    let metadata = root.join(".cache/huggingface/download");
    let noted: BTreeSet<String> = folder
        .tables
        .values()
        .flatten()
        .filter_map(|file| {
            let below = file.strip_prefix(root).ok()?;
            let mut name = below.as_os_str().to_owned();
            name.push(".metadata");
            let text = fs::read_to_string(metadata.join(name)).ok()?;
            let first = text.lines().next()?.trim();
            is_commit(first).then(|| first.to_owned())
        })
        .collect();
    if !noted.is_empty() {
        return (noted, "the download's metadata");
    }
    let head = git_head(&root.join(".git"));
    (head.into_iter().collect(), "the clone's commit")
}

fn git_head(git: &Path) -> Option<String> {
    let head = fs::read_to_string(git.join("HEAD")).ok()?;
    let head = head.trim();
    let commit = match head.strip_prefix("ref: ") {
        None => head.to_owned(),
        Some(name) if is_name(name) && !name.contains("..") => {
            fs::read_to_string(git.join(name)).ok()?.trim().to_owned()
        }
        Some(_) => return None,
    };
    is_commit(&commit).then_some(commit)
}
