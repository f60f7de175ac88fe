//! Program files of Linux, Windows and macOS, distinguished by their first bytes.

use std::fmt;

/// A program file.
pub(super) struct Binary {
    pub(super) machine: Machine,
    /// The loader that a program of Linux names, where the system's libraries come first.
    pub(super) loader: Option<String>,
}

/// What a program is built for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Machine {
    /// 64-bit Linux on this number of the ELF format.
    Linux64(u16),
    /// 32-bit Linux.
    Linux32,
    /// macOS.
    Mac,
    /// Windows.
    Windows,
}

const X86_64: u16 = 62;
const AARCH64: u16 = 183;

/// This machine's number in the ELF format.
const OURS: u16 = if cfg!(target_arch = "aarch64") { AARCH64 } else { X86_64 };

impl Machine {
    /// Whether this machine can run such a program.
    pub(crate) fn is_ours(self) -> bool {
        match self {
            Self::Linux64(number) => cfg!(target_os = "linux") && number == OURS,
            Self::Linux32 => cfg!(target_os = "linux"),
            Self::Mac => cfg!(target_os = "macos"),
            Self::Windows => cfg!(windows),
        }
    }

    /// Whether the machines of Azure's plans can run such a program.
    pub(crate) fn is_the_plans(self) -> bool {
        self == Self::Linux64(X86_64)
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linux64(X86_64) => write!(formatter, "a program for Linux on x86-64"),
            Self::Linux64(AARCH64) => write!(formatter, "a program for Linux on ARM64"),
            Self::Linux64(number) => write!(formatter, "a program for Linux on another processor ({number})"),
            Self::Linux32 => write!(formatter, "a program for 32-bit Linux"),
            Self::Mac => write!(formatter, "a program for macOS"),
            Self::Windows => write!(formatter, "a program for Windows"),
        }
    }
}

impl Binary {
    /// Reads the head of a file; none when it is no program file.
    pub(super) fn read(head: &[u8]) -> Option<Self> {
        let machine = match head {
            [0x7f, b'E', b'L', b'F', 2, 1, ..] => Machine::Linux64(number(head, 18)?),
            [0x7f, b'E', b'L', b'F', ..] => Machine::Linux32,
            [b'M', b'Z', ..] => Machine::Windows,
            // A fat file of macOS says how many programs are in it; a class file of Java its version, which is higher.
            [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..] | [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 1..=8, ..] => {
                Machine::Mac
            }
            _ => return None,
        };
        let loader = matches!(machine, Machine::Linux64(_)).then(|| loader(head)).flatten();
        Some(Self { machine, loader })
    }
}

fn number(head: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(head.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn long(head: &[u8], at: usize) -> Option<usize> {
    let bytes = head.get(at..at.checked_add(8)?)?.try_into().ok()?;
    usize::try_from(u64::from_le_bytes(bytes)).ok()
}

/// The loader that a program header of type `PT_INTERP` names: the system's loader and libraries then come first. An
/// empty name where it lies beyond what was read.
fn loader(head: &[u8]) -> Option<String> {
    const PT_INTERP: [u8; 4] = [3, 0, 0, 0];
    let (table, size, count) = (long(head, 32)?, usize::from(number(head, 54)?), number(head, 56)?);
    let mut entries = (0..usize::from(count)).map(|entry| table.saturating_add(entry * size));
    let entry = entries.find(|at| head.get(*at..at.saturating_add(4)) == Some(&PT_INTERP))?;
    let name = long(head, entry.saturating_add(8)).zip(long(head, entry.saturating_add(32)));
    let name = name.and_then(|(start, length)| head.get(start..start.checked_add(length)?));
    let name = name.map(|bytes| bytes.split(|byte| *byte == 0).next().unwrap_or_default());
    Some(name.map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default())
}
