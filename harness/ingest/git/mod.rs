//! A git repository, read through the `git` program: refs, objects, commits that carry a trailer, and what they changed.
//!
//! The repository is somebody else's. No hook, pager, filter, external difference or credential helper of its configuration
//! runs: only commands that read are called, options that could run something are off, `GIT_…` variables of the caller do
//! not reach them, and nothing is fetched. Names travel as NUL-ended bytes or as object ids, never through a shell.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};

mod objects;

pub use objects::{Entry, Objects};

/// The longest record of a listing that is kept; the rest of a longer one is passed over.
const LONGEST_RECORD: usize = 1 << 20;
/// How much of git's own words an error keeps.
const WORDS_KEPT: u64 = 16 << 10;

/// Why git gives nothing.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// There is no `git` program.
    #[error(
        "the program `git` cannot be started: {0}\n\nhint: install git 2.30 or newer and put it on the PATH"
    )]
    NoGit(io::Error),
    /// The folder is no repository, or git refuses it.
    #[error("`{}` is no git repository that can be read: {said}\n\nhint: name a clone, or a folder inside of one; a bare clone will do", .folder.display())]
    NoRepository {
        /// The folder.
        folder: PathBuf,
        /// What git says.
        said: String,
    },
    /// A command failed.
    #[error(
        "git failed to {task}: {said}\n\nhint: `git fsck` tells whether the repository is whole"
    )]
    Failed {
        /// What was asked of it.
        task: &'static str,
        /// What git says.
        said: String,
    },
    /// Its output cannot be read.
    #[error(
        "git gave nothing readable when asked to {task}: {cause}\n\nhint: `git fsck` tells whether the repository is whole"
    )]
    Read {
        /// What was asked of it.
        task: &'static str,
        /// Why.
        cause: io::Error,
    },
}

/// The hash of an object, as git writes it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(String);

impl ObjectId {
    /// Takes 40 or 64 hexadecimal digits; anything else is no object id.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_one =
            matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_one.then(|| Self(text.to_ascii_lowercase()))
    }

    fn of_bytes(bytes: &[u8]) -> Self {
        Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A ref that points at a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Its full name.
    pub name: String,
    /// The commit.
    pub commit: ObjectId,
}

/// A commit as a log tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedCommit {
    /// Its hash.
    pub id: ObjectId,
    /// How many parents it has.
    pub parents: usize,
    /// When it was committed, ISO 8601 with an offset.
    pub committed: String,
    /// The author's address, as it is.
    pub author: String,
    /// The message, cut at a megabyte.
    pub message: String,
}

/// What a commit changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Changed {
    /// Lines added.
    pub additions: u64,
    /// Lines removed.
    pub deletions: u64,
    /// Files, a renamed one counted once.
    pub files: u64,
    /// Binary files among them, whose lines nobody counts.
    pub binary: u64,
}

/// A repository on this machine.
#[derive(Debug, Clone)]
pub struct Repository {
    folder: PathBuf,
    /// The tree without entries.
    empty: String,
}

impl Repository {
    /// The repository that `folder` is or lies in.
    ///
    /// # Errors
    /// Where git is missing, the folder is in no repository, or git does not trust it.
    pub fn open(folder: &Path) -> Result<Self, GitError> {
        let mut repository = Self {
            folder: folder.to_owned(),
            empty: String::new(),
        };
        match repository.read(
            "find the repository",
            &["rev-parse", "--git-dir"],
            Vec::new(),
            skip,
        ) {
            Ok(()) => {}
            Err(GitError::Failed { said, .. }) => {
                return Err(GitError::NoRepository {
                    folder: folder.to_owned(),
                    said,
                });
            }
            Err(error) => return Err(error),
        }
        let mut empty = String::new();
        repository.read(
            "name the empty tree",
            &["hash-object", "-t", "tree", "--stdin"],
            Vec::new(),
            |output| output.take(100).read_to_string(&mut empty).map(drop),
        )?;
        empty.trim().clone_into(&mut repository.empty);
        Ok(repository)
    }

    /// The address of the remote `origin`, if there is one. It can hold a password.
    #[must_use]
    pub fn origin(&self) -> Option<String> {
        let mut address = String::new();
        self.read(
            "name its origin",
            &["config", "--get", "remote.origin.url"],
            Vec::new(),
            |output| output.take(4096).read_to_string(&mut address).map(drop),
        )
        .ok()?;
        Some(address.trim().to_owned()).filter(|address| !address.is_empty())
    }

