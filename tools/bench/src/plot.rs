//! Charts of the newest full runs, for docs/benchmarks.md.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use serde::{Deserialize, de::DeserializeOwned};

use crate::machine::Machine;

mod bars;
mod growth;
mod peers;
mod run;

/// What every file of raw data tells besides its figures.
#[derive(Deserialize)]
struct Raw<T> {
    quick: bool,
    machine: Machine,
    #[serde(flatten)]
    figures: T,
}

/// Draws what was measured into `images`, from the raw data in `folder`.
///
/// # Errors
/// When nothing was measured in full, or a file cannot be read or written.
pub(crate) fn run(folder: &Path, images: &Path) -> anyhow::Result<()> {
    let mut drawn = 0;
    let mut draw = |name: &str, chart: &bars::Chart| {
        let path = images.join(name);
        fs::write(&path, chart.svg()).with_context(|| format!("cannot write {}", path.display()))?;
        drawn += 1;
        println!("{}", path.display());
        anyhow::Ok(())
    };
    match newest::<peers::Figures>(folder, |name| name.starts_with(|first: char| first.is_ascii_digit()))? {
        Some((machine, figures)) => {
            draw("bench-rates.svg", &peers::rates(&figures, &machine))?;
            draw("bench-latencies.svg", &peers::latencies(&figures, &machine))?;
        }
        None => {
            println!("LEFT OUT: rates and latencies, because there is no full run of `cargo xtask bench`");
        }
    }
    match newest::<growth::Figures>(folder, |name| name.starts_with("growth-"))? {
        Some((machine, figures)) => draw("bench-growth.svg", &growth::chart(&figures, &machine))?,
        None => println!("LEFT OUT: growth, because there is no full run of `cargo xtask bench --growth`"),
    }
    if drawn == 0 {
        bail!("there is no raw data of a full run in {}: measure first", folder.display());
    }
    Ok(())
}

/// The newest raw data of a full run among the files whose names are wanted: a name ends with the time.
fn newest<T: DeserializeOwned>(
    folder: &Path,
    wanted: impl Fn(&str) -> bool,
) -> anyhow::Result<Option<(Machine, T)>> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let named = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        path.extension().is_some_and(|extension| extension == "json") && wanted(name)
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(named).collect();
    files.sort();
    for file in files.iter().rev() {
        // Data of another version of this program is no data.
        let Ok(raw) = serde_json::from_slice::<Raw<T>>(&fs::read(file)?) else { continue };
        if !raw.quick {
            println!("from {}", file.display());
            return Ok(Some((raw.machine, raw.figures)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_newest_full_run_is_drawn_with_its_machine() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, quick: bool, processor: &str, rate: f64| {
            let run = json!({"operation": "GetOrder", "clients": 16, "peer": "Worker",
                "sample": {"rate": rate, "p50": 1.0, "p99": 2.0}});
            let machine = json!({"processor": processor, "cores": 2, "kernel": "6.1"});
            let raw = json!({"quick": quick, "machine": machine, "http": {"runs": [run], "memory": []}});
            fs::write(folder.path().join(name), raw.to_string()).expect("written");
        };
        assert!(run(folder.path(), folder.path()).is_err(), "nothing was measured");
        write("2026-01-01T00-00-00Z.json", false, "Old", 1111.0);
        write("2026-01-02T00-00-00Z.json", false, "New & fast", 2222.0);
        write("2026-01-03T00-00-00Z.json", true, "Quick", 3333.0);
        fs::write(folder.path().join("2026-01-04T00-00-00Z.json"), "{}").expect("written");
        run(folder.path(), folder.path()).expect("drawn");
        let svg = fs::read_to_string(folder.path().join("bench-rates.svg")).expect("it is there");
        assert!(svg.contains("New &amp; fast, 2 cores, kernel 6.1") && svg.contains(">2,222<"), "{svg}");
        assert!(!folder.path().join("bench-growth.svg").exists());
    }
}
