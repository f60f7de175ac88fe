//! What a process takes, where the system reports it (Linux).

use std::{fs, time::Duration};

use anyhow::Context as _;

/// A tick of the processor times in `/proc`, the same on every Linux that there is.
const TICK: Duration = Duration::from_millis(10);

/// The processor time of a process and of its children that have ended. None where the system does not report it.
pub(crate) fn processor_time(pid: u32) -> Option<Duration> {
    Some(Stat::read(pid)?.time)
}

/// The processor time of a server with a process for each connection: its own and that of all its children.
pub(crate) fn processor_time_of_family(parent: u32) -> Option<Duration> {
    let children = fs::read_dir("/proc").ok()?.filter_map(|entry| {
        let pid = entry.ok()?.file_name().to_str()?.parse().ok()?;
        Stat::read(pid).filter(|stat| stat.parent == parent)
    });
    Some(children.map(|child| child.time).sum::<Duration>() + processor_time(parent)?)
}

/// How many programs wanted a processor in the last minute, on average. None where the system does not report it.
pub(crate) fn load() -> Option<f64> {
    fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()
}

/// The process that started this one.
pub(crate) fn parent(pid: u32) -> anyhow::Result<u32> {
    Stat::read(pid).map(|stat| stat.parent).with_context(|| format!("process {pid} is not there"))
}

struct Stat {
    parent: u32,
    time: Duration,
}

impl Stat {
    fn read(pid: u32) -> Option<Self> {
        Self::of(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// Fields 4 and 14 to 17 of proc(5); field 2 is a name that may hold anything, in brackets.
    fn of(line: &str) -> Option<Self> {
        let (_, after_name) = line.rsplit_once(')')?;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        let number = |participants: usize| fields.get(participants - 3)?.parse::<u32>().ok();
        let ticks = number(14)? + number(15)? + number(16)? + number(17)?;
        Some(Self { parent: number(4)?, time: TICK * ticks })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn process_names_may_contain_anything() {
        let line = "42 (a (b) c) S 7 42 42 0 -1 4194560 1 2 3 4 10 20 30 40 20 0 1 0 100";
        let stat = Stat::of(line).expect("a stat line");
        assert_eq!((stat.parent, stat.time), (7, Duration::from_secs(1)));
        assert!(Stat::of("42 no name").is_none());
    }
}
