//! How many orders there are, the database that holds them, and the room that they take.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, ensure};
use serde::Serialize;

/// A number of stored orders. Each has a database of its own on the one server.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Scale {
    pub(crate) orders: u32,
    /// The number in words.
    pub(crate) name: &'static str,
    pub(super) database: &'static str,
    pub(super) create: &'static str,
    pub(super) remove: &'static str,
}

macro_rules! scale {
    ($orders:literal, $name:literal, $database:literal) => {
        Scale {
            orders: $orders,
            name: $name,
            database: $database,
            create: concat!("CREATE DATABASE ", $database, " TEMPLATE template0"),
            remove: concat!("DROP DATABASE IF EXISTS ", $database, " WITH (FORCE)"),
        }
    };
}

const QUICK: [Scale; 2] =
    [scale!(1_000, "1 thousand", "growth_1k"), scale!(20_000, "20 thousand", "growth_20k")];
const FULL: [Scale; 2] =
    [scale!(10_000, "10 thousand", "growth_10k"), scale!(1_000_000, "1 million", "growth_1m")];
const LARGE: Scale = scale!(10_000_000, "10 million", "growth_10m");

/// Bytes that the orders of a run take, with their indexes, the log of the server and room to work.
const NEEDED: [(u32, u64); 2] = [(1_000_000, 5_000_000_000), (10_000_000, 30_000_000_000)];

/// The scales of a run, from the smallest.
pub(super) fn scales(quick: bool, large: bool) -> Vec<Scale> {
    match (quick, large) {
        (true, _) => QUICK.to_vec(),
        (false, false) => FULL.to_vec(),
        (false, true) => FULL.into_iter().chain([LARGE]).collect(),
    }
}

/// Checks that the disk has room for what is not there yet.
///
/// # Errors
/// How much is missing. What the system does not tell counts as enough.
pub(super) fn check_room(folder: &Path, largest: Scale) -> anyhow::Result<()> {
    let Some((_, needed)) = NEEDED.into_iter().find(|(orders, _)| *orders == largest.orders) else {
        return Ok(());
    };
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let taken = blocks("du", "-sk", folder, 0).unwrap_or(0);
    let Some(free) = blocks("df", "-Pk", folder, 3) else { return Ok(()) };
    ensure!(
        free + taken >= needed,
        "{} orders need {} GB, and {} has {} GB free: make room, or set CARGO_TARGET_DIR to a folder with more",
        largest.name,
        needed / 1_000_000_000,
        folder.display(),
        (free + taken) / 1_000_000_000,
    );
    Ok(())
}

/// A figure of the last line that a program prints about a folder, from KiB to bytes.
fn blocks(program: &str, option: &str, folder: &Path, column: usize) -> Option<u64> {
    let output = Command::new(program).arg(option).arg(folder).stderr(Stdio::null()).output().ok()?;
    kib(str::from_utf8(&output.stdout).ok()?, column)
}

fn kib(said: &str, column: usize) -> Option<u64> {
    let blocks: u64 = said.lines().last()?.split_whitespace().nth(column)?.parse().ok()?;
    Some(blocks * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_run_has_a_smallest_and_a_largest_scale() {
        for (quick, large, count, largest) in
            [(true, false, 2, 20_000), (false, false, 2, 1_000_000), (false, true, 3, 10_000_000)]
        {
            let scales = scales(quick, large);
            assert_eq!((scales.len(), scales.last().map(|scale| scale.orders)), (count, Some(largest)));
            assert!(scales.is_sorted_by_key(|scale| scale.orders));
        }
    }

    #[test]
    fn too_little_room_is_told_with_a_remedy() {
        let folder = tempfile::tempdir().expect("a folder");
        check_room(folder.path(), QUICK[1]).expect("twenty thousand orders fit everywhere");
        let told = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 100 80 20 80% /\n";
        assert_eq!((kib(told, 3), kib("7 /tmp\n", 0), kib("", 0)), (Some(20 * 1024), Some(7 * 1024), None));
        let endless = Scale { orders: 10_000_000, ..QUICK[1] };
        if blocks("df", "-Pk", folder.path(), 3).is_some_and(|free| free < 30_000_000_000) {
            let told = check_room(folder.path(), endless).expect_err("too little").to_string();
            assert!(told.contains("30 GB") && told.contains("CARGO_TARGET_DIR"), "{told}");
        }
    }
}
