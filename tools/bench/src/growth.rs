//! How the cost of each function grows with the stored orders: the same calls on one server with few orders and with
//! many.

use std::path::PathBuf;

use anyhow::ensure;
use functions_emulator::clock::Clock;

use crate::{machine::Machine, process, server::Programs};

mod added;
mod bounds;
mod fill;
mod filled;
mod function;
mod ids;
mod measured;
mod orders;
mod plans;
mod rounds;
mod scale;
mod table;

use filled::Filled;
use rounds::Extent;
use table::Growth;
pub(crate) use {bounds::BAR, function::Function};

/// What is wanted of a run.
pub(crate) struct Options {
    /// Few orders and calls: to see that it runs, not for figures.
    pub(crate) quick: bool,
    /// Ten million orders too.
    pub(crate) large: bool,
    /// Where databases are kept for the next run, and raw data.
    pub(crate) folder: PathBuf,
}

/// Measures, prints tables, and keeps the raw data.
///
/// # Errors
/// What cannot be measured; and a bar that does not hold, unless the run is a quick one, whose latencies mean nothing.
pub(crate) async fn run(programs: &Programs, options: &Options) -> anyhow::Result<()> {
    let scales = scale::scales(options.quick, options.large);
    let kept = options.folder.join("growth");
    if let Some(&largest) = scales.last() {
        scale::check_room(&options.folder, largest)?;
    }
    let now = Clock::system().now().timestamp_micros();
    let busy = process::load();
    let server = filled::serve((!options.quick).then_some(kept.as_path()))?;
    println!("PostgreSQL from {}; filling waits for no disk, what is measured does", server.source());
    filled::fill(&server, &programs.worker, &scales, now).await?;
    let mut filled = Vec::new();
    for &scale in &scales {
        filled.push(Filled::start(&server, programs, scale).await?);
    }
    let readings = match filled.last_mut() {
        Some(largest) => plans::read(largest, programs, now).await?,
        None => None,
    };
    println!("{}", table::reads(readings.as_deref(), scales.last().map_or("", |scale| scale.name)));
    let measured = rounds::measure(&mut filled, Extent::of(options.quick), now).await?;
    drop(filled);
    let growth = Growth { machine: Machine::this(), busy, quick: options.quick, scales, measured, readings };
    println!("\n{}", growth.latencies());
    let raw = crate::raw_data::save(&options.folder, "growth-", &growth)?;
    println!("raw data in {}", raw.display());
    ensure!(options.quick || growth.holds(), "what grows with the stored orders is said above as NOT MET");
    Ok(())
}
