//! `validate import entire`: sessions out of a repository's checkpoints, with the commits that name them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use anyhow::Context;
use sha2::{Digest, Sha256};

use crate::cli::import::FromRepository;
use crate::commands::output;
use crate::ingest::entire::commits::{Linked, linked};
use crate::ingest::entire::snapshot::{self, Joint, Snapshot, Unusable};
use crate::ingest::entire::{Held, Problem, Scan, scan};
use crate::ingest::git::{ObjectId, Objects, Repository};
use crate::report::number;
use crate::telemetry::join::inner_id;

use super::collection::{self, Candidate, Kept, Origin};
use super::evidence::{self, Evidence};
use super::table::outside;

/// Problems that are told one by one; the others are counted.
const PROBLEMS_SHOWN: usize = 20;

/// One session: all that its checkpoints keep of it.
pub(super) struct Session {
    /// The id it has in the goldset.
    pub(super) id: String,
    /// Its checkpoints, each once.
    pub(super) held: Vec<Weighed>,
    /// Which of them has the complete transcript.
    pub(super) chosen: usize,
}

/// A session in one checkpoint, with its transcript read.
pub(super) struct Weighed {
    pub(super) held: Held,
    /// The transcript, or why there is none.
    pub(super) snapshot: Option<Result<Snapshot, Unusable>>,
}

impl Session {
    /// The complete transcript.
    fn snapshot(&self) -> Option<&Snapshot> {
        self.held[self.chosen].snapshot.as_ref()?.as_ref().ok()
    }
}

/// Imports the sessions of a repository.
///
/// # Errors
/// Where git is missing or fails, the source has no checkpoints, or the goldset cannot be written.
pub(super) fn import(from: &FromRepository) -> anyhow::Result<()> {
    let out = &from.out;
    collection::usable(out)?;
    let repository = Repository::open(&from.source)?;
    let mut scan = scan(&repository)?;
    anyhow::ensure!(
        !scan.checkpoints.is_empty(),
        "it holds no checkpoint of the Entire CLI\n\nhint: a clone does not bring all of them; \
         run `git fetch origin 'refs/entire/*:refs/entire/*'` there, and fetch the branch `entire/checkpoints/v1` if origin has it"
    );
    let repo = match &from.repo {
        Some(name) => name.clone(),
        None => name_of(&repository, &from.source),
    };
    let commits = linked(&repository, &scan.work)?;
    let objects = Arc::new(Mutex::new(repository.objects()?));
    let known = collection::known(out)?;
    let held = std::mem::take(&mut scan.held);
    let mut problems = std::mem::take(&mut scan.problems);
    let (sessions, without) = weighed(held, &objects, &known, &mut problems)?;
    tell(&scan, &sessions, without, &commits, &problems);
    anyhow::ensure!(
        !sessions.is_empty(),
        "none of its checkpoints has a transcript that can be read\n\nhint: transcripts can be refs of their own; \
         run `git fetch origin 'refs/entire/*:refs/entire/*'` there"
    );
    let evidence = Evidence {
        sessions: &sessions,
        commits: &commits,
        salt: from.salt.as_deref().unwrap_or(&repo),
    };
    let candidates = sessions
        .iter()
        .filter_map(|session| candidate(session, from, &repo, &evidence, &objects))
        .collect();
    let tally = collection::add(
        out,
        &Origin {
            title: &format!("sessions of {repo}"),
            licence: &from.licence,
            provenance: "Imported from the checkpoints that the Entire CLI keeps in the repository; sessions.csv names the checkpoint of each.",
        },
        candidates,
    )?;
    evidence::write(out, &evidence)?;
    output::note(&tally.sentence(out));
    output::note(collection::UNREDACTED);
    output::note(&collection::next(out));
    Ok(())
}

