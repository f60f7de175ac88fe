//! The program that host.json names, as far as its file tells.

use std::{
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{Settings, app::member, command_line};

/// What is to be started.
#[derive(Clone, Debug)]
pub struct Program {
    /// `defaultExecutablePath` as it is written.
    pub written: String,
    /// The file that the host starts; none when it finds none and leaves it to the search path (sheet §1.1).
    pub file: Option<PathBuf>,
    /// Whether it may be executed.
    pub executable: bool,
    /// What it runs on.
    pub runs: Runs,
}

/// What a program runs on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Runs {
    /// 64-bit Linux on x86-64, with no library of the system's.
    Anywhere,
    /// The same, with the C library of the machine.
    WithLibrary,
    /// An interpreter that its first line names.
    Interpreted,
    /// Windows.
    Windows,
    /// This machine, but no plan of the platform.
    HereAlone,
    /// Something else.
    Elsewhere,
    /// There is no file to look at.
    Unseen,
}

impl Program {
    pub(crate) fn of(root: &Path, host: &Value, settings: &Settings) -> Option<Self> {
        let description = member(host, &["customHandler", "description"])?;
        let named = |name| {
            let text = member(description, &[name])?.as_str()?;
            Some(text.to_owned()).filter(|text| !text.is_empty())
        };
        let written = command_line::expand(&named("defaultExecutablePath")?, settings);
        let folder = named("workerDirectory").map_or_else(|| root.to_owned(), |folder| root.join(folder));
        let file = Some(folder.join(&written)).filter(|file| file.is_file());
        let executable = file.as_deref().is_some_and(is_executable);
        let runs = file.as_deref().map_or(Runs::Unseen, runs);
        Some(Self { written, file, executable, runs })
    }
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(file).is_ok_and(|metadata| metadata.permissions().mode() & 0o111 == 0o111)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    fs::metadata(file).is_ok()
}

fn runs(file: &Path) -> Runs {
    let mut head = Vec::new();
    let read = File::open(file).and_then(|file| file.take(4096).read_to_end(&mut head));
    match head.as_slice() {
        _ if read.is_err() => Runs::Elsewhere,
        [b'#', b'!', ..] => Runs::Interpreted,
        [b'M', b'Z', ..] => Runs::Windows,
        [0x7f, b'E', b'L', b'F', 2, 1, ..] if machine(&head) == Some(X86_64) => {
            if asks_for_a_loader(&head) {
                Runs::WithLibrary
            } else {
                Runs::Anywhere
            }
        }
        [0x7f, b'E', b'L', b'F', 2, 1, ..] if cfg!(target_os = "linux") && machine(&head) == OURS => {
            Runs::HereAlone
        }
        [0xcf, 0xfa, 0xed, 0xfe, ..] if cfg!(target_os = "macos") => Runs::HereAlone,
        _ => Runs::Elsewhere,
    }
}

const X86_64: u16 = 62;

/// The machine number of this very program.
const OURS: Option<u16> = if cfg!(target_arch = "aarch64") { Some(183) } else { Some(X86_64) };

fn machine(head: &[u8]) -> Option<u16> {
    number(head, 18)
}

fn number(head: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(head.get(at..at + 2)?.try_into().ok()?))
}

/// Whether a program header is of type `PT_INTERP`: then the system's loader and libraries come first.
fn asks_for_a_loader(head: &[u8]) -> bool {
    const PT_INTERP: [u8; 4] = [3, 0, 0, 0];
    let Some(table) = head.get(32..40).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes) else {
        return false;
    };
    let (Ok(table), Some(size), Some(count)) = (usize::try_from(table), number(head, 54), number(head, 56))
    else {
        return false;
    };
    (0..usize::from(count))
        .map(|entry| table.saturating_add(entry * usize::from(size)))
        .any(|at| head.get(at..at.saturating_add(4)) == Some(&PT_INTERP))
}
