//! Objects of a repository through one `git cat-file --batch`, which answers any number of questions as a stream.

use std::io::{self, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::{GitError, ObjectId, record};

/// The largest tree or commit that is read. A tree of a million entries has about 40 MB.
const LARGEST_SMALL_OBJECT: u64 = 64 << 20;

/// An entry of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, which can be any bytes but NUL and `/`.
    pub name: Vec<u8>,
    /// True for a folder, false for a file; links and submodules are left out.
    pub is_tree: bool,
    /// The object.
    pub object: ObjectId,
}

/// Reads objects one after the other.
#[derive(Debug)]
pub struct Objects {
    child: Child,
    /// Closed when the reader is dropped.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    left: u64,
    is_open: bool,
}

impl Objects {
    pub(super) fn start(mut command: Command) -> Result<Self, GitError> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(GitError::NoGit)?;
        let input = child.stdin.take().expect("stdin was asked for");
        let output = child.stdout.take().expect("stdout was asked for");
        Ok(Self {
            child,
            input: Some(input),
            output: BufReader::with_capacity(1 << 18, output),
            left: 0,
            is_open: false,
        })
    }

    /// Begins with an object and gives its size; `None` where the repository lacks it, as a partial clone can.
    ///
    /// # Errors
    /// Where git went away.
    pub fn begin(&mut self, object: &ObjectId) -> io::Result<Option<u64>> {
        self.finish()?;
        let input = self.input.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(input, "{object}")?;
        input.flush()?;
        let mut header = Vec::new();
        if !record(&mut self.output, b'\n', &mut header)? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let header = String::from_utf8_lossy(&header);
        if header.ends_with(" missing") {
            return Ok(None);
        }
        let size = header.rsplit(' ').next().and_then(|size| size.parse().ok());
        self.left = size.ok_or(io::ErrorKind::InvalidData)?;
        self.is_open = true;
        Ok(size)
    }

    /// Passes over what is left of the object that is open.
    fn finish(&mut self) -> io::Result<()> {
        if self.is_open {
            io::copy(&mut (&mut self.output).take(self.left + 1), &mut io::sink())?;
            self.is_open = false;
            self.left = 0;
        }
        Ok(())
    }

    /// A whole object; `None` where it is missing or has more than `most` bytes.
    ///
    /// # Errors
    /// Where git went away.
    pub fn whole(&mut self, object: &ObjectId, most: u64) -> io::Result<Option<Vec<u8>>> {
        match self.begin(object)? {
            Some(size) if size <= most => {
                let mut bytes = Vec::new();
                self.read_to_end(&mut bytes)?;
                Ok(Some(bytes))
            }
            _ => Ok(None),
        }
    }

    /// The tree of a commit and the commit's own text; `None` where it is missing.
    ///
    /// # Errors
    /// Where git went away.
    pub fn commit(&mut self, commit: &ObjectId) -> io::Result<Option<(ObjectId, String)>> {
        let Some(bytes) = self.whole(commit, LARGEST_SMALL_OBJECT)? else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let tree = text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("tree "))
            .and_then(ObjectId::parse);
        Ok(tree.map(|tree| (tree, text)))
    }

    /// Folders and files of a tree; `None` where it is missing or damaged.
    ///
    /// # Errors
    /// Where git went away.
    pub fn tree(&mut self, tree: &ObjectId) -> io::Result<Option<Vec<Entry>>> {
        let bytes = self.whole(tree, LARGEST_SMALL_OBJECT)?;
        Ok(bytes.and_then(|bytes| entries(&bytes, tree.0.len() / 2)))
    }
}

impl Read for Objects {
    /// Bytes of the object that is open, up to its end.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let read = self.output.read(&mut buffer[..most])?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= read as u64;
        Ok(read)
    }
}

impl Drop for Objects {
    fn drop(&mut self) {
        // git ends when its input does, unless it is in the middle of an object that nobody reads.
        self.input = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The entries of a tree object: `mode name NUL hash`, again and again.
fn entries(mut bytes: &[u8], hash: usize) -> Option<Vec<Entry>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let end = bytes.iter().position(|byte| *byte == 0)?;
        let space = bytes[..end].iter().position(|byte| *byte == b' ')?;
        let (mode, name) = (&bytes[..space], &bytes[space + 1..end]);
        let object = bytes.get(end + 1..end + 1 + hash)?;
        if matches!(mode, b"40000" | b"040000") || mode.starts_with(b"100") {
            found.push(Entry {
                name: name.to_owned(),
                is_tree: !mode.starts_with(b"100"),
                object: ObjectId::of_bytes(object),
            });
        }
        bytes = &bytes[end + 1 + hash..];
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::{ObjectId, entries};

    #[test]
    fn a_tree_is_read_whatever_its_names_are() {
        let mut bytes = b"100644 a b\xff\n\0".to_vec();
        bytes.extend([7; 20]);
        bytes.extend(b"120000 link\0");
        bytes.extend([8; 20]);
        bytes.extend(b"40000 0\0");
        bytes.extend([9; 20]);
        let found = entries(&bytes, 20).unwrap();
        assert_eq!(found.len(), 2, "a link is left out");
        assert_eq!(found[0].name, b"a b\xff\n");
        assert!(found[1].is_tree);
        assert_eq!(found[1].object, ObjectId::parse(&"09".repeat(20)).unwrap());
        for end in 1..bytes.len() {
            let cut = entries(&bytes[..end], 20);
            assert!(cut.is_none() || cut.unwrap().len() < 2, "cut at {end}");
        }
    }
}
