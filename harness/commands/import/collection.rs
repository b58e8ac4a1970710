//! Candidates into a goldset's folder: copies of transcripts, the list of sessions and their telemetry.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::commands::{output, telemetry};
use crate::ingest::redaction::standard_redaction;
use crate::report::number;
use crate::run::measure::measure;
use crate::telemetry::join::join;

use super::leftovers;
use super::table::{Table, outside};

/// A transcript that may enter the goldset.
#[derive(Debug, Clone, Default)]
pub(super) struct Candidate {
    /// The session's id.
    pub(super) id: String,
    /// Where its bytes are.
    pub(super) path: PathBuf,
    /// True for a format that is one document.
    pub(super) is_document: bool,
    /// Who held it; empty if nobody knows.
    pub(super) user: String,
    /// The day as `YYYY-MM-DD`, or empty.
    pub(super) date: String,
    /// Its repository or project.
    pub(super) repo: String,
    /// How to get it.
    pub(super) source: String,
    /// The licence of the transcript; empty if nobody knows.
    pub(super) licence: String,
    /// Cells of further columns.
    pub(super) more: Vec<(&'static str, String)>,
    /// Its bytes, where they lie elsewhere than in a file; `path` is empty then.
    pub(super) kept: Option<Arc<dyn Kept>>,
}

/// A transcript whose bytes lie in no file of their own.
pub(super) trait Kept: std::fmt::Debug + Send + Sync {
    /// How many they are.
    fn bytes(&self) -> u64;

    /// Their SHA-256, in hexadecimal digits.
    fn sha256(&self) -> &str;

    /// Writes them.
    ///
    /// # Errors
    /// Where they cannot be got or written.
    fn write(&self, to: &mut dyn Write) -> anyhow::Result<()>;
}

impl Candidate {
    fn bytes(&self) -> anyhow::Result<u64> {
        if let Some(kept) = &self.kept {
            return Ok(kept.bytes());
        }
        let file = fs::metadata(&self.path)
            .with_context(|| format!("failed to read `{}`", self.path.display()))?;
        Ok(file.len())
    }

    fn sha256(&self) -> anyhow::Result<String> {
        match &self.kept {
            Some(kept) => Ok(kept.sha256().to_owned()),
            None => stream(&self.path, &mut std::io::sink()),
        }
    }
}

/// What a goldset says of itself at first.
pub(super) struct Origin<'a> {
    /// Title.
    pub(super) title: &'a str,
    /// Licence of what is imported.
    pub(super) licence: &'a str,
    /// Where the sessions come from.
    pub(super) provenance: &'a str,
}

/// What became of the candidates.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Tally {
    added: u64,
    grown: u64,
    known: u64,
    other: u64,
}

impl Tally {
    /// The outcome in a sentence.
    pub(super) fn sentence(self, out: &Path) -> String {
        let mut parts = vec![format!("{} new", number::counted(self.added, "session"))];
        if self.grown > 0 {
            parts.push(format!("{} replaced by longer transcripts", self.grown));
        }
        parts.push(format!("{} already there", self.known));
        if self.other > 0 {
            parts.push(format!(
                "{} left out because a longer transcript of the same session is there",
                self.other
            ));
        }
        format!("{}: {}", out.display(), parts.join(", "))
    }
}

/// Says what the copies are.
pub(super) const UNREDACTED: &str = "the copies in sessions/ are the transcripts as they are, secrets included: do not publish them; \
     what `validate` shows or sends of them is redacted";

/// Says what can be done with the goldset, which has no labels of people yet.
pub(super) fn next(out: &Path) -> String {
    let out = out.display();
    format!(
        "next: `validate telemetry {out}/sessions` shows what the sessions did, `validate --classifier all --goldset {out} --model \
         SPEC --dry-run` what asking a model would cost, `validate requests export --goldset {out} --out FILE` writes the \
         requests; a validation needs labels.csv, with its raters in goldset.toml"
    )
}

const COLUMNS: [&str; 8] = [
    "session_id",
    "file",
    "user",
    "date",
    "repo",
    "licence",
    "source",
    "sha256",
];

