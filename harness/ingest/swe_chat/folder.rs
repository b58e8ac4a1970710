//! Where the tables and transcripts are: single files, shards, a folder per table, or a download cache.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::error::SweChatError;
use super::schema::Table;

/// A copy of the data set on the disk.
#[derive(Debug)]
pub struct Folder {
    /// Where tables and transcripts lie.
    pub root: PathBuf,
    /// The files of each table that is there, in order.
    pub(super) tables: BTreeMap<Table, Vec<PathBuf>>,
    /// Names of tables that the import does not read.
    pub other_tables: Vec<String>,
    /// Where transcripts may be, links followed.
    inside: Vec<PathBuf>,
}

/// What became of the search for a session's transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A file below the data set's folder.
    At(PathBuf),
    /// No table names one and none has the session's name.
    Unnamed,
    /// It is named and not there.
    Absent,
    /// It is named outside the data set's folder.
    Outside,
}

/// Folders below the source in which tables are looked for: `data/sessions/train/0000.parquet`.
const DEEPEST: usize = 4;

impl Folder {
    /// Finds the tables in `source`.
    ///
    /// # Errors
    /// Where there is no table of sessions, a table is there twice, or shards are missing.
    pub fn find(source: &Path) -> Result<Self, SweChatError> {
        let root = snapshot(source)?;
        let mut groups: BTreeMap<Table, BTreeMap<PathBuf, Vec<PathBuf>>> = BTreeMap::new();
        let mut other_tables = Vec::new();
        let walk = walkdir::WalkDir::new(&root)
            .max_depth(DEEPEST)
            .sort_by_file_name()
            .into_iter()
            .filter_entry(|entry| {
                let name = entry.file_name().to_string_lossy();
                entry.depth() == 0 || !(name.starts_with('.') || name == "transcripts")
            });
        for entry in walk {
            let entry = entry.map_err(|error| SweChatError::Read {
                path: error.path().unwrap_or(&root).to_owned(),
                source: error.into(),
            })?;
            let path = entry.path();
            // A download cache links to the files.
            if path.extension().is_none_or(|ending| ending != "parquet") || !path.is_file() {
                continue;
            }
            let below = path.strip_prefix(&root).unwrap_or(path);
            match table_of(below) {
                Some(table) => {
                    let group = groups.entry(table).or_default();
                    let key = group_of(path, table);
                    group.entry(key).or_default().push(path.to_owned());
                }
                None => other_tables.push(name_of(below)),
            }
        }
        other_tables.dedup();
        let mut tables = BTreeMap::new();
        for (table, groups) in groups {
            let mut files: Vec<Vec<PathBuf>> = groups.into_values().collect();
            if let [first, second, ..] = &files[..] {
                return Err(SweChatError::Twice {
                    table: table.name(),
                    first: first[0].clone(),
                    second: second[0].clone(),
                });
            }
            let files = files.pop().unwrap_or_default();
            all_shards(table, &files)?;
            tables.insert(table, files);
        }
        if !tables.contains_key(&Table::Sessions) {
            return Err(SweChatError::NoTables(root));
        }
        let inside = [cache_of(&root), root.join("transcripts")]
            .iter()
            .filter_map(|folder| folder.canonicalize().ok())
            .collect();
        Ok(Self {
            root,
            tables,
            other_tables,
            inside,
        })
    }

    /// The published tables that are not there.
    #[must_use]
    pub fn absent_tables(&self) -> Vec<&'static str> {
        Table::ALL
            .into_iter()
            .filter(|table| !self.tables.contains_key(table))
            .map(Table::name)
            .collect()
    }

    /// The transcript of a session: the file that a table names, else the one with the session's name.
    ///
    /// Names come from outside: no name and no link leads out of the data set's folder.
    #[must_use]
    pub fn transcript(&self, session_id: &str, named: &str) -> Place {
        let mut candidates = Vec::new();
        let mut is_outside = false;
        let named = named.trim();
        if !named.is_empty() {
            match below(named) {
                Some(path) => {
                    candidates.push(self.root.join(&path));
                    if let Some(name) = path.file_name() {
                        candidates.push(self.root.join("transcripts").join(name));
                    }
                }
                None => is_outside = true,
            }
        }
        let by_id = format!("{session_id}.jsonl");
        match below(&by_id) {
            Some(path) if path.components().count() == 1 => {
                candidates.push(self.root.join("transcripts").join(path));
            }
            _ => is_outside = true,
        }
        for path in candidates {
            if !path.is_file() {
                continue;
            }
            let real = path.canonicalize();
            let stays = real
                .as_ref()
                .is_ok_and(|real| self.inside.iter().any(|inside| real.starts_with(inside)));
            if stays {
                return Place::At(path);
            }
            is_outside = true;
        }
        if is_outside {
            Place::Outside
        } else if named.is_empty() {
            Place::Unnamed
        } else {
            Place::Absent
        }
    }
}

