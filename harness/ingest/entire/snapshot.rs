//! A transcript as one checkpoint keeps it: how far it reaches, whether it is what the checkpoint says, and its bytes.
//!
//! A session has a snapshot in each of its checkpoints. The complete one is neither always the newest (migrations write old ones
//! last, and some clients kept only what was new) nor always the longest of those that happened to be listed: it is the one
//! that begins where the session begins and reaches furthest.

use std::cmp::{Ordering, Reverse};
use std::io::{self, BufReader, Cursor, Read, Write};

use sha2::{Digest, Sha256};

use crate::domain::event::{Event, Listener, Position};
use crate::domain::moment::Moment;
use crate::ingest::detect::{Format, detect};
use crate::ingest::file::read_as;
use crate::ingest::git::{ObjectId, Objects};
use crate::ingest::redaction::standard_redaction;

/// How parts of a transcript were one: cut at line ends, which the parts then lack, or cut anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joint {
    /// A line end stood between two parts.
    LineEnd,
    /// Nothing stood there.
    Nothing,
}

/// What a snapshot is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Bytes of the transcript.
    pub bytes: u64,
    /// Their SHA-256.
    pub sha256: String,
    /// How its parts are joined.
    pub joint: Joint,
    /// The first and the last moment that it tells of.
    pub span: Option<(Moment, Moment)>,
    /// Whether the hash is the one that the checkpoint states; `None` where it states none.
    pub hash_agrees: Option<bool>,
    /// The agent that wrote it.
    pub format: Format,
}

/// Why a snapshot is no transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// The repository lacks the bytes.
    #[error("the transcript's bytes are missing, as in a partial clone")]
    Missing,
    /// No reader knows the format.
    #[error("no transcript of a known format")]
    UnknownFormat,
    /// A document that was cut up: its parts are documents of their own, and the one they were is lost.
    #[error("a document in parts, which are no transcript together")]
    CutDocument,
}

impl Snapshot {
    /// Orders snapshots of one session, the complete one last.
    ///
    /// The one that begins first, then the one that ends last, then one whose hash is not wrong, then the longer one.
    #[must_use]
    pub fn completeness(&self, other: &Self) -> Ordering {
        let rank = |snapshot: &Self| {
            (
                snapshot.span.map(|(first, _)| Reverse(first)),
                snapshot.span.map(|(_, last)| last),
                snapshot.hash_agrees != Some(false),
                snapshot.bytes,
            )
        };
        rank(self).cmp(&rank(other))
    }
}

/// Reads a snapshot once, in bounded memory; twice where the hash shows that its parts were joined otherwise.
///
/// # Errors
/// Where git went away.
pub fn weigh(
    objects: &mut Objects,
    parts: &[ObjectId],
    stated_hash: Option<&str>,
) -> io::Result<Result<Snapshot, Unusable>> {
    let mut snapshot = match weigh_as(objects, parts, Joint::LineEnd)? {
        Ok(snapshot) => snapshot,
        Err(unusable) => return Ok(Err(unusable)),
    };
    let Some(stated) = stated_hash else {
        let is_cut = 1 < parts.len() && is_document(snapshot.format);
        return Ok(if is_cut {
            Err(Unusable::CutDocument)
        } else {
            Ok(snapshot)
        });
    };
    if snapshot.sha256 != stated && 1 < parts.len() {
        match weigh_as(objects, parts, Joint::Nothing)? {
            Ok(plain) if plain.sha256 == stated => snapshot = plain,
            _ if is_document(snapshot.format) => return Ok(Err(Unusable::CutDocument)),
            _ => {}
        }
    }
    snapshot.hash_agrees = Some(snapshot.sha256 == stated);
    Ok(Ok(snapshot))
}

/// Whether a format is one document rather than lines.
#[must_use]
pub fn is_document(format: Format) -> bool {
    matches!(format, Format::OpenCode | Format::Gemini)
}

/// Writes the bytes of a snapshot.
///
/// # Errors
/// Where git went away, bytes are missing, or `to` fails.
pub fn write(
    objects: &mut Objects,
    parts: &[ObjectId],
    joint: Joint,
    to: &mut dyn Write,
) -> io::Result<()> {
    let mut source = Joined::new(objects, parts, joint);
    io::copy(&mut source, to)?;
    if source.is_missing {
        return Err(io::Error::other(Unusable::Missing.to_string()));
    }
    Ok(())
}