    /// The commit that is checked out, if there is one.
    ///
    /// # Errors
    /// Where git cannot be started.
    pub fn head(&self) -> Result<Option<ObjectId>, GitError> {
        let mut id = String::new();
        let arguments = ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"];
        match self.read("name HEAD", &arguments, Vec::new(), |output| {
            output.take(100).read_to_string(&mut id).map(drop)
        }) {
            // A repository without a commit has none.
            Ok(()) | Err(GitError::Failed { .. }) => Ok(ObjectId::parse(id.trim())),
            Err(error) => Err(error),
        }
    }

    /// Whether commits lack their parents, as in a clone with a depth.
    ///
    /// # Errors
    /// Where git fails.
    pub fn is_shallow(&self) -> Result<bool, GitError> {
        let mut answer = String::new();
        let arguments = ["rev-parse", "--is-shallow-repository"];
        self.read(
            "tell whether it is shallow",
            &arguments,
            Vec::new(),
            |output| output.take(100).read_to_string(&mut answer).map(drop),
        )?;
        Ok(answer.trim() == "true")
    }

    /// All refs that point at commits, sorted by name.
    ///
    /// # Errors
    /// Where git fails.
    pub fn references(&self) -> Result<Vec<Reference>, GitError> {
        let mut found = Vec::new();
        let format =
            "--format=%(objecttype) %(objectname) %(*objecttype) %(*objectname) %(refname)";
        self.read(
            "list refs",
            &["for-each-ref", format],
            Vec::new(),
            |output| {
                let mut line = Vec::new();
                while record(output, b'\n', &mut line)? {
                    let text = String::from_utf8_lossy(&line);
                    let mut words = text.splitn(5, ' ');
                    let mut next = || words.next().unwrap_or_default();
                    let (kind, id, kind_behind_tag, id_behind_tag, name) =
                        (next(), next(), next(), next(), next());
                    let commit = match (kind, kind_behind_tag) {
                        ("commit", _) => ObjectId::parse(id),
                        ("tag", "commit") => ObjectId::parse(id_behind_tag),
                        _ => None,
                    };
                    if let Some(commit) = commit {
                        found.push(Reference {
                            name: name.to_owned(),
                            commit,
                        });
                    }
                }
                Ok(())
            },
        )?;
        Ok(found)
    }

    /// Commits that can be reached from `tips` and have `word` at the beginning of a line of their message, newest first.
    ///
    /// # Errors
    /// Where git fails.
    pub fn log(
        &self,
        tips: &[ObjectId],
        word: Option<&str>,
        mut take: impl FnMut(LoggedCommit),
    ) -> Result<(), GitError> {
        if tips.is_empty() {
            return Ok(());
        }
        let grep = word.map(|word| format!("--grep=^{word}"));
        let mut arguments = vec![
            "log",
            "--stdin",
            "-z",
            "--no-show-signature",
            "--no-notes",
            "--no-mailmap",
            "--encoding=UTF-8",
            "--basic-regexp",
            "--format=%H%x00%P%x00%cI%x00%ae%x00%B",
        ];
        arguments.extend(grep.as_deref());
        self.read("read the log", &arguments, lines_of(tips), |output| {
            let mut fields: [Vec<u8>; 5] = Default::default();
            loop {
                for (at, field) in fields.iter_mut().enumerate() {
                    if !record(output, 0, field)? {
                        return if at == 0 {
                            Ok(())
                        } else {
                            Err(io::ErrorKind::UnexpectedEof.into())
                        };
                    }
                }
                let [id, parents, committed, author, message] = fields
                    .each_ref()
                    .map(|field| String::from_utf8_lossy(field).into_owned());
                take(LoggedCommit {
                    id: ObjectId::parse(&id).ok_or(io::ErrorKind::InvalidData)?,
                    parents: parents.split_whitespace().count(),
                    committed,
                    author,
                    message,
                });
            }
        })
    }