/// Sessions with a transcript, and how many have none.
fn weighed(
    held: Vec<Held>,
    objects: &Mutex<Objects>,
    known: &HashSet<String>,
    problems: &mut Vec<Problem>,
) -> anyhow::Result<(Vec<Session>, u64)> {
    // The same session of an agent can stand under several dates.
    let mut groups: BTreeMap<String, Vec<Held>> = BTreeMap::new();
    for held in held {
        let inner = inner_id(&held.metadata.session_id).to_owned();
        groups.entry(inner).or_default().push(held);
    }
    let mut objects = objects.lock().expect("no reader of objects panics");
    let mut sessions = Vec::new();
    let mut without = 0;
    for group in groups.into_values() {
        let id = id_of(&group, known);
        let held = snapshots(group, &mut objects, problems)
            .context("failed to read objects: git ended")?;
        let usable = |weighed: &Weighed| weighed.snapshot.as_ref().is_some_and(Result::is_ok);
        let chosen = (0..held.len())
            .filter(|at| usable(&held[*at]))
            .max_by(|a, b| match (&held[*a].snapshot, &held[*b].snapshot) {
                (Some(Ok(x)), Some(Ok(y))) => {
                    let made = |at: usize| &held[at].held.metadata.created_at;
                    x.completeness(y).then_with(|| made(*a).cmp(made(*b)))
                }
                _ => std::cmp::Ordering::Equal,
            });
        match chosen {
            Some(chosen) => sessions.push(Session { id, held, chosen }),
            None => without += 1,
        }
    }
    Ok((sessions, without))
}

/// Each checkpoint of a session with its transcript read; a transcript that several checkpoints share is read once.
fn snapshots(
    group: Vec<Held>,
    objects: &mut Objects,
    problems: &mut Vec<Problem>,
) -> std::io::Result<Vec<Weighed>> {
    let mut read: HashMap<(Vec<ObjectId>, Option<String>), Result<Snapshot, Unusable>> =
        HashMap::new();
    let mut weighed = Vec::with_capacity(group.len());
    for held in group {
        if held.transcript.is_empty() {
            weighed.push(Weighed {
                held,
                snapshot: None,
            });
            continue;
        }
        let key = (held.transcript.clone(), held.stated_hash.clone());
        let snapshot = match read.get(&key) {
            Some(snapshot) => snapshot.clone(),
            None => {
                let snapshot =
                    snapshot::weigh(objects, &held.transcript, held.stated_hash.as_deref())?;
                let what = match &snapshot {
                    Err(unusable) => Some(unusable.to_string()),
                    Ok(snapshot) if snapshot.hash_agrees == Some(false) => Some(
                        "the transcript is not the one whose hash the checkpoint states".to_owned(),
                    ),
                    Ok(_) => None,
                };
                if let Some(what) = what {
                    let number = held.number.map(|number| format!("/{number}"));
                    problems.push(Problem {
                        place: format!("{}{}", held.checkpoint_id, number.unwrap_or_default()),
                        what,
                    });
                }
                read.insert(key, snapshot.clone());
                snapshot
            }
        };
        weighed.push(Weighed {
            held,
            snapshot: Some(snapshot),
        });
    }
    Ok(weighed)
}

/// The id under which the goldset has the session already; else the first dated one, which later checkpoints do not change.
fn id_of(group: &[Held], known: &HashSet<String>) -> String {
    group
        .iter()
        .map(|held| outside(&held.metadata.session_id))
        .min_by_key(|id| (!known.contains(id), inner_id(id) == id, id.clone()))
        .unwrap_or_default()
}