/// Refuses a folder that holds something else.
///
/// # Errors
/// Where `out` is a file, or a folder with files but no goldset.
pub(super) fn usable(out: &Path) -> anyhow::Result<()> {
    if !out.exists() {
        return Ok(());
    }
    let mut entries =
        fs::read_dir(out).with_context(|| format!("`{}` is no folder", out.display()))?;
    anyhow::ensure!(
        out.join("goldset.toml").is_file() || entries.next().is_none(),
        "`{}` is neither empty nor a goldset\n\nhint: name a new folder with --out",
        out.display()
    );
    Ok(())
}

/// Ids of the sessions that the goldset in `out` lists; none where there is no goldset yet.
///
/// # Errors
/// Where its list cannot be read.
pub(super) fn known(out: &Path) -> anyhow::Result<HashSet<String>> {
    let sessions = Table::open(&out.join("sessions.csv"), &COLUMNS)?;
    Ok(sessions.keys().into_iter().map(str::to_owned).collect())
}

/// Adds what is new to the goldset in `out`.
///
/// # Errors
/// Where a file cannot be read or written.
pub(super) fn add(
    out: &Path,
    origin: &Origin<'_>,
    candidates: Vec<Candidate>,
) -> anyhow::Result<Tally> {
    usable(out)?;
    begin(out, origin)?;
    let folder = out.join("sessions");
    let mut sessions = Table::open(&out.join("sessions.csv"), &COLUMNS)?;
    let mut tally = Tally::default();
    let candidates = longest(candidates, &mut tally)?;
    let hashes: Vec<String> = candidates
        .par_iter()
        .map(Candidate::sha256)
        .collect::<anyhow::Result<_>>()?;
    let mut wanted = Vec::new();
    for (candidate, hash) in candidates.iter().zip(hashes) {
        let file = match sessions.cell(&candidate.id, "file") {
            None => {
                tally.added += 1;
                file_name(candidate)
            }
            Some(_) if sessions.cell(&candidate.id, "sha256") == Some(hash.as_str()) => {
                tally.known += 1;
                continue;
            }
            Some(file) => {
                let there = fs::metadata(folder.join(file)).map_or(0, |known| known.len());
                if candidate.bytes()? <= there {
                    tally.other += 1;
                    continue;
                }
                tally.grown += 1;
                file_name(candidate)
            }
        };
        wanted.push((candidate, file));
    }
    // The source can grow meanwhile (a session that goes on), so the hash is that of the copy.
    let copied: Vec<String> = wanted
        .par_iter()
        .map(|(candidate, file)| copy(candidate, &folder.join(file)))
        .collect::<anyhow::Result<_>>()?;
    for ((candidate, file), hash) in wanted.into_iter().zip(copied) {
        listed(&mut sessions, candidate, file, hash);
    }
    if sessions.keys().is_empty() {
        anyhow::bail!("there is no session to import");
    }
    measured(out, &sessions)?;
    sessions.write()?;
    Ok(tally)
}

/// Lists sessions whose transcripts are not to be had, so that their labels have a session.
///
/// # Errors
/// Where a file cannot be read or written.
pub(super) fn list(out: &Path, origin: &Origin<'_>, without: &[Candidate]) -> anyhow::Result<()> {
    usable(out)?;
    begin(out, origin)?;
    let mut sessions = Table::open(&out.join("sessions.csv"), &COLUMNS)?;
    for candidate in without {
        if sessions.cell(&candidate.id, "file").is_none() {
            listed(
                &mut sessions,
                candidate,
                file_name(candidate),
                String::new(),
            );
        }
    }
    sessions.write()
}

fn listed(sessions: &mut Table, candidate: &Candidate, file: String, sha256: String) {
    let day = candidate.date.get(..10).unwrap_or_default().to_owned();
    let licence = match candidate.licence.as_str() {
        "" => "unknown",
        known => known,
    };
    let more = candidate
        .more
        .iter()
        .map(|(column, cell)| (*column, outside(cell)));
    sessions.set(
        &candidate.id,
        [
            ("file", file),
            ("user", outside(&candidate.user)),
            ("date", day),
            ("repo", outside(&candidate.repo)),
            ("licence", outside(licence)),
            ("source", outside(&candidate.source)),
            ("sha256", sha256),
        ]
        .into_iter()
        .chain(more),
    );
}

