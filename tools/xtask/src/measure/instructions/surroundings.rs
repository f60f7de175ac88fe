//! What decides about the number of instructions beside the code of the worker.

use std::{env, ffi::OsString, fs, process::Command};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use crate::callgrind::Valgrind;

/// Those by which libraries choose among their variants of a function.
const FEATURES: [&str; 14] = [
    "aes",
    "avx",
    "avx2",
    "bmi1",
    "bmi2",
    "erms",
    "f16c",
    "fma",
    "movbe",
    "pclmulqdq",
    "popcnt",
    "rdrand",
    "sse4_2",
    "ssse3",
];

/// The compiler, the C library, the processor and the counter.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Surroundings {
    /// As `rustc -V` says.
    compiler: String,
    glibc: String,
    /// Of [`FEATURES`], those that the processor has.
    processor: Vec<String>,
    valgrind: String,
}

impl Surroundings {
    /// Those of this machine.
    pub(super) fn here(valgrind: &Valgrind) -> anyhow::Result<Self> {
        let rustc = env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
        let flags =
            fs::read_to_string("/proc/cpuinfo").context("the system tells nothing of its processor")?;
        let flags = flags.lines().find_map(|line| line.strip_prefix("flags")).unwrap_or_default();
        let has = |feature: &&str| flags.split_whitespace().any(|flag| flag == *feature);
        Ok(Self {
            compiler: said(Command::new(rustc).arg("-V"))?,
            glibc: said(Command::new("getconf").arg("GNU_LIBC_VERSION"))?,
            processor: FEATURES.into_iter().filter(has).map(str::to_owned).collect(),
            valgrind: valgrind.version().context("valgrind does not tell its version")?,
        })
    }

    /// In words, what another one has instead.
    pub(super) fn differences(&self, other: &Self) -> Vec<String> {
        [
            ("compiler", self.compiler.clone(), other.compiler.clone()),
            ("glibc", self.glibc.clone(), other.glibc.clone()),
            ("processor", self.processor.join(" "), other.processor.join(" ")),
            ("valgrind", self.valgrind.clone(), other.valgrind.clone()),
        ]
        .into_iter()
        .filter(|(_, kept, here)| kept != here)
        .map(|(what, kept, here)| format!("{what}: kept with {kept}, here is {here}"))
        .collect()
    }

    #[cfg(test)]
    pub(super) fn sample(compiler: &str) -> Self {
        let text = str::to_owned;
        Self {
            compiler: text(compiler),
            glibc: text("glibc 2.36"),
            processor: vec![text("avx2")],
            valgrind: text("valgrind-3.19.0"),
        }
    }
}

fn said(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    ensure!(output.status.success(), "{command:?} failed");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_compiler_is_named_as_the_difference() {
        let (kept, here) = (Surroundings::sample("rustc 1.95.0"), Surroundings::sample("rustc 1.96.0"));
        assert_eq!(kept.differences(&here), ["compiler: kept with rustc 1.95.0, here is rustc 1.96.0"]);
        assert!(kept.differences(&kept).is_empty());
    }
}
