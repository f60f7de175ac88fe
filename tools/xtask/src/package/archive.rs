//! Zip archives of which the same content makes the same bytes.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read as _, Write as _},
};

use anyhow::Context as _;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter, write::SimpleFileOptions};

/// A file of an archive.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Entry {
    /// Permissions, as in `chmod`.
    pub(super) mode: u32,
    pub(super) bytes: Vec<u8>,
}

/// Files by their path; sorted, so that their sequence says nothing.
pub(super) type Entries = BTreeMap<String, Entry>;

/// Permissions are part of what is asked for, times are not: each file is from the first moment that a zip can name.
pub(super) fn pack(entries: &Entries) -> anyhow::Result<Vec<u8>> {
    finish(write(entries)?)
}

/// Packs files as [`pack`] does, and appends the files of another archive in their compressed form: files that many
/// archives contain are compressed once.
pub(super) fn pack_before(entries: &Entries, packed: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut zip = write(entries)?;
    let mut packed = ZipArchive::new(Cursor::new(packed)).context("this is no zip archive")?;
    for index in 0..packed.len() {
        let file = packed.by_index_raw(index).context("the archive is broken")?;
        zip.raw_copy_file(file).context("cannot copy into the archive")?;
    }
    finish(zip)
}

fn finish(zip: ZipWriter<Cursor<Vec<u8>>>) -> anyhow::Result<Vec<u8>> {
    Ok(zip.finish().context("cannot end the archive")?.into_inner())
}

fn write(entries: &Entries) -> anyhow::Result<ZipWriter<Cursor<Vec<u8>>>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, entry) in entries {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(9))
            .last_modified_time(DateTime::default())
            .unix_permissions(entry.mode);
        zip.start_file(path, options).context("cannot begin a file of the archive")?;
        zip.write_all(&entry.bytes).context("cannot write into the archive")?;
    }
    Ok(zip)
}

/// Everything that an archive holds.
pub(super) fn unpack(zip: &[u8]) -> anyhow::Result<Entries> {
    let mut archive = ZipArchive::new(Cursor::new(zip)).context("this is no zip archive")?;
    let mut entries = Entries::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).context("the archive is broken")?;
        let path = file.name()?.into_owned();
        let mode = file.unix_mode().unwrap_or_default() & 0o7777;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).context("the archive is broken")?;
        entries.insert(path, Entry { mode, bytes });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_are_reproducible_and_round_trip() {
        let entry = |mode, text: &str| Entry { mode, bytes: text.into() };
        let mut one = Entries::from([("b/x".to_owned(), entry(0o644, "x"))]);
        one.insert("a".to_owned(), entry(0o755, "program"));
        let mut two = Entries::from([("a".to_owned(), entry(0o755, "program"))]);
        two.insert("b/x".to_owned(), entry(0o644, "x"));
        let packed = pack(&one).unwrap();
        assert_eq!(packed, pack(&two).unwrap());
        assert_eq!(unpack(&packed).unwrap(), one);
    }

    #[test]
    fn precompressed_and_new_entries_are_identical() {
        let small = Entries::from([("a".to_owned(), Entry { mode: 0o644, bytes: b"text".to_vec() })]);
        let large = Entries::from([("b".to_owned(), Entry { mode: 0o755, bytes: b"program".repeat(999) })]);
        let both = small.clone().into_iter().chain(large.clone()).collect();
        assert_eq!(pack_before(&small, &pack(&large).unwrap()).unwrap(), pack(&both).unwrap());
    }
}