/// The manifest and the folder, if they are not there.
fn begin(out: &Path, origin: &Origin<'_>) -> anyhow::Result<()> {
    let folder = out.join("sessions");
    fs::create_dir_all(&folder)
        .with_context(|| format!("failed to make the folder `{}`", folder.display()))?;
    leftovers::sweep(out);
    leftovers::sweep(&folder);
    let manifest = out.join("goldset.toml");
    if !manifest.is_file() {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        output::file(
            &manifest,
            &format!(
                "title = {}\nlicence = {}\nprovenance = {}\nsynthetic = false\n",
                quoted(origin.title),
                quoted(origin.licence),
                quoted(origin.provenance)
            ),
        )?;
        output::file(
            &out.join(".gitignore"),
            "# Transcripts as they are, secrets included.\n/sessions/\n",
        )?;
    }
    Ok(())
}

/// One candidate per session, the longest; order is that of the first.
fn longest(candidates: Vec<Candidate>, tally: &mut Tally) -> anyhow::Result<Vec<Candidate>> {
    let mut kept: Vec<(u64, Candidate)> = Vec::new();
    let mut at: HashMap<String, usize> = HashMap::new();
    for candidate in candidates {
        let bytes = candidate.bytes()?;
        match at.get(&candidate.id) {
            None => {
                at.insert(candidate.id.clone(), kept.len());
                kept.push((bytes, candidate));
            }
            Some(at) => {
                tally.other += 1;
                if kept[*at].0 < bytes {
                    kept[*at] = (bytes, candidate);
                }
            }
        }
    }
    Ok(kept.into_iter().map(|(_, candidate)| candidate).collect())
}

/// Ids come from outside: one that is no plain name gives a name made of its hash.
fn file_name(candidate: &Candidate) -> String {
    let id = &candidate.id;
    let ending = if candidate.is_document {
        "json"
    } else {
        "jsonl"
    };
    format!("{}.{ending}", plain_name(id))
}

/// An id that is a plain name, else a name made of its hash.
pub(super) fn plain_name(id: &str) -> Cow<'_, str> {
    let is_plain = !id.is_empty()
        && id.len() <= 120
        && !id.starts_with(['.', '-'])
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    if is_plain {
        Cow::Borrowed(id)
    } else {
        Cow::Owned(format!("session-{}", hex(&Sha256::digest(id.as_bytes()))))
    }
}

fn copy(from: &Candidate, to: &Path) -> anyhow::Result<String> {
    let beside = to.with_extension(format!("{}.partial", std::process::id()));
    let failed = || format!("failed to write `{}`", to.display());
    let mut file = BufWriter::new(File::create(&beside).with_context(failed)?);
    let hash = match &from.kept {
        Some(kept) => {
            kept.write(&mut file)?;
            kept.sha256().to_owned()
        }
        None => stream(&from.path, &mut file)?,
    };
    file.into_inner()
        .map_err(std::io::IntoInnerError::into_error)
        .and_then(|file| file.sync_all())
        .and_then(|()| fs::rename(&beside, to))
        .with_context(failed)?;
    Ok(hash)
}

/// Writes the bytes of a file to `to` and gives their SHA-256.
fn stream(from: &Path, to: &mut impl Write) -> anyhow::Result<String> {
    let failed = || format!("failed to read `{}`", from.display());
    let mut source = BufReader::new(File::open(from).with_context(failed)?);
    let mut hash = Sha256::new();
    let mut buffer = vec![0_u8; 128 * 1024];
    loop {
        let read = source.read(&mut buffer).with_context(failed)?;
        if read == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(&buffer[..read]);
        to.write_all(&buffer[..read])?;
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Telemetry of every copy, sub-agents joined to their sessions; rows of sessions without a copy stay.
fn measured(out: &Path, sessions: &Table) -> anyhow::Result<()> {
    let folder = out.join("sessions");
    let mut rows = sessions
        .keys()
        .into_par_iter()
        .filter_map(|id| {
            let path = folder.join(sessions.cell(id, "file")?);
            path.is_file().then(|| {
                let mut row = measure(&path, standard_redaction())?.row;
                id.clone_into(&mut row.session_id);
                Ok(row)
            })
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    join(&mut rows);
    let mut table = Table::open(&out.join("telemetry.csv"), &["session_id"])?;
    for row in &rows {
        let cells = telemetry::cells(row)?;
        table.set(
            &row.session_id,
            cells
                .iter()
                .filter(|(name, _)| name != "session_id")
                .map(|(name, value)| (name.as_str(), value.clone())),
        );
    }
    table.write()
}
