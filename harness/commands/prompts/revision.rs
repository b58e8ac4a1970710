//! Prompts as they were: in another folder, or in a git revision, from which they are taken into a folder that goes away.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// Prompts to compare with.
pub(super) struct Before {
    /// The folder of classifiers.
    pub(super) folder: PathBuf,
    /// What it is, for people: `HEAD (1a2b3c4d5e6f)`, or the folder.
    pub(super) name: String,
    _taken: Option<TempDir>,
}

/// Why there is nothing to compare with.
#[derive(Debug, thiserror::Error)]
pub(super) enum RevisionError {
    #[error(
        "failed to run git: {0}\n\nhint: `--against` takes a git revision or a folder; for a revision git has to be installed"
    )]
    NoGit(std::io::Error),
    #[error(
        "`{name}` is neither a folder nor a git revision here: {said}\n\nhint: `--against HEAD`, `--against main`, or a folder with the prompts"
    )]
    Unknown { name: String, said: String },
    #[error("the folder `{}` holds no prompts\n\nhint: give the folder that has `system.md`, or the one that has `prompts/`", .0.display())]
    NoPrompts(PathBuf),
    #[error("the revision `{0}` has no `prompts/` in this folder\n\nhint: name a later revision")]
    NotThen(String),
    #[error(
        "git cannot list the prompts of `{name}`: {said}\n\nhint: `git fsck` says whether the repository is whole"
    )]
    List { name: String, said: String },
    #[error(
        "the revision `{name}` has a path that leaves its folder: `{path}`\n\nhint: name a revision that was checked out before; `git fsck` tells more"
    )]
    Outside { path: String, name: String },
    #[error("git cannot show `{path}` of `{name}`: {said}")]
    Show {
        path: String,
        name: String,
        said: String,
    },
    #[error("failed to write the prompts of the revision into a folder: {0}")]
    Write(#[from] std::io::Error),
}

impl Before {
    /// Finds the prompts that `against` names.
    pub(super) fn find(against: &str, prompts: &str) -> Result<Self, RevisionError> {
        let folder = Path::new(against);
        if folder.is_dir() {
            let within = folder.join(prompts);
            let folder = [folder.to_owned(), within]
                .into_iter()
                .find(|folder| folder.join("system.md").is_file())
                .ok_or_else(|| RevisionError::NoPrompts(folder.to_owned()))?;
            return Ok(Self {
                name: folder.display().to_string(),
                folder,
                _taken: None,
            });
        }
        let commit = git(&[
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &format!("{against}^{{commit}}"),
        ])?;
        if !commit.status.success() {
            return Err(RevisionError::Unknown {
                name: against.to_owned(),
                said: match said(&commit) {
                    said if said.is_empty() => "git knows no such revision".to_owned(),
                    said => said,
                },
            });
        }
        let commit = String::from_utf8_lossy(&commit.stdout).trim().to_owned();
        let taken = tempfile::Builder::new()
            .prefix("validate-prompts-")
            .tempdir()?;
        take(&commit, prompts, taken.path(), against)?;
        let short = commit.get(..12).unwrap_or(&commit);
        Ok(Self {
            folder: taken.path().join(prompts),
            name: format!("{against} ({short})"),
            _taken: Some(taken),
        })
    }
}

/// Writes the files that `prompts` had at a commit below `folder`.
fn take(commit: &str, prompts: &str, folder: &Path, name: &str) -> Result<(), RevisionError> {
    // From the working directory on, as the working tree's prompts are found.
    let listed = git(&[
        "ls-tree",
        "-r",
        "-z",
        "--name-only",
        commit,
        "--",
        &format!("{prompts}/"),
    ])?;
    if !listed.status.success() {
        return Err(RevisionError::List {
            name: name.to_owned(),
            said: said(&listed),
        });
    }
    let paths: Vec<&str> = listed
        .stdout
        .split(|byte| *byte == 0)
        .filter_map(|path| std::str::from_utf8(path).ok())
        .filter(|path| !path.is_empty())
        .collect();
    if paths.is_empty() {
        return Err(RevisionError::NotThen(name.to_owned()));
    }
    // A tree is bytes of whoever wrote it, and can hold `..`.
    if let Some(path) = paths.iter().find(|path| !stays_below(path)) {
        return Err(RevisionError::Outside {
            path: (*path).to_owned(),
            name: name.to_owned(),
        });
    }
    for path in paths {
        let shown = git(&["show", &format!("{commit}:./{path}")])?;
        if !shown.status.success() {
            return Err(RevisionError::Show {
                path: path.to_owned(),
                name: name.to_owned(),
                said: said(&shown),
            });
        }
        let target = folder.join(path);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(target, shown.stdout)?;
    }
    Ok(())
}

/// True for a path that names nothing but what is below the folder it is joined to.
fn stays_below(path: &str) -> bool {
    let path = Path::new(path);
    path.components()
        .all(|part| matches!(part, Component::Normal(_)))
}

fn git(arguments: &[&str]) -> Result<Output, RevisionError> {
    Command::new("git")
        .args(arguments)
        .output()
        .map_err(RevisionError::NoGit)
}

/// The first line of what git said.
fn said(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    said.lines().next().unwrap_or_default().trim().to_owned()
}
