//! Checkpoints of the Entire CLI in a git repository: which sessions they hold, and where each transcript lies.
//!
//! `layout` knows the folders and names of all three generations of storage, `metadata` the JSON files, `snapshot` reads a transcript
//! out of the repository, `commits` finds the commits that name a checkpoint, `tables` reads what was made of all this before.
//! A checkpoint that cannot be read is told and passed over.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;

use self::layout::{Generation, Holds, SessionFiles, holds, is_id, session_number};
use self::metadata::SessionMetadata;
use super::git::{GitError, ObjectId, Objects, Reference, Repository};

pub mod commits;
pub mod layout;
pub mod metadata;
pub mod snapshot;
pub mod tables;

/// One session in one checkpoint.
#[derive(Debug, Clone)]
pub struct Held {
    /// The checkpoint's id.
    pub checkpoint_id: String,
    /// How it is stored.
    pub generation: Generation,
    /// The session's number in the checkpoint; none in the oldest layout.
    pub number: Option<u32>,
    /// What the session's metadata says.
    pub metadata: SessionMetadata,
    /// Sessions in the checkpoint.
    pub sessions: u64,
    /// The parts of the transcript; empty where there is none.
    pub transcript: Vec<ObjectId>,
    /// The SHA-256 that the checkpoint states for the transcript.
    pub stated_hash: Option<String>,
    /// The address of whoever made the checkpoint.
    pub made_by: Option<String>,
}

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The checkpoint, and the session in it.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

/// What a repository holds.
#[derive(Debug, Default)]
pub struct Scan {
    /// Sessions in checkpoints; what is stored later stands later.
    pub held: Vec<Held>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// Checkpoints by how they are stored.
    pub checkpoints: BTreeMap<Generation, u64>,
    /// Commits from which the repository's own work can be reached.
    pub work: Vec<ObjectId>,
}

/// Bytes of a file that holds a hash.
const LARGEST_HASH: u64 = 1024;

/// Finds the checkpoints of a repository, however they are stored.
///
/// # Errors
/// Where git fails; a checkpoint that cannot be read is a problem of the scan.
pub fn scan(repository: &Repository) -> Result<Scan, GitError> {
    let failed = |cause| GitError::Read {
        task: "read objects",
        cause,
    };
    let references = repository.references()?;
    let mut objects = repository.objects()?;
    let mut scan = Scan::default();
    let mut scanner = Scanner {
        objects: &mut objects,
        scan: &mut scan,
        makers: HashMap::new(),
        seen: HashSet::new(),
    };
    let of = |wanted: fn(&Holds) -> bool| -> Vec<&Reference> {
        references
            .iter()
            .filter(|reference| wanted(&holds(&reference.name)))
            .collect()
    };
    let branches = of(|holds| matches!(holds, Holds::Checkpoints));
    let second = of(|holds| matches!(holds, Holds::Metadata));
    for reference in branches.iter().chain(&second) {
        let tip = std::slice::from_ref(&reference.commit);
        repository.log(tip, None, |commit| {
            if let Some(id) = commit.message.lines().next().and_then(checkpoint_of) {
                // The newest commit comes first; who made the checkpoint is the oldest.
                scanner.makers.insert(id.to_owned(), commit.author);
            }
        })?;
    }
    let nothing = HashMap::new();
    for reference in scanner.by_age(branches).map_err(failed)? {
        scanner
            .folders(&reference, Generation::Branch, &nothing)
            .map_err(failed)?;
    }
    let mut transcripts = HashMap::new();
    for reference in scanner
        .by_age(of(|holds| matches!(holds, Holds::Transcripts)))
        .map_err(failed)?
    {
        scanner
            .transcripts(&reference, &mut transcripts)
            .map_err(failed)?;
    }
    for reference in second {
        scanner
            .folders(&reference.commit, Generation::SecondRefs, &transcripts)
            .map_err(failed)?;
    }
    for reference in &references {
        match holds(&reference.name) {
            Holds::One(id) => scanner.one(&id, &reference.commit).map_err(failed)?,
            Holds::Work => scanner.scan.work.push(reference.commit.clone()),
            _ => {}
        }
    }
    scan.work.extend(repository.head()?);
    scan.work.sort_unstable();
    scan.work.dedup();
    Ok(scan)
}