/// A path that stays below where it starts.
fn below(name: &str) -> Option<PathBuf> {
    let path = Path::new(name);
    let stays = !name.contains(['\0', '\\'])
        && !name.is_empty()
        && path
            .components()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    stays.then(|| path.to_owned())
}

/// A download cache holds snapshots; the one that `refs/main` names counts, or the only one.
fn snapshot(source: &Path) -> Result<PathBuf, SweChatError> {
    let failed = |source_error| SweChatError::Read {
        path: source.to_owned(),
        source: source_error,
    };
    let folder = source.join("snapshots");
    if !folder.is_dir() {
        // A source that is not there is told here.
        std::fs::read_dir(source).map_err(failed)?;
        return Ok(source.to_owned());
    }
    if let Ok(main) = std::fs::read_to_string(source.join("refs/main"))
        && let Some(name) = below(main.trim())
        && folder.join(&name).is_dir()
    {
        return Ok(folder.join(name));
    }
    let mut snapshots: Vec<PathBuf> = std::fs::read_dir(&folder)
        .map_err(failed)?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    snapshots.sort();
    match <[PathBuf; 1]>::try_from(snapshots) {
        Ok([only]) => Ok(only),
        Err(snapshots) => Err(SweChatError::Snapshots {
            folder: source.to_owned(),
            snapshots: snapshots
                .iter()
                .map(|path| format!("`{}`", path.display()))
                .collect(),
        }),
    }
}

/// The folder of a download cache that a snapshot's links stay in, else the folder itself.
fn cache_of(root: &Path) -> PathBuf {
    let whole = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    match whole.parent() {
        Some(snapshots)
            if snapshots
                .file_name()
                .is_some_and(|name| name == "snapshots") =>
        {
            let cache = snapshots.parent().unwrap_or(snapshots);
            if cache.join("blobs").is_dir() {
                cache.to_owned()
            } else {
                whole
            }
        }
        _ => whole,
    }
}

/// `sessions.parquet`, `sessions-00000-of-00003.parquet`, or anything in a folder `sessions`.
fn table_of(below: &Path) -> Option<Table> {
    let stem = name_of(below);
    let folders: Vec<String> = below
        .parent()
        .into_iter()
        .flat_map(Path::components)
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    Table::ALL
        .into_iter()
        .find(|table| stem == table.name())
        .or_else(|| {
            Table::ALL
                .into_iter()
                .find(|table| folders.iter().any(|folder| folder == table.name()))
        })
}

/// The file's name without ending and shard.
fn name_of(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    match shard(&stem) {
        Some((name, _, _)) => name.to_owned(),
        None => stem.into_owned(),
    }
}

/// Copies of a table differ in folder or name; shards do not.
fn group_of(path: &Path, table: Table) -> PathBuf {
    let parent = path.parent().unwrap_or(path);
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    match shard(&stem) {
        Some((name, _, of)) => parent.join(format!("{name}-of-{of}")),
        None if stem == table.name() => path.to_owned(),
        None => parent.to_owned(),
    }
}

/// `train-00001-of-00003` as its parts.
fn shard(stem: &str) -> Option<(&str, usize, usize)> {
    let (rest, of) = stem.rsplit_once("-of-")?;
    let (name, number) = rest.rsplit_once('-')?;
    Some((name, number.parse().ok()?, of.parse().ok()?))
}

fn all_shards(table: Table, files: &[PathBuf]) -> Result<(), SweChatError> {
    let Some(first) = files.first() else {
        return Ok(());
    };
    let stem = first.file_stem().unwrap_or_default().to_string_lossy();
    match shard(&stem) {
        Some((_, _, of)) if of != files.len() => Err(SweChatError::Shards {
            table: table.name(),
            folder: first.parent().unwrap_or(first).to_owned(),
            there: files.len(),
            of,
        }),
        _ => Ok(()),
    }
}