    /// What each commit changed against its parent; a root commit against nothing. Merge commits tell nothing.
    ///
    /// # Errors
    /// Where git fails.
    pub fn changes(
        &self,
        commits: &[ObjectId],
        mut take: impl FnMut(ObjectId, Changed),
    ) -> Result<(), GitError> {
        if commits.is_empty() {
            return Ok(());
        }
        let arguments = [
            "diff-tree",
            "--stdin",
            "--root",
            "-r",
            "-z",
            "--numstat",
            "--find-renames",
            "-l2000",
            "--diff-algorithm=myers",
            "--no-ext-diff",
            "--no-textconv",
        ];
        self.read(
            "count lines of commits",
            &arguments,
            lines_of(commits),
            |output| {
                let mut current: Option<(ObjectId, Changed)> = None;
                let mut part = Vec::new();
                while record(output, 0, &mut part)? {
                    let Some((counts, path)) = counts(&part) else {
                        // No counts: the id of the commit that the next records belong to.
                        let id = std::str::from_utf8(&part)
                            .ok()
                            .map(str::trim)
                            .and_then(ObjectId::parse);
                        let id = id.ok_or(io::ErrorKind::InvalidData)?;
                        if let Some((id, changed)) = current.replace((id, Changed::default())) {
                            take(id, changed);
                        }
                        continue;
                    };
                    if path.is_empty() {
                        // A rename: its two paths are records of their own, and may look like anything.
                        let mut name = Vec::new();
                        if !(record(output, 0, &mut name)? && record(output, 0, &mut name)?) {
                            return Err(io::ErrorKind::UnexpectedEof.into());
                        }
                    }
                    let (_, changed) = current.as_mut().ok_or(io::ErrorKind::InvalidData)?;
                    changed.files += 1;
                    match counts {
                        Some((additions, deletions)) => {
                            changed.additions = changed.additions.saturating_add(additions);
                            changed.deletions = changed.deletions.saturating_add(deletions);
                        }
                        None => changed.binary += 1,
                    }
                }
                if let Some((id, changed)) = current {
                    take(id, changed);
                }
                Ok(())
            },
        )
    }

    /// A reader of objects, which stays open for any number of them.
    ///
    /// # Errors
    /// Where git cannot be started.
    pub fn objects(&self) -> Result<Objects, GitError> {
        Objects::start(self.command(&["cat-file", "--batch"]))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        // Variables of a caller (a hook, an editor) name other repositories, indexes, configurations or programs.
        for (name, _) in std::env::vars_os() {
            if name
                .to_string_lossy()
                .to_ascii_uppercase()
                .starts_with("GIT_")
            {
                command.env_remove(name);
            }
        }
        command
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C");
        if !self.empty.is_empty() {
            // Attributes of a working tree could declare any file binary; those of an empty tree declare nothing.
            command.env("GIT_ATTR_SOURCE", &self.empty);
        }
        command
            .arg("-C")
            .arg(&self.folder)
            .args(["--no-pager", "--literal-pathspecs"]);
        for setting in [
            "core.fsmonitor=false",
            "core.hooksPath=/dev/null",
            "core.commitGraph=false",
            "protocol.allow=never",
            "diff.external=",
            "diff.orderFile=",
            "log.follow=false",
            "log.showSignature=false",
            "log.showRoot=true",
            "log.diffMerges=off",
        ] {
            command.args(["-c", setting]);
        }
        command.args(arguments);
        command
    }

    /// Runs a command and hands its output to `read`.
    fn read<T>(
        &self,
        task: &'static str,
        arguments: &[&str],
        input: Vec<u8>,
        read: impl FnOnce(&mut BufReader<ChildStdout>) -> io::Result<T>,
    ) -> Result<T, GitError> {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(GitError::NoGit)?;
        let mut stdin = child.stdin.take().expect("stdin was asked for");
        let mut stderr = child.stderr.take().expect("stderr was asked for");
        let stdout = child.stdout.take().expect("stdout was asked for");
        // Each pipe has its own thread: whichever is full would else stop the other two.
        let (result, said) = std::thread::scope(|scope| {
            let writer = scope.spawn(move || stdin.write_all(&input));
            let listener = scope.spawn(move || {
                let mut said = Vec::new();
                let _ = stderr.by_ref().take(WORDS_KEPT).read_to_end(&mut said);
                let _ = io::copy(&mut stderr, &mut io::sink());
                said
            });
            let mut output = BufReader::with_capacity(1 << 16, stdout);
            let result = read(&mut output);
            // A reader that gave up leaves bytes in the pipe; git ends when nobody takes them.
            drop(output);
            // An input that git did not read to its end is told by its exit code.
            let _ = writer.join();
            (result, listener.join().unwrap_or_default())
        });
        let status = child
            .wait()
            .map_err(|cause| GitError::Read { task, cause })?;
        match result {
            Err(cause) if status.success() => Err(GitError::Read { task, cause }),
            Ok(value) if status.success() => Ok(value),
            _ => Err(GitError::Failed {
                task,
                said: first_words(&said),
            }),
        }
    }
}