/// The id in the subject of a commit that keeps a checkpoint.
fn checkpoint_of(subject: &str) -> Option<&str> {
    let id = subject.strip_prefix("Checkpoint: ")?.trim();
    is_id(id).then_some(id)
}

/// Transcripts that are kept apart from their metadata, by checkpoint and number of the session.
type Apart = HashMap<(String, u32), SessionFiles>;

struct Scanner<'s> {
    objects: &'s mut Objects,
    scan: &'s mut Scan,
    /// Who made each checkpoint.
    makers: HashMap<String, String>,
    /// Folders that were read already: a branch and its copies of remotes share most of theirs.
    seen: HashSet<(String, ObjectId, bool)>,
}

/// Files of a checkpoint's folder.
#[derive(Default)]
struct Folder {
    /// Those that lie in the folder itself.
    own: SessionFiles,
    sessions: BTreeMap<u32, SessionFiles>,
}

impl Scanner<'_> {
    /// Distinct commits, oldest first, so that what is read later is newer.
    fn by_age(&mut self, references: Vec<&Reference>) -> io::Result<Vec<ObjectId>> {
        let mut aged = Vec::new();
        for reference in references {
            let age = match self.objects.commit(&reference.commit)? {
                Some((_, text)) => header(&text, "committer ").and_then(|line| {
                    line.rsplit(' ')
                        .nth(1)
                        .and_then(|seconds| seconds.parse::<i64>().ok())
                }),
                None => None,
            };
            aged.push((age.unwrap_or(i64::MIN), reference.commit.clone()));
        }
        aged.sort();
        aged.dedup();
        Ok(aged.into_iter().map(|(_, commit)| commit).collect())
    }

    fn problem(&mut self, place: &str, what: &str) {
        self.scan.problems.push(Problem {
            place: place.to_owned(),
            what: what.to_owned(),
        });
    }

    /// `<id[..2]>/<id[2..]>/` of a commit, with the tree of each.
    fn shards(&mut self, commit: &ObjectId) -> io::Result<Vec<(String, ObjectId)>> {
        let mut found = Vec::new();
        let tree = match self.objects.commit(commit)? {
            Some((tree, _)) => self.objects.tree(&tree)?,
            None => None,
        };
        let Some(tree) = tree else {
            self.problem(&commit.to_string(), MISSING);
            return Ok(found);
        };
        for shard in tree {
            let is_shard = shard.is_tree && shard.name.len() == 2;
            let Some(two) = std::str::from_utf8(&shard.name).ok().filter(|_| is_shard) else {
                continue;
            };
            let Some(rests) = self.objects.tree(&shard.object)? else {
                self.problem(two, MISSING);
                continue;
            };
            for rest in rests.into_iter().filter(|rest| rest.is_tree) {
                let id = std::str::from_utf8(&rest.name).map(|rest| format!("{two}{rest}"));
                if let Some(id) = id.ok().filter(|id| is_id(id)) {
                    found.push((id, rest.object));
                }
            }
        }
        Ok(found)
    }

    /// All checkpoints of a branch.
    fn folders(
        &mut self,
        commit: &ObjectId,
        generation: Generation,
        apart: &Apart,
    ) -> io::Result<()> {
        for (id, tree) in self.shards(commit)? {
            let made_by = self.makers.get(&id).cloned();
            self.checkpoint(&id, &tree, generation, apart, made_by)?;
        }
        Ok(())
    }

    /// Transcripts of a ref that keeps them apart; those read later replace earlier ones.
    fn transcripts(&mut self, commit: &ObjectId, apart: &mut Apart) -> io::Result<()> {
        for (id, tree) in self.shards(commit)? {
            let Some(folder) = self.folder(&id, &tree)? else {
                continue;
            };
            for (number, files) in folder.sessions {
                if !files.parts.is_empty() {
                    apart.insert((id.clone(), number), files);
                }
            }
        }
        Ok(())
    }

    /// The checkpoint of a ref of its own. Its newest commit has the transcript up to the end of the turn.
    fn one(&mut self, id: &str, commit: &ObjectId) -> io::Result<()> {
        let Some((tree, text)) = self.objects.commit(commit)? else {
            self.problem(id, MISSING);
            return Ok(());
        };
        let made_by = header(&text, "author ")
            .and_then(|line| line.split_once('<'))
            .and_then(|(_, rest)| rest.split_once('>'))
            .map(|(address, _)| address.to_owned());
        self.checkpoint(id, &tree, Generation::Refs, &HashMap::new(), made_by)
    }

    fn folder(&mut self, id: &str, tree: &ObjectId) -> io::Result<Option<Folder>> {
        let Some(entries) = self.objects.tree(tree)? else {
            self.problem(id, MISSING);
            return Ok(None);
        };
        let mut folder = Folder::default();
        for entry in entries {
            if !entry.is_tree {
                folder.own.take(&entry.name, &entry.object);
                continue;
            }
            // `tasks/` and `assets/` are no sessions.
            let Some(number) = session_number(&entry.name) else {
                continue;
            };
            let Some(inside) = self.objects.tree(&entry.object)? else {
                self.problem(&format!("{id}/{number}"), MISSING);
                continue;
            };
            let files = folder.sessions.entry(number).or_default();
            for file in inside.iter().filter(|file| !file.is_tree) {
                files.take(&file.name, &file.object);
            }
        }
        Ok(Some(folder))
    }

    fn checkpoint(
        &mut self,
        id: &str,
        tree: &ObjectId,
        generation: Generation,
        apart: &Apart,
        made_by: Option<String>,
    ) -> io::Result<()> {
        let is_second = generation == Generation::SecondRefs;
        if !self.seen.insert((id.to_owned(), tree.clone(), is_second)) {
            return Ok(());
        }
        let Some(mut folder) = self.folder(id, tree)? else {
            return Ok(());
        };
        *self.scan.checkpoints.entry(generation).or_default() += 1;
        if is_second {
            for (number, files) in &mut folder.sessions {
                if let Some(transcript) = apart.get(&(id.to_owned(), *number)) {
                    files.join(transcript);
                }
            }
        }
        let mut found: Vec<(Option<u32>, SessionFiles)> = folder
            .sessions
            .into_iter()
            .filter(|(_, files)| files.metadata.is_some() || !files.parts.is_empty())
            .map(|(number, files)| (Some(number), files))
            .collect();
        if !folder.own.parts.is_empty() {
            found.push((None, folder.own));
        }
        if found.is_empty() {
            self.problem(id, "it holds no session");
        }
        let sessions = found.len() as u64;
        for (number, files) in found {
            let place = number.map_or_else(|| id.to_owned(), |number| format!("{id}/{number}"));
            let metadata = match &files.metadata {
                Some(object) => self.objects.whole(object, metadata::LARGEST)?,
                None => None,
            };
            let Some(metadata) = metadata.as_deref().and_then(metadata::session) else {
                self.problem(
                    &place,
                    "metadata.json is missing, too large, or tells no session",
                );
                continue;
            };
            let stated_hash = match &files.hash {
                Some(object) => self.objects.whole(object, LARGEST_HASH)?,
                None => None,
            };
            let transcript = files.transcript();
            if transcript.is_none() && !files.parts.is_empty() {
                self.problem(&place, "a part of the transcript is missing");
            }
            self.scan.held.push(Held {
                checkpoint_id: id.to_owned(),
                generation,
                number,
                metadata,
                sessions,
                transcript: transcript.unwrap_or_default(),
                stated_hash: stated_hash.as_deref().and_then(stated),
                made_by: made_by.clone(),
            });
        }
        Ok(())
    }
}

const MISSING: &str = "objects are missing or damaged, as in a partial clone";

/// `sha256:` and 64 hexadecimal digits.
fn stated(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?.trim();
    let digits = text.strip_prefix("sha256:")?;
    (digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .then(|| digits.to_ascii_lowercase())
}

/// A line of a commit's header.
fn header<'t>(commit: &'t str, word: &str) -> Option<&'t str> {
    commit
        .lines()
        .take_while(|line| !line.is_empty())
        .find_map(|line| line.strip_prefix(word))
}
