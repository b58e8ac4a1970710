//! Lines that a change adds and removes, from the ways in which agents write changes down.

/// Lines added and removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Changed {
    pub(super) added: u64,
    pub(super) removed: u64,
}

/// One file of a patch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PatchedFile {
    pub(super) path: String,
    pub(super) changed: Changed,
}

/// Lines of a text; the last counts without a line end, too.
pub(super) fn lines_of(text: &str) -> u64 {
    text.lines().count() as u64
}

/// Counts a unified diff. Inside a hunk its header says how many lines follow, so that a removed line that reads `--- a`
/// is not taken for a file's header.
pub(super) fn unified(diff: &str) -> Changed {
    let mut changed = Changed::default();
    let (mut old, mut new) = (0_u64, 0_u64);
    for line in diff.lines() {
        if old == 0 && new == 0 {
            if let Some(sizes) = hunk_sizes(line) {
                (old, new) = sizes;
            }
            continue;
        }
        match line.as_bytes().first() {
            Some(b'+') => {
                changed.added += 1;
                new = new.saturating_sub(1);
            }
            Some(b'-') => {
                changed.removed += 1;
                old = old.saturating_sub(1);
            }
            // "\ No newline at end of file".
            Some(b'\\') => {}
            _ => {
                old = old.saturating_sub(1);
                new = new.saturating_sub(1);
            }
        }
    }
    changed
}

/// The old and new number of lines of `@@ -1,2 +3,4 @@`.
fn hunk_sizes(line: &str) -> Option<(u64, u64)> {
    let rest = line.strip_prefix("@@ -")?;
    let (old, rest) = rest.split_once(" +")?;
    let new = rest.split_once(" @@").map_or(rest, |(new, _)| new);
    let size = |range: &str| match range.split_once(',') {
        Some((_, size)) => size.trim().parse().ok(),
        None => Some(1),
    };
    Some((size(old)?, size(new)?))
}

const BEGIN: &str = "*** Begin Patch";

/// The files of an `apply_patch` text, with the lines that its signs mark. Of a deleted file the patch does not say how
/// many lines it had.
pub(super) fn apply_patch(text: &str) -> Vec<PatchedFile> {
    let mut files: Vec<PatchedFile> = Vec::new();
    let body = text.find(BEGIN).map_or(text, |start| &text[start..]);
    for line in body.lines() {
        if line.starts_with("*** End Patch") {
            break;
        }
        let file = ["*** Add File: ", "*** Update File: ", "*** Delete File: "]
            .iter()
            .find_map(|header| line.strip_prefix(header));
        if let Some(path) = file {
            files.push(PatchedFile {
                path: path.trim().to_owned(),
                changed: Changed::default(),
            });
        } else if let Some(file) = files.last_mut() {
            if let Some(path) = line.strip_prefix("*** Move to: ") {
                path.trim().clone_into(&mut file.path);
                continue;
            }
            match line.as_bytes().first() {
                Some(b'+') => file.changed.added += 1,
                Some(b'-') => file.changed.removed += 1,
                _ => {}
            }
        }
    }
    files
}

/// Larger products of line counts are not compared line by line, and all their lines count as replaced: a hostile file of
/// such edits could take hours.
const LARGEST_TABLE: usize = 250_000;

/// Lines by which `new` differs from `old`. Both repeat their context, so neither may be counted as it stands.
pub(super) fn replaced(old: &str, new: &str) -> Changed {
    let old: Vec<&str> = old.lines().collect();
    let new: Vec<&str> = new.lines().collect();
    let before = old
        .iter()
        .zip(&new)
        .take_while(|(old, new)| old == new)
        .count();
    let (old, new) = (&old[before..], &new[before..]);
    let behind = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(|(old, new)| old == new)
        .count();
    let (old, new) = (&old[..old.len() - behind], &new[..new.len() - behind]);
    let kept = if old.len().saturating_mul(new.len()) <= LARGEST_TABLE {
        common_lines(old, new)
    } else {
        0
    };
    Changed {
        added: (new.len() - kept) as u64,
        removed: (old.len() - kept) as u64,
    }
}

/// Length of the longest common subsequence, in memory of one row.
fn common_lines(old: &[&str], new: &[&str]) -> usize {
    let mut row = vec![0_usize; new.len() + 1];
    for old in old {
        let mut diagonal = 0;
        for (at, new) in new.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = if old == new {
                diagonal + 1
            } else {
                above.max(row[at])
            };
            diagonal = above;
        }
    }
    row[new.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(added: u64, removed: u64) -> Changed {
        Changed { added, removed }
    }

    #[test]
    fn a_unified_diff_counts_signs_inside_hunks_only() {
        let diff = "Index: a\n--- a\n+++ b\n@@ -1,3 +1,3 @@ fn x\n a\n--- b\n+++ c\n d\n\\ No newline at end of file\n@@ -9 +9,0 @@\n-e\n";
        assert_eq!(unified(diff), changed(1, 2));
        assert_eq!(unified(""), changed(0, 0));
        assert_eq!(unified("+a\n-b\n"), changed(0, 0), "no hunk, no change");
        assert_eq!(unified("@@ -a,b +c,d @@\n+a"), changed(0, 0));
    }

    #[test]
    fn an_apply_patch_text_counts_by_file() {
        let text = "garbage\n*** Begin Patch\n*** Add File: a\n+x\n+\n*** Update File: b\n*** Move to: c\n@@ fn\n ctx\n-old\n+new\n*** Delete File: d\n*** End Patch\n+behind\n";
        let files = apply_patch(text);
        let shown: Vec<(&str, u64, u64)> = files
            .iter()
            .map(|file| (file.path.as_str(), file.changed.added, file.changed.removed))
            .collect();
        assert_eq!(shown, [("a", 2, 0), ("c", 1, 1), ("d", 0, 0)]);
    }

    #[test]
    fn a_replacement_counts_what_differs() {
        assert_eq!(replaced("a\nb\nc", "a\nx\nc"), changed(1, 1));
        assert_eq!(replaced("", "a\nb"), changed(2, 0));
        assert_eq!(replaced("a\nb", ""), changed(0, 2));
        assert_eq!(replaced("a\nb\nc\nd", "a\nc\nb\nd"), changed(1, 1));
        assert_eq!(replaced("same\n", "same\n"), changed(0, 0));
    }
}
