//! Where a checkpoint's files lie, in all three generations of storage. Names come from outside: what does not match
//! exactly is passed over.
//!
//! | generation | where | a session's transcript |
//! |---|---|---|
//! | branch | `entire/checkpoints/v1`, local or of a remote: `<id[..2]>/<id[2..]>/` | `<n>/full.jsonl`, parts `.001` and on; the oldest directly in the folder |
//! | v2 refs | `refs/entire/checkpoints/v2/main`, the same folders | `refs/entire/checkpoints/v2/full/…`: `<n>/raw_transcript`, parts `.001` and on |
//! | refs | `refs/entire/checkpoints/<last two of id>/<id>`, the tree is the folder | `<n>/full.jsonl`, parts `.001` and on |

use std::collections::BTreeMap;

use crate::ingest::git::ObjectId;

/// A generation of storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Generation {
    /// One branch for all checkpoints.
    Branch,
    /// One ref for metadata, others for transcripts.
    SecondRefs,
    /// One ref for each checkpoint.
    Refs,
}

impl Generation {
    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Branch => "v1",
            Self::SecondRefs => "v2",
            Self::Refs => "refs",
        }
    }
}

/// What a ref holds, told by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Holds {
    /// Folders of checkpoints with all of their files.
    Checkpoints,
    /// Folders of checkpoints without transcripts.
    Metadata,
    /// Transcripts of such folders.
    Transcripts,
    /// One checkpoint of this id.
    One(String),
    /// A commit of the repository's own work.
    Work,
    /// Something else of the Entire CLI, or a stash.
    Other,
}

const BRANCH: &str = "entire/checkpoints/v1";
const REFS: &str = "refs/entire/checkpoints/";

/// What a ref of this name holds.
pub(super) fn holds(name: &str) -> Holds {
    if let Some(below) = name.strip_prefix(REFS) {
        return match below {
            "v1" => Holds::Checkpoints,
            "v2/main" => Holds::Metadata,
            _ if is_transcripts(below) => Holds::Transcripts,
            _ => one(below).map_or(Holds::Other, Holds::One),
        };
    }
    let short = if let Some(short) = name.strip_prefix("refs/heads/") {
        short
    } else if let Some(below) = name.strip_prefix("refs/remotes/") {
        below.split_once('/').map_or("", |(_, short)| short)
    } else if name.starts_with("refs/tags/") {
        return Holds::Work;
    } else {
        return Holds::Other;
    };
    if short == BRANCH {
        Holds::Checkpoints
    } else if short.starts_with("entire/") || short.is_empty() {
        Holds::Other
    } else {
        Holds::Work
    }
}

