//! How many files and threads the process may have.

use std::{fs, io, os::fd::AsFd as _, path::Path, sync::Mutex, thread};

/// A limit from here on leaves room beside whatever else counts against it. It is not tried out: to make the table of open
/// files of a process with threads larger than 64, the kernel waits for all processors, up to 30 ms
/// ([`expand_fdtable`](https://github.com/torvalds/linux/blob/v6.12/fs/file.c)).
const AMPLE: u64 = 1024;

/// How many file descriptors the process can have more, up to those that it needs.
pub(super) fn available_files(needed: usize) -> usize {
    if has_ample_files(Path::new("/proc/self")) { needed } else { open(needed) }
}

/// How many threads the process can have at once, up to those that it needs.
pub(super) fn available_threads(needed: usize) -> usize {
    let is_ample = has_ample_threads(Path::new("/proc/self"), Path::new("/sys/fs/cgroup"));
    if is_ample { needed } else { start(needed) }
}

fn has_ample_files(process: &Path) -> bool {
    limit(process, "Max open files ").is_some_and(|limit| is_ample(&limit))
}

/// Whether every limit is known and [`AMPLE`]: of [processes of the
/// user](https://man7.org/linux/man-pages/man2/getrlimit.2.html), and of [the
/// container](https://docs.kernel.org/admin-guide/cgroup-v2.html#pid) and what it stands in.
fn has_ample_threads(process: &Path, groups: &Path) -> bool {
    let Ok(memberships) = fs::read_to_string(process.join("cgroup")) else { return false };
    let mut of_groups = memberships.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, group) = (parts.next()?, parts.next()?.trim_start_matches('/'));
        let root = match controllers {
            "" => groups.to_owned(),
            _ => controllers.split(',').any(|one| one == "pids").then(|| groups.join("pids"))?,
        };
        Some((root.join(group), root))
    });
    limit(process, "Max processes ").is_some_and(|limit| is_ample(&limit))
        && of_groups.all(|(group, root)| {
            group.ancestors().take_while(|one| one.starts_with(&root)).all(|one| {
                // The outermost group has no such file, and no limit.
                fs::read_to_string(one.join("pids.max")).map_or(true, |limit| is_ample(limit.trim()))
            })
        })
}

/// The soft limit of this name, as the system writes it.
fn limit(process: &Path, name: &str) -> Option<String> {
    let limits = fs::read_to_string(process.join("limits")).ok()?;
    let columns = limits.lines().find_map(|line| line.strip_prefix(name))?;
    columns.split_whitespace().next().map(str::to_owned)
}

/// Whether a limit as the system writes it leaves room.
fn is_ample(limit: &str) -> bool {
    matches!(limit, "unlimited" | "max") || limit.parse().is_ok_and(|limit: u64| limit >= AMPLE)
}

/// Opens files, up to those that are needed.
fn open(needed: usize) -> usize {
    let opened: Vec<_> = (0..needed).map_while(|_| io::stderr().as_fd().try_clone_to_owned().ok()).collect();
    opened.len()
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
                          Max stack size            8388608              unlimited            bytes     \n\
                          Max open files            1023                 524288               files     \n";

    /// What `has_ample_threads` says of a process with this limit of its user, in these groups with these limits.
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
        has_ample_threads(&process, &root)
    }

    #[test]
    fn every_limit_of_processes_counts() {
        let (whole, v1) = ("0::/\n", "8:pids:/app\n7:cpu,cpuacct:/other\n0::/\n");
        for (expected, of_the_user, memberships, groups) in [
            (true, "96363", whole, &[][..]),
            (true, "unlimited", whole, &[("", "max")]),
            (true, "96363", "0::/app.slice/one\n", &[("app.slice", "1024"), ("app.slice/one", "max")]),
            (true, "96363", v1, &[("pids/app", "max"), ("other", "1")]),
            (false, "1023", whole, &[]),
            (false, "none of it", whole, &[]),
            (false, "unlimited", whole, &[("", "1023")]),
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
        assert!(!has_ample_threads(folder.path(), folder.path()));
        assert!(!has_ample_files(folder.path()));
        assert_eq!((start(3), open(3)), (3, 3));
    }

    #[test]
    fn only_the_soft_limit_of_files_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("limits");
        fs::write(&file, LIMITS).expect("it is ours");
        assert!(!has_ample_files(folder.path()));
        fs::write(&file, LIMITS.replace("1023", "1024")).expect("it is ours");
        assert!(has_ample_files(folder.path()));
    }
}
