//! Hashes of what an appendix rests on.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::domain::request::Hash;
use crate::goldset::load::Goldset;
use crate::report::appendix::provenance::Inputs;

use super::super::players::Players;
use super::super::validate::PROMPTS;

/// The files of a goldset that hold labels and what is known of its sessions.
const LABELS: [&str; 6] = [
    "goldset.toml",
    "sessions.csv",
    "labels.csv",
    "decisions.jsonl",
    "telemetry.csv",
    "injections.csv",
];

/// What a goldset's figures rest on.
pub(super) fn inputs(goldset: &Goldset, players: &Players) -> io::Result<Inputs> {
    let folder = &goldset.folder;
    let transcripts: Vec<PathBuf> = goldset
        .sessions
        .iter()
        .map(|session| PathBuf::from("sessions").join(&session.file))
        .collect();
    let recordings = below(&folder.join("recordings"), folder);
    Ok(Inputs {
        goldset: goldset.name.clone(),
        labels: hash(folder, LABELS.iter().map(PathBuf::from))?.unwrap_or_default(),
        items: hash(folder, transcripts)?,
        recordings: hash(folder, recordings)?,
        candidate: players.candidate.text(),
        against: players.against.clone(),
        reference: players.reference.as_ref().map(|(spec, _)| spec.text()),
    })
}

/// The hash of everything below `prompts/` but what the study published.
pub(super) fn prompts() -> io::Result<String> {
    let folder = Path::new(PROMPTS);
    let files = below(folder, folder)
        .into_iter()
        .filter(|file| file != Path::new("study.toml"));
    Ok(hash(folder, files)?.unwrap_or_default())
}

/// The hash of what the study published, if it is declared.
pub(super) fn study() -> io::Result<Option<String>> {
    hash(Path::new(PROMPTS), [PathBuf::from("study.toml")])
}

/// Files below a folder, relative to another one, in the order of their names.
fn below(folder: &Path, base: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = WalkDir::new(folder)
        .into_iter()
        .flatten()
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| Some(entry.path().strip_prefix(base).ok()?.to_owned()))
        .collect();
    files.sort();
    files
}

/// The hash over name, length and bytes of each file that is there; `None` where none is.
fn hash(folder: &Path, files: impl IntoIterator<Item = PathBuf>) -> io::Result<Option<String>> {
    let mut all = Vec::new();
    for file in files {
        let path = folder.join(&file);
        if !path.is_file() {
            continue;
        }
        let bytes = fs::read(&path)?;
        let name = file.to_string_lossy().replace('\\', "/");
        all.extend_from_slice(format!("{name}\0{}\0", bytes.len()).as_bytes());
        all.extend_from_slice(&bytes);
    }
    Ok((!all.is_empty()).then(|| Hash::of(&all).text().to_owned()))
}
