//! A file of lines in as many parts as its limits ask for, whole or not at all.
//!
//! Parts are written beside their places and take them at the end, all of them; what is not finished is removed.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// What one part may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct PartLimits {
    pub(super) lines: u64,
    pub(super) bytes: u64,
}

/// Why parts cannot be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum PartsError {
    #[error("failed to write `{}`: {source}", .path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("`{}` names no file\n\nhint: give `--out` a file, such as `requests.jsonl`", .0.display())]
    NoFile(PathBuf),
    #[error("has {bytes} bytes, more than the {limit} that a part may hold")]
    LineTooLong { bytes: u64, limit: u64 },
}

/// The parts of one file while they are written. Those that are not finished when this is dropped are removed.
pub(super) struct Parts {
    out: PathBuf,
    limits: PartLimits,
    beside: Vec<PathBuf>,
    current: Option<BufWriter<File>>,
    lines: u64,
    bytes: u64,
    all_bytes: u64,
}

impl Parts {
    pub(super) fn new(out: &Path, limits: PartLimits) -> Result<Self, PartsError> {
        if out.file_name().is_none() || out.is_dir() {
            return Err(PartsError::NoFile(out.to_owned()));
        }
        let mut parts = Self {
            out: out.to_owned(),
            limits,
            beside: Vec::new(),
            current: None,
            lines: 0,
            bytes: 0,
            all_bytes: 0,
        };
        fs::create_dir_all(parts.folder()).map_err(|source| PartsError::Write {
            path: parts.folder().to_owned(),
            source,
        })?;
        // The first part is there even when no line follows: a script finds its file.
        parts.begin()?;
        Ok(parts)
    }

    /// Adds a line, in a new part where it does not fit into this one.
    pub(super) fn write(&mut self, line: &[u8]) -> Result<(), PartsError> {
        let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
        if self.limits.bytes < length {
            return Err(PartsError::LineTooLong {
                bytes: length,
                limit: self.limits.bytes,
            });
        }
        if self.limits.lines <= self.lines || self.limits.bytes - self.bytes < length {
            self.end()?;
            self.begin()?;
        }
        let written = match &mut self.current {
            Some(part) => part.write_all(line),
            None => Ok(()),
        };
        written.map_err(|source| self.failed(source))?;
        self.lines += 1;
        self.bytes += length;
        self.all_bytes += length;
        Ok(())
    }

    /// Bytes of all lines.
    pub(super) fn bytes(&self) -> u64 {
        self.all_bytes
    }

    /// Parts that are begun.
    pub(super) fn count(&self) -> usize {
        self.beside.len()
    }

    /// Gives all parts their names: the one that was asked for, or numbered ones where there are several.
    pub(super) fn finish(mut self) -> Result<Vec<PathBuf>, PartsError> {
        self.end()?;
        let count = self.beside.len();
        let mut named = Vec::with_capacity(count);
        for (number, beside) in (1..).zip(&self.beside) {
            let path = match count {
                1 => self.out.clone(),
                _ => numbered(&self.out, number, count),
            };
            if let Err(source) = fs::rename(beside, &path) {
                for done in &named {
                    // The cause matters, not whether tidying up succeeds.
                    let _ = fs::remove_file(done);
                }
                return Err(PartsError::Write { path, source });
            }
            named.push(path);
        }
        self.beside.clear();
        Ok(named)
    }

    fn begin(&mut self) -> Result<(), PartsError> {
        let name = self
            .out
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let beside = self.folder().join(format!(
            ".{name}.{}.{}.partial",
            std::process::id(),
            self.beside.len() + 1
        ));
        let part = File::create(&beside).map_err(|source| self.failed(source))?;
        self.beside.push(beside);
        self.current = Some(BufWriter::with_capacity(1 << 20, part));
        self.lines = 0;
        self.bytes = 0;
        Ok(())
    }

    fn end(&mut self) -> Result<(), PartsError> {
        let Some(part) = self.current.take() else {
            return Ok(());
        };
        part.into_inner()
            .map_err(io::IntoInnerError::into_error)
            // Else the new name may reach the disk before the bytes do.
            .and_then(|part| part.sync_all())
            .map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> PartsError {
        PartsError::Write {
            path: self.out.clone(),
            source,
        }
    }

    fn folder(&self) -> &Path {
        match self.out.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        for beside in &self.beside {
            // Nobody can be told, and the next export does not mind.
            let _ = fs::remove_file(beside);
        }
    }
}

/// `requests.jsonl` as `requests-002.jsonl`, with as many digits as keep the parts in order.
fn numbered(out: &Path, number: usize, count: usize) -> PathBuf {
    let digits = count.to_string().len().max(3);
    let stem = out
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default();
    let name = match out.extension() {
        Some(ending) => format!("{stem}-{number:0digits$}.{}", ending.to_string_lossy()),
        None => format!("{stem}-{number:0digits$}"),
    };
    out.with_file_name(name)
}

/// A file that an earlier export to the same name left and that could be taken for a part of this one.
pub(super) fn left_over(out: &Path, written: usize) -> Option<PathBuf> {
    let next = match written {
        0 | 1 => numbered(out, 1, 1),
        _ => numbered(out, written + 1, written + 1),
    };
    let whole = (1 < written).then(|| out.to_owned());
    whole.into_iter().chain([next]).find(|path| path.exists())
}