fn is_transcripts(below: &str) -> bool {
    below.strip_prefix("v2/full/").is_some_and(|generation| {
        generation == "current"
            || !generation.is_empty() && generation.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// `<last two>/<id>`, the two as the id has them.
fn one(below: &str) -> Option<String> {
    let (shard, id) = below.split_once('/')?;
    (is_id(id) && id.ends_with(shard) && shard.len() == 2).then(|| id.to_owned())
}

/// 12 hexadecimal digits, or a ULID: 26 digits and capitals without I, L, O and U.
pub(super) fn is_id(id: &str) -> bool {
    let is_hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let is_crockford = |byte: u8| {
        byte.is_ascii_digit()
            || byte.is_ascii_uppercase() && !matches!(byte, b'I' | b'L' | b'O' | b'U')
    };
    id.len() == 12 && id.bytes().all(is_hexadecimal)
        || id.len() == 26 && id.bytes().all(is_crockford)
}

/// Files of one session in a checkpoint's folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct SessionFiles {
    pub(super) metadata: Option<ObjectId>,
    /// Parts of the transcript by their number, 0 for the file without one.
    pub(super) parts: BTreeMap<u32, ObjectId>,
    /// The file that holds the hash of the whole transcript.
    pub(super) hash: Option<ObjectId>,
}

impl SessionFiles {
    /// Takes a file by its name, if it belongs to a session.
    pub(super) fn take(&mut self, name: &[u8], object: &ObjectId) {
        match name {
            b"metadata.json" => self.metadata = Some(object.clone()),
            b"content_hash.txt" | b"raw_transcript_hash.txt" => self.hash = Some(object.clone()),
            _ => {
                if let Some(number) = part(name) {
                    self.parts.insert(number, object.clone());
                }
            }
        }
    }

    /// Takes a transcript that is kept elsewhere.
    pub(super) fn join(&mut self, transcript: &Self) {
        if self.parts.is_empty() {
            self.parts.clone_from(&transcript.parts);
            self.hash.clone_from(&transcript.hash);
        }
    }

    /// The parts in order, if none is missing in between.
    pub(super) fn transcript(&self) -> Option<Vec<ObjectId>> {
        let first = *self.parts.keys().next()?;
        let is_whole = first <= 1
            && self
                .parts
                .keys()
                .copied()
                .eq((first..).take(self.parts.len()));
        is_whole.then(|| self.parts.values().cloned().collect())
    }
}

/// The number of a transcript's part by its file's name.
fn part(name: &[u8]) -> Option<u32> {
    let name = std::str::from_utf8(name).ok()?;
    for base in ["full.jsonl", "raw_transcript", "full.log"] {
        if let Some(rest) = name.strip_prefix(base) {
            if rest.is_empty() {
                return Some(0);
            }
            let digits = rest.strip_prefix('.')?;
            let is_number =
                (3..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
            return if is_number { digits.parse().ok() } else { None };
        }
    }
    None
}

/// The number of a session by its folder's name: digits, with gaps between sessions.
pub(super) fn session_number(name: &[u8]) -> Option<u32> {
    let is_number = (1..=6).contains(&name.len()) && name.iter().all(u8::is_ascii_digit);
    is_number
        .then(|| std::str::from_utf8(name).ok()?.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::{Holds, SessionFiles, holds, part, session_number};
    use crate::ingest::git::ObjectId;

    #[test]
    fn refs_are_told_by_their_names() {
        let ulid = "01KXDKNGABW47M7NK1W0RF1VMR";
        assert_eq!(
            holds("refs/heads/entire/checkpoints/v1"),
            Holds::Checkpoints
        );
        assert_eq!(
            holds("refs/remotes/upstream/entire/checkpoints/v1"),
            Holds::Checkpoints
        );
        assert_eq!(holds("refs/entire/checkpoints/v2/main"), Holds::Metadata);
        for name in ["current", "0000000000001"] {
            let name = format!("refs/entire/checkpoints/v2/full/{name}");
            assert_eq!(holds(&name), Holds::Transcripts);
        }
        assert_eq!(
            holds(&format!("refs/entire/checkpoints/MR/{ulid}")),
            Holds::One(ulid.to_owned())
        );
        assert_eq!(
            holds("refs/entire/checkpoints/f6/a1b2c3d4e5f6"),
            Holds::One("a1b2c3d4e5f6".to_owned())
        );
        for other in [
            &format!("refs/entire/checkpoints/XX/{ulid}"),
            "refs/entire/checkpoints/IL/01KXDKNGABW47M7NK1W0RF1VIL",
            "refs/entire/checkpoints/v2/full/../main",
            "refs/heads/entire/1a2b3c4-d5e6f7",
            "refs/stash",
            "refs/remotes/origin",
        ] {
            assert_eq!(holds(other), Holds::Other, "{other}");
        }
        for work in [
            "refs/heads/main",
            "refs/remotes/origin/HEAD",
            "refs/tags/v1",
        ] {
            assert_eq!(holds(work), Holds::Work, "{work}");
        }
    }

    #[test]
    fn parts_and_sessions_are_told_by_exact_names() {
        assert_eq!(part(b"full.jsonl"), Some(0));
        assert_eq!(part(b"full.jsonl.002"), Some(2));
        assert_eq!(part(b"raw_transcript.011"), Some(11));
        for other in [
            b"full.jsonl.2".as_slice(),
            b"full.jsonl.001.tmp",
            b"full.jsonlx",
            b"transcript.jsonl",
            b"full.jsonl.00\xff",
        ] {
            assert_eq!(part(other), None);
        }
        assert_eq!(session_number(b"17"), Some(17));
        for other in [b"".as_slice(), b"-1", b"1a", b"tasks", b"9999999"] {
            assert_eq!(session_number(other), None);
        }
    }

    #[test]
    fn a_missing_part_is_no_transcript() {
        let object = ObjectId::parse(&"a".repeat(40)).unwrap();
        let with = |names: &[&str]| {
            let mut files = SessionFiles::default();
            for name in names {
                files.take(name.as_bytes(), &object);
            }
            files.transcript().map(|parts| parts.len())
        };
        assert_eq!(
            with(&["full.jsonl", "full.jsonl.001", "full.jsonl.002"]),
            Some(3)
        );
        assert_eq!(with(&["full.jsonl.001", "full.jsonl.002"]), Some(2));
        assert_eq!(with(&["full.jsonl", "full.jsonl.002"]), None);
        assert_eq!(with(&["full.jsonl.002"]), None);
        assert_eq!(with(&["prompt.txt"]), None);
    }
}