fn candidate(
    session: &Session,
    from: &FromRepository,
    repo: &str,
    evidence: &Evidence<'_>,
    objects: &Arc<Mutex<Objects>>,
) -> Option<Candidate> {
    let snapshot = session.snapshot()?;
    let held = &session.held[session.chosen].held;
    let number = held.number.map(|number| format!("/{number}"));
    let place = format!("{}{}", held.checkpoint_id, number.unwrap_or_default());
    let others: Vec<&str> = {
        let mut ids: Vec<&str> = session
            .held
            .iter()
            .map(|weighed| weighed.held.metadata.session_id.as_str())
            .filter(|id| outside(id) != session.id)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    Some(Candidate {
        id: session.id.clone(),
        is_document: snapshot::is_document(snapshot.format),
        user: match &from.user {
            Some(user) => user.clone(),
            None => evidence.user(session).unwrap_or_default(),
        },
        date: snapshot
            .span
            .map(|(first, _)| first.to_string())
            .unwrap_or_default(),
        repo: repo.to_owned(),
        source: format!("entire {} {place}", held.generation.name()),
        licence: from.licence.clone(),
        more: vec![
            ("branch", held.metadata.branch.clone()),
            ("kind", held.metadata.kind.clone()),
            ("other_ids", others.join(" ")),
        ],
        kept: Some(Arc::new(InRepository {
            objects: Arc::clone(objects),
            parts: held.transcript.clone(),
            joint: snapshot.joint,
            bytes: snapshot.bytes,
            sha256: snapshot.sha256.clone(),
        })),
        ..Candidate::default()
    })
}

/// A transcript among the objects of a repository.
#[derive(Debug)]
struct InRepository {
    objects: Arc<Mutex<Objects>>,
    parts: Vec<ObjectId>,
    joint: Joint,
    bytes: u64,
    sha256: String,
}

impl Kept for InRepository {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn sha256(&self) -> &str {
        &self.sha256
    }

    fn write(&self, to: &mut dyn Write) -> anyhow::Result<()> {
        let mut objects = self.objects.lock().expect("no reader of objects panics");
        snapshot::write(&mut objects, &self.parts, self.joint, to)
            .context("failed to copy a transcript out of the repository")
    }
}

/// `owner/name` out of origin's address, else the folder's name. Passwords in an address stay where they are.
fn name_of(repository: &Repository, folder: &Path) -> String {
    if let Some(name) = repository.origin().as_deref().and_then(owner_and_name) {
        return name;
    }
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    match name.trim_end_matches(".git") {
        "" => "unknown".to_owned(),
        name => name.to_owned(),
    }
}

fn owner_and_name(address: &str) -> Option<String> {
    let path = match address.split_once("://") {
        Some((scheme, rest)) if scheme != "file" => rest.split_once('/')?.1,
        Some(_) => return None,
        // `user@host:owner/name`, unless it is a folder of this machine.
        None => {
            let (host, path) = address.split_once(':')?;
            (!host.contains('/')).then_some(path)?
        }
    };
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let (before, name) = path.rsplit_once('/')?;
    let owner = before.rsplit('/').next()?;
    (!owner.is_empty() && !name.is_empty()).then(|| format!("{owner}/{name}"))
}

/// A person's address as a name that says nothing: 12 hexadecimal digits of a salted SHA-256.
///
/// It is a pseudonym, not anonymity: who has the salt can try addresses.
pub(super) fn pseudonym(salt: &str, address: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(b"validate author\0");
    hash.update(salt.as_bytes());
    hash.update(b"\0");
    hash.update(address.trim().to_lowercase().as_bytes());
    let mut digits = collection::hex(&hash.finalize());
    digits.truncate(12);
    digits
}

fn tell(scan: &Scan, sessions: &[Session], without: u64, commits: &[Linked], problems: &[Problem]) {
    let count = scan.checkpoints.values().sum();
    let by_kind: Vec<String> = scan
        .checkpoints
        .iter()
        .map(|(generation, count)| format!("{} {count}", generation.name()))
        .collect();
    let mut named = HashSet::new();
    for session in sessions {
        named.extend(
            session
                .held
                .iter()
                .map(|weighed| weighed.held.checkpoint_id.as_str()),
        );
    }
    let linked = commits
        .iter()
        .filter(|commit| {
            commit
                .checkpoints
                .iter()
                .any(|id| named.contains(id.as_str()))
        })
        .count() as u64;
    output::note(&format!(
        "{} ({}): {}, {}",
        number::counted(count, "checkpoint"),
        by_kind.join(", "),
        number::counted(sessions.len() as u64, "session"),
        number::counted(linked, "linked commit"),
    ));
    if without > 0 {
        output::note(&format!(
            "left out: {} without a transcript that can be read",
            number::counted(without, "session")
        ));
    }
    for problem in problems.iter().take(PROBLEMS_SHOWN) {
        output::note(&format!("checkpoint {}: {}", problem.place, problem.what));
    }
    if PROBLEMS_SHOWN < problems.len() {
        output::note(&format!(
            "… {} more of the kind",
            problems.len() - PROBLEMS_SHOWN
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::{owner_and_name, pseudonym};

    #[test]
    fn the_name_of_a_repository_has_no_password() {
        for (address, name) in [
            (
                "https://user:secret@example.org/ada/parser.git",
                Some("ada/parser"),
            ),
            ("git@example.org:ada/parser.git", Some("ada/parser")),
            (
                "ssh://git@example.org:22/group/ada/parser/",
                Some("ada/parser"),
            ),
            ("file:///home/ada/parser.git", None),
            ("/home/ada/parser.git", None),
            ("https://example.org", None),
            ("", None),
        ] {
            assert_eq!(owner_and_name(address).as_deref(), name, "{address}");
        }
    }

    #[test]
    fn a_pseudonym_is_stable_and_salted() {
        let ada = pseudonym("ada/parser", "ada@example.org");
        assert_eq!(ada, pseudonym("ada/parser", " Ada@Example.org"));
        assert_ne!(ada, pseudonym("ada/other", "ada@example.org"));
        assert_ne!(ada, pseudonym("ada/parser", "bob@example.org"));
        assert_eq!(ada.len(), 12);
    }
}