/// Bytes that decide most files, and bytes after which nothing more is looked at; as for files.
const LOOKS: [u64; 2] = [64 << 10, 8 << 20];

fn weigh_as(
    objects: &mut Objects,
    parts: &[ObjectId],
    joint: Joint,
) -> io::Result<Result<Snapshot, Unusable>> {
    let mut source = Weighing {
        source: Joined::new(objects, parts, joint),
        hash: Sha256::new(),
        bytes: 0,
    };
    let mut head = Vec::new();
    let mut format = None;
    for look in LOOKS {
        (&mut source)
            .take(look - head.len() as u64)
            .read_to_end(&mut head)?;
        format = detect(&head);
        if format.is_some() || (head.len() as u64) < look {
            break;
        }
    }
    if source.source.is_missing {
        return Ok(Err(Unusable::Missing));
    }
    let Some(format) = format else {
        return Ok(Err(Unusable::UnknownFormat));
    };
    let mut span = Span::default();
    let whole = BufReader::with_capacity(256 << 10, Cursor::new(head).chain(&mut source));
    read_as(format, whole, standard_redaction(), &mut span)?;
    // A reader of a document can stop at its end.
    io::copy(&mut source, &mut io::sink())?;
    if source.source.is_missing {
        return Ok(Err(Unusable::Missing));
    }
    let digest = source.hash.finalize();
    Ok(Ok(Snapshot {
        bytes: source.bytes,
        sha256: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        joint,
        span: span.0,
        hash_agrees: None,
        format,
    }))
}

/// Counts and hashes what passes.
struct Weighing<'o> {
    source: Joined<'o>,
    hash: Sha256,
    bytes: u64,
}

impl Read for Weighing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.hash.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

/// Parts of a transcript, one after the other.
struct Joined<'o> {
    objects: &'o mut Objects,
    parts: std::slice::Iter<'o, ObjectId>,
    joint: Joint,
    is_open: bool,
    has_begun: bool,
    is_missing: bool,
}

impl<'o> Joined<'o> {
    fn new(objects: &'o mut Objects, parts: &'o [ObjectId], joint: Joint) -> Self {
        Self {
            objects,
            parts: parts.iter(),
            joint,
            is_open: false,
            has_begun: false,
            is_missing: false,
        }
    }
}

impl Read for Joined<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if self.is_open {
                let read = self.objects.read(buffer)?;
                if read > 0 {
                    return Ok(read);
                }
                self.is_open = false;
            }
            let Some(part) = self.parts.next().filter(|_| !self.is_missing) else {
                return Ok(0);
            };
            if self.objects.begin(part)?.is_none() {
                self.is_missing = true;
                return Ok(0);
            }
            self.is_open = true;
            if std::mem::replace(&mut self.has_begun, true) && self.joint == Joint::LineEnd {
                buffer[0] = b'\n';
                return Ok(1);
            }
        }
    }
}

/// The first and the last moment of a transcript.
#[derive(Default)]
struct Span(Option<(Moment, Moment)>);

impl Listener for Span {
    fn event(&mut self, at: Position, _: Event<'_>) {
        if let Some(moment) = at.moment {
            self.0 = Some(match self.0 {
                None => (moment, moment),
                Some((first, last)) => (first.min(moment), last.max(moment)),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::{Format, Joint, Moment, Snapshot};

    fn snapshot(span: Option<(i64, i64)>, bytes: u64, hash_agrees: Option<bool>) -> Snapshot {
        Snapshot {
            bytes,
            sha256: String::new(),
            joint: Joint::LineEnd,
            span: span.map(|(first, last)| (Moment(first), Moment(last))),
            hash_agrees,
            format: Format::ClaudeCode,
        }
    }

    #[test]
    fn the_complete_snapshot_begins_first_and_ends_last() {
        let whole = snapshot(Some((0, 90)), 1000, None);
        let more_to_come = snapshot(Some((0, 50)), 2000, None);
        let only_the_end = snapshot(Some((60, 99)), 3000, None);
        let no_times = snapshot(None, 9000, None);
        for other in [&more_to_come, &only_the_end, &no_times] {
            assert_eq!(whole.completeness(other), Ordering::Greater);
            assert_eq!(other.completeness(&whole), Ordering::Less);
        }
        let damaged = snapshot(Some((0, 90)), 1001, Some(false));
        assert_eq!(whole.completeness(&damaged), Ordering::Greater);
        assert_eq!(
            snapshot(None, 2, None).completeness(&snapshot(None, 1, None)),
            Ordering::Greater
        );
    }
}
