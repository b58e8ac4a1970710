//! Files of the appendix: held against what is there, and written.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Context;
use walkdir::WalkDir;

use crate::report::appendix::files::{CHECKSUMS, FOLDERS, File};
use crate::report::number::shortened;

use super::super::output;

/// Characters of a line that a difference shows.
const SHOWN: usize = 100;

/// What is stale or missing below `out`, a line each, by path.
pub(super) fn differences(out: &Path, files: &[File]) -> Vec<String> {
    let mut lines = Vec::new();
    for file in files {
        let path = out.join(&file.path);
        match fs::read(&path) {
            Err(_) => lines.push(format!("missing: {}", path.display())),
            Ok(bytes) if bytes == file.text.as_bytes() => {}
            // Sums differ wherever a file does; that says nothing new.
            Ok(_) if file.path == CHECKSUMS && !lines.is_empty() => {
                lines.push(format!("stale: {}", path.display()));
            }
            Ok(bytes) => lines.push(format!(
                "stale: {}: {}",
                path.display(),
                first_difference(&String::from_utf8_lossy(&bytes), &file.text)
            )),
        }
    }
    lines
}

/// What is surplus below `out`, a line each, by path.
pub(super) fn surplus_lines(out: &Path, files: &[File]) -> Vec<String> {
    surplus(out, files)
        .iter()
        .map(|path| format!("surplus: {}", out.join(path).display()))
        .collect()
}

/// Writes every file, and takes away those that an earlier run listed and this one does not have.
pub(super) fn write(out: &Path, files: &[File]) -> anyhow::Result<()> {
    let earlier = fs::read_to_string(out.join(CHECKSUMS)).unwrap_or_default();
    for file in files {
        let path = out.join(&file.path);
        if fs::read(&path).is_ok_and(|bytes| bytes == file.text.as_bytes()) {
            continue;
        }
        output::file(&path, &file.text)?;
    }
    let listed: BTreeSet<&str> = earlier
        .lines()
        .filter_map(|line| line.split_once("  ").map(|(_, path)| path))
        .collect();
    for path in surplus(out, files) {
        if listed.contains(path.as_str()) {
            let path = out.join(path);
            fs::remove_file(&path)
                .with_context(|| format!("failed to remove `{}`", path.display()))?;
        } else {
            output::note(&format!(
                "`{}` is no file of the appendix and stays",
                out.join(path).display()
            ));
        }
    }
    Ok(())
}

/// Files in the folders of the appendix that are none of its own.
fn surplus(out: &Path, files: &[File]) -> Vec<String> {
    let known: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let mut found: Vec<String> = FOLDERS
        .iter()
        .flat_map(|folder| WalkDir::new(out.join(folder)))
        .flatten()
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| {
            let below = entry.path().strip_prefix(out).ok()?;
            Some(below.to_string_lossy().replace('\\', "/"))
        })
        .filter(|path| !known.contains(path.as_str()))
        .collect();
    found.sort();
    found
}

fn first_difference(has: &str, would: &str) -> String {
    let (mut has, mut would) = (has.lines(), would.lines());
    for number in 1.. {
        match (has.next(), would.next()) {
            (Some(old), Some(new)) if old == new => {}
            (Some(old), Some(new)) => {
                let from = old
                    .chars()
                    .zip(new.chars())
                    .take_while(|(a, b)| a == b)
                    .count()
                    .saturating_sub(20);
                let part = |line: &str| {
                    let rest: String = line.chars().skip(from).collect();
                    shortened(&rest, SHOWN)
                };
                return format!(
                    "line {number}: has `{}`, would be `{}`",
                    part(old),
                    part(new)
                );
            }
            (Some(_), None) => return format!("line {number} and what follows is surplus"),
            (None, Some(_)) => return format!("line {number} and what follows is missing"),
            (None, None) => break,
        }
    }
    "line ends differ".to_owned()
}