/// `additions TAB deletions TAB path`: the counts, none for a binary file, and the path. `None` for another record.
#[expect(
    clippy::type_complexity,
    reason = "two counts that may lack, and a path"
)]
fn counts(part: &[u8]) -> Option<(Option<(u64, u64)>, &[u8])> {
    let mut fields = part.splitn(3, |byte| *byte == b'\t');
    let (additions, deletions, path) = (fields.next()?, fields.next()?, fields.next()?);
    let number = |field: &[u8]| std::str::from_utf8(field).ok()?.trim().parse::<u64>().ok();
    match (number(additions), number(deletions)) {
        (Some(additions), Some(deletions)) => Some((Some((additions, deletions)), path)),
        _ if additions == b"-" && deletions == b"-" => Some((None, path)),
        _ => None,
    }
}

fn lines_of(objects: &[ObjectId]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(objects.len() * 41);
    for object in objects {
        lines.extend_from_slice(object.0.as_bytes());
        lines.push(b'\n');
    }
    lines
}

fn skip(output: &mut BufReader<ChildStdout>) -> io::Result<()> {
    io::copy(output, &mut io::sink()).map(drop)
}

/// The next record up to `end`, without it; false at the end of the output. A record that is too long is cut.
fn record(output: &mut impl BufRead, end: u8, record: &mut Vec<u8>) -> io::Result<bool> {
    record.clear();
    let mut is_there = false;
    loop {
        let buffer = output.fill_buf()?;
        if buffer.is_empty() {
            return Ok(is_there);
        }
        is_there = true;
        let at = memchr::memchr(end, buffer);
        let part = &buffer[..at.unwrap_or(buffer.len())];
        let room = LONGEST_RECORD.saturating_sub(record.len()).min(part.len());
        record.extend_from_slice(&part[..room]);
        let used = part.len() + usize::from(at.is_some());
        output.consume(used);
        if at.is_some() {
            return Ok(true);
        }
    }
}

/// The first line in which git says what is wrong.
fn first_words(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let line = text
        .lines()
        .find(|line| line.starts_with("fatal:") || line.starts_with("error:"))
        .or_else(|| text.lines().next())
        .unwrap_or("it gives no reason");
    line.trim_start_matches("fatal: ")
        .trim_start_matches("error: ")
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::{LONGEST_RECORD, ObjectId, counts, record};

    #[test]
    fn counts_are_told_from_names() {
        assert_eq!(
            counts(b"3\t4\ta\tb"),
            Some((Some((3, 4)), b"a\tb".as_slice()))
        );
        assert_eq!(
            counts(b"-\t-\tpicture"),
            Some((None, b"picture".as_slice()))
        );
        assert_eq!(counts(b"1\t0\t"), Some((Some((1, 0)), b"".as_slice())));
        assert_eq!(counts(b"c0ffee"), None);
    }

    #[test]
    fn long_records_are_cut_and_the_next_is_found() {
        let mut bytes = vec![b'x'; LONGEST_RECORD + 5];
        bytes.extend(b"\0next\0last");
        let mut output = BufReader::new(bytes.as_slice());
        let mut found = Vec::new();
        assert!(record(&mut output, 0, &mut found).unwrap());
        assert_eq!(found.len(), LONGEST_RECORD);
        assert!(record(&mut output, 0, &mut found).unwrap());
        assert_eq!(found, b"next");
        assert!(record(&mut output, 0, &mut found).unwrap());
        assert_eq!(found, b"last");
        assert!(!record(&mut output, 0, &mut found).unwrap());
    }

    #[test]
    fn only_hashes_are_object_ids() {
        assert!(ObjectId::parse(&"aB".repeat(20)).is_some());
        for wrong in ["", "HEAD", "--all", &"g".repeat(40), &"a".repeat(41)] {
            assert!(ObjectId::parse(wrong).is_none(), "{wrong}");
        }
    }
}
