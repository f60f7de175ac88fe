//! The files that a database consists of while it is open: whether they are still those that were opened.

use std::{
    ffi::OsString,
    fmt, fs, io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// What SQLite appends to a database's name: nothing, its write-ahead log, and the index of that log. All three exist as
/// long as a connection is open: <https://www.sqlite.org/walformat.html#the_wal_index_file>.
const SUFFIXES: [&str; 3] = ["", "-wal", "-shm"];

/// The files as they were when the store opened them. Open files keep their inode, so no other file can have the same
/// one.
#[derive(Debug)]
pub(super) struct Files([File; SUFFIXES.len()]);

#[derive(Debug)]
struct File {
    path: PathBuf,
    identity: Identity,
}

/// Device and inode.
type Identity = (u64, u64);

/// The path names another file than the one that was opened.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "{file} was deleted or replaced under the worker: put the same file back, or restart the worker to use what is \
     there now"
)]
pub(super) struct FileReplaced {
    /// Its name.
    pub(super) file: String,
    /// Whether the database itself is untouched, and only its log or the log's index is gone. If another log replaced
    /// it, another program writes to the database, and the pages that this process has cached are older.
    pub(super) only_wal_is_lost: bool,
}

impl From<FileReplaced> for sqlx::Error {
    fn from(replaced: FileReplaced) -> Self {
        Self::Io(io::Error::other(replaced))
    }
}

impl Files {
    /// The files of an open database.
    ///
    /// # Errors
    /// When one of the files does not exist.
    pub(super) fn of(database: &Path) -> io::Result<Self> {
        let file = |suffix: &str| {
            let mut path = OsString::from(database);
            path.push(suffix);
            let path = PathBuf::from(path);
            identity(&path).map(|identity| File { path, identity })
        };
        let [database, log, index] = SUFFIXES.map(file);
        Ok(Self([database?, log?, index?]))
    }

    /// Whether all of them are still there. Blocks for three file look-ups, which take some microseconds.
    ///
    /// # Errors
    /// When one of the files was replaced or deleted.
    pub(super) fn check(&self) -> Result<(), FileReplaced> {
        let [database, rest @ ..] = &self.0;
        let Some(lost) = self.0.iter().find(|file| !file.is_there()) else { return Ok(()) };
        let only_wal_is_lost =
            database.is_there() && rest.iter().all(|file| file.is_there() || file.is_gone());
        Err(FileReplaced { file: lost.to_string(), only_wal_is_lost })
    }

    /// How many bytes the write-ahead log has; none while it cannot be seen.
    pub(super) fn wal_bytes(&self) -> u64 {
        let [_, log, _] = &self.0;
        fs::metadata(&log.path).map_or(0, |metadata| metadata.len())
    }
}

impl File {
    fn is_there(&self) -> bool {
        identity(&self.path).is_ok_and(|identity| identity == self.identity)
    }

    fn is_gone(&self) -> bool {
        identity(&self.path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    }
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.file_name().unwrap_or_default().display().fmt(f)
    }
}

fn identity(path: &Path) -> io::Result<Identity> {
    fs::metadata(path).map(|metadata| (metadata.dev(), metadata.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_wal_differs_from_a_replaced_wal() {
        let folder = tempfile::tempdir().unwrap();
        let [database, log, index] = SUFFIXES.map(|suffix| folder.path().join(format!("orders.db{suffix}")));
        for file in [&database, &log, &index] {
            fs::write(file, "").unwrap();
        }
        let files = Files::of(&database).unwrap();
        files.check().unwrap();
        // Kept open, so that the next file has another inode.
        let _open = fs::File::open(&log).unwrap();
        fs::remove_file(&log).unwrap();
        let lost =
            |only_wal_is_lost| Err(FileReplaced { file: "orders.db-wal".to_owned(), only_wal_is_lost });
        assert_eq!(files.check(), lost(true));
        fs::write(&log, "").unwrap();
        assert_eq!(files.check(), lost(false));
    }
}
