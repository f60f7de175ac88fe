//! The requirements on a worker's binary, so that it starts on every image of the platform.

use object::{
    LittleEndian,
    elf::{DT_NEEDED, EM_X86_64, ET_DYN, ET_EXEC, FileHeader64, Machine, PT_INTERP},
    read::elf::{FileHeader as _, ProgramHeader as _},
};

use crate::release::GLIBC;

/// The shared libraries of glibc 2.28, before later versions merged them. The binary may link to these alone.
const LIBC: [&str; 7] = [
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libdl.so.2",
    "libm.so.6",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
];

/// What is wrong with it: nothing where it needs no library at all, or those of glibc in [`GLIBC`] or earlier.
pub(super) fn faults(binary: &[u8]) -> Vec<String> {
    match read(binary) {
        Ok(Some(needs)) => needs.faults(),
        Ok(None) | Err(_) => vec!["the worker is no program for Linux on x86_64".to_owned()],
    }
}

/// What a program asks of the system that starts it.
#[derive(Debug, Default, Eq, PartialEq)]
struct Needs {
    architecture: Machine,
    interpreter: bool,
    libraries: Vec<String>,
    /// Such as `GLIBC_2.17`.
    versions: Vec<String>,
}

impl Needs {
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.architecture != EM_X86_64 {
            faults.push("the worker is for another architecture than x86_64".to_owned());
        }
        if !self.interpreter && !self.libraries.is_empty() {
            faults.push("the worker needs libraries and names no interpreter that loads them".to_owned());
        }
        let foreign = self.libraries.iter().filter(|name| !LIBC.contains(&name.as_str()));
        faults.extend(foreign.map(|name| format!("the worker needs {name}, which is not part of glibc")));
        let newer = self.versions.iter().filter(|version| !old_enough(version));
        faults.extend(newer.map(|version| {
            format!("the worker needs {version}, which is newer than {}.{}", GLIBC.0, GLIBC.1)
        }));
        faults
    }
}

fn old_enough(version: &str) -> bool {
    let Some(number) = version.strip_prefix("GLIBC_") else { return false };
    let mut parts = number.split('.').map(|part| part.parse::<u32>().ok());
    match (parts.next().flatten(), parts.next().flatten()) {
        (Some(major), Some(minor)) => (major, minor) <= GLIBC,
        _ => false,
    }
}

/// Nothing where it is a part of a program, or what a program left when it died.
fn read(binary: &[u8]) -> object::Result<Option<Needs>> {
    let header = FileHeader64::<LittleEndian>::parse(binary)?;
    let endian = header.endian()?;
    if ![ET_EXEC, ET_DYN].contains(&header.e_type(endian)) {
        return Ok(None);
    }
    let text = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    let sections = header.sections(endian, binary)?;
    let mut needs = Needs { architecture: header.e_machine(endian), ..Needs::default() };
    needs.interpreter =
        header.program_headers(endian, binary)?.iter().any(|part| part.p_type(endian) == PT_INTERP);
    let dynamic = sections.dynamic_table(endian, binary)?;
    for entry in dynamic.iter().filter(|entry| entry.tag == DT_NEEDED) {
        let name = dynamic.strings().get(u32::try_from(entry.val).unwrap_or_default());
        needs.libraries.push(text(name.unwrap_or_default()));
    }
    if let Some((mut libraries, strings)) = sections.gnu_verneed(endian, binary)? {
        let strings = sections.strings(endian, binary, strings)?;
        while let Some((_, mut versions)) = libraries.next()? {
            while let Some(version) = versions.next()? {
                needs.versions.push(text(version.name(endian, strings)?));
            }
        }
    }
    Ok(Some(needs))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(libraries: &[&str], versions: &[&str]) -> Needs {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let (libraries, versions) = (owned(libraries), owned(versions));
        Needs { architecture: EM_X86_64, interpreter: true, libraries, versions }
    }

    #[test]
    fn glibc_only_and_static_binaries_are_accepted() {
        assert!(needs(&["libc.so.6", "libm.so.6"], &["GLIBC_2.2.5", "GLIBC_2.28"]).faults().is_empty());
        assert!(Needs { interpreter: false, ..needs(&[], &[]) }.faults().is_empty());
    }

    #[test]
    fn foreign_libraries_and_machines_are_rejected() {
        for (needs, told) in [
            (needs(&["libgcc_s.so.1"], &[]), "libgcc_s.so.1"),
            (needs(&["libc.so.6"], &["GLIBC_2.29"]), "GLIBC_2.29"),
            (needs(&["libc.so.6"], &["GLIBC_3.0"]), "GLIBC_3.0"),
            (needs(&["libc.so.6"], &["GCC_3.0"]), "GCC_3.0"),
            (needs(&["libc.so.6"], &["GLIBC_PRIVATE"]), "GLIBC_PRIVATE"),
            (Needs { architecture: object::elf::EM_AARCH64, ..needs(&[], &[]) }, "another architecture"),
            (Needs { interpreter: false, ..needs(&["libc.so.6"], &[]) }, "no interpreter that loads them"),
        ] {
            let faults = needs.faults();
            assert!(faults.len() == 1 && faults[0].contains(told), "{told}: {faults:?}");
        }
    }

    #[test]
    fn real_binaries_are_parsed() {
        let this = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        if cfg!(all(target_os = "linux", target_env = "gnu")) {
            let needs = read(&this).unwrap().unwrap();
            assert!(needs.interpreter && needs.libraries.iter().any(|name| name == "libc.so.6"), "{needs:?}");
            assert!(needs.versions.iter().any(|version| version == "GLIBC_2.2.5"), "{needs:?}");
        }
        assert_eq!(faults(b"#!/bin/sh\n"), ["the worker is no program for Linux on x86_64"]);
        assert_eq!(faults(&this[..200]), ["the worker is no program for Linux on x86_64"]);
    }
}
