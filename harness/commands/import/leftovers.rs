//! Files that an import which was killed left beside their places.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// After this time a half-written file belongs to nobody, on systems that do not tell who runs.
const FORGOTTEN: Duration = Duration::from_secs(24 * 60 * 60);

/// Removes `NAME.<process>.partial` of processes that have ended.
pub(super) fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        let process = path
            .file_name()
            .and_then(|name| name.to_str()?.strip_suffix(".partial")?.rsplit_once('.'))
            .and_then(|(_, process)| process.parse::<u32>().ok());
        if is_file && process.is_some_and(|process| has_ended(process, &path)) {
            // What cannot be removed is in nobody's way: it is no transcript and no table.
            let _ = fs::remove_file(&path);
        }
    }
}

fn has_ended(process: u32, path: &Path) -> bool {
    if Path::new("/proc/self").exists() {
        return !Path::new("/proc").join(process.to_string()).exists();
    }
    fs::metadata(path)
        .and_then(|file| file.modified())
        .ok()
        .and_then(|written| SystemTime::now().duration_since(written).ok())
        .is_some_and(|age| FORGOTTEN < age)
}
