//! How many threads the process may start.

use std::{fs, path::Path, sync::Mutex, thread};

/// A limit from here on leaves room beside whatever else counts against it, and trying it out would cost the start a third
/// of its processor time.
const AMPLE: u64 = 4096;

/// How many threads the process can have at once, up to those that it needs.
pub(super) fn available_threads(needed: usize) -> usize {
    if is_ample(Path::new("/proc/self"), Path::new("/sys/fs/cgroup")) { needed } else { start(needed) }
}

/// Whether every limit is known and [`AMPLE`]: of [processes of the
/// user](https://man7.org/linux/man-pages/man2/getrlimit.2.html), and of [the
/// container](https://docs.kernel.org/admin-guide/cgroup-v2.html#pid) and what it stands in.
fn is_ample(process: &Path, groups: &Path) -> bool {
    let read = |name| fs::read_to_string(process.join(name)).ok();
    let (Some(limits), Some(memberships)) = (read("limits"), read("cgroup")) else {
        return false;
    };
    let of_the_user = limits.lines().find_map(|line| line.strip_prefix("Max processes "));
    let of_the_user = of_the_user.and_then(|columns| columns.split_whitespace().next());
    let mut of_groups = memberships.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, group) = (parts.next()?, parts.next()?.trim_start_matches('/'));
        match controllers {
            "" => Some((groups.to_owned(), group)),
            _ => controllers.split(',').any(|one| one == "pids").then(|| (groups.join("pids"), group)),
        }
    });
    of_the_user.is_some_and(is_ample_limit)
        && of_groups.all(|(root, group)| {
            let group = root.join(group);
            group.ancestors().take_while(|one| one.starts_with(&root)).all(|one| {
                // The outermost group has no such file, and no limit.
                fs::read_to_string(one.join("pids.max")).map_or(true, |limit| is_ample_limit(limit.trim()))
            })
        })
}

/// Whether a limit as the system writes it leaves room.
fn is_ample_limit(limit: &str) -> bool {
    matches!(limit, "unlimited" | "max") || limit.parse().is_ok_and(|limit: u64| limit >= AMPLE)
}

/// Starts threads that wait for each other's start, up to those that are needed.
fn start(needed: usize) -> usize {
    let gate = Mutex::new(());
    let closed = gate.lock();
    thread::scope(|scope| {
        let wait = || drop(gate.lock());
        let start = || thread::Builder::new().spawn_scoped(scope, wait);
        let started = (0..needed).take_while(|_| start().is_ok()).count();
        drop(closed);
        started
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: &str = "Limit                     Soft Limit           Hard Limit           Units     \n\
                          Max stack size            8388608              unlimited            bytes     \n";

    /// What `is_ample` says of a process with this limit of its user, in these groups with these limits.
    fn ample(of_the_user: &str, memberships: &str, groups: &[(&str, &str)]) -> bool {
        let folder = tempfile::tempdir().expect("a folder");
        let (process, root) = (folder.path().join("self"), folder.path().join("cgroup"));
        fs::create_dir_all(&process).expect("a folder");
        let line = format!("Max processes             {of_the_user:<20} 193000               processes \n");
        fs::write(process.join("limits"), format!("{LIMITS}{line}")).expect("it is ours");
        fs::write(process.join("cgroup"), memberships).expect("it is ours");
        for (group, limit) in groups {
            fs::create_dir_all(root.join(group)).expect("a folder");
            fs::write(root.join(group).join("pids.max"), format!("{limit}\n")).expect("it is ours");
        }
        is_ample(&process, &root)
    }

    #[test]
    fn every_limit_of_processes_counts() {
        let (whole, v1) = ("0::/\n", "8:pids:/app\n7:cpu,cpuacct:/other\n0::/\n");
        for (expected, of_the_user, memberships, groups) in [
            (true, "96363", whole, &[][..]),
            (true, "unlimited", whole, &[("", "max")]),
            (true, "96363", "0::/app.slice/one\n", &[("app.slice", "4096"), ("app.slice/one", "max")]),
            (true, "96363", v1, &[("pids/app", "max"), ("other", "1")]),
            (false, "4095", whole, &[]),
            (false, "none of it", whole, &[]),
            (false, "unlimited", whole, &[("", "4095")]),
            (false, "96363", "0::/app.slice/one\n", &[("app.slice", "100"), ("app.slice/one", "max")]),
            (false, "96363", "0::/app.slice/one\n", &[("app.slice", "max"), ("app.slice/one", "100")]),
            (false, "96363", v1, &[("pids/app", "100")]),
        ] {
            assert_eq!(
                ample(of_the_user, memberships, groups),
                expected,
                "{of_the_user} {memberships} {groups:?}"
            );
        }
    }

    #[test]
    fn limits_that_cannot_be_read_are_tried_out() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(!is_ample(folder.path(), folder.path()));
        assert_eq!(start(3), 3);
    }
}
