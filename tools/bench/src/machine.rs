//! The machine that figures belong to, without its name.

use std::{fs, thread::available_parallelism};

use serde::{Deserialize, Serialize};

/// What the system tells about the machine; texts are empty where it tells nothing.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) cores: usize,
    pub(crate) kernel: String,
}

impl Machine {
    pub(crate) fn this() -> Self {
        let told = |path: &str| fs::read_to_string(path).unwrap_or_default();
        Self {
            processor: model(&told("/proc/cpuinfo")).to_owned(),
            cores: available_parallelism().map_or(0, usize::from),
            kernel: told("/proc/sys/kernel/osrelease").trim().to_owned(),
        }
    }

    /// In one line.
    pub(crate) fn line(&self) -> String {
        let or_unknown = |text: &str| if text.is_empty() { "unknown".to_owned() } else { text.to_owned() };
        let cores = if self.cores == 1 { "core" } else { "cores" };
        format!(
            "{}, {} {cores}, kernel {}",
            or_unknown(&self.processor),
            self.cores,
            or_unknown(&self.kernel)
        )
    }
}

fn model(cpuinfo: &str) -> &str {
    let named = cpuinfo.lines().filter_map(|line| line.split_once(':'));
    named.into_iter().find(|(name, _)| name.trim() == "model name").map_or("", |(_, model)| model.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_named_by_its_processor_and_kernel() {
        let cpuinfo =
            "processor\t: 0\nmodel name\t: Some CPU @ 2.00GHz\ncpu MHz : 1\nmodel name\t: Another\n";
        assert_eq!(model(cpuinfo), "Some CPU @ 2.00GHz");
        let machine = Machine { processor: String::new(), cores: 2, kernel: "6.1.0".to_owned() };
        assert_eq!(machine.line(), "unknown, 2 cores, kernel 6.1.0");
    }
}
