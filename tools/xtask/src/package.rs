//! `cargo xtask package`: the zips that are deployed, and what is in them.

mod app;
mod archive;
mod sbom;
mod binary;
mod rules;
mod secrets;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, ensure};
use clap::ValueEnum;
use project::Project;

use self::{
    app::App,
    archive::{Entries, Entry},
};
use crate::release::Release;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The app to package.
    #[arg(long, default_value = "all")]
    app: Which,
    /// Afterwards lay out what was packaged in this folder, as one app.
    #[arg(long, value_name = "FOLDER")]
    lay_out: Option<PathBuf>,
    /// Build for musl, which needs no library of the system, in place of glibc 2.28.
    #[arg(long)]
    musl: bool,
    /// Change nothing, and fail if what was packaged before is not the same, byte for byte.
    #[arg(long)]
    again: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Which {
    Api,
    Processor,
    /// All functions in one package, for one Function App.
    One,
    All,
}

impl Which {
    fn apps(self) -> Vec<App> {
        match self {
            Self::Api => vec![App::Api],
            Self::Processor => vec![App::Processor],
            Self::One => vec![App::One],
            Self::All => App::ALL.to_vec(),
        }
    }
}

/// Builds the worker, and packages it with the functions of each app into `target/package`.
pub(crate) fn run(project: &Project, args: &Args) -> anyhow::Result<()> {
    let release = if args.musl { Release::on_musl(project)? } else { Release::for_release(project)? };
    let program = Program::of(project.root(), &release.made(project)?)?;
    let folder = project.target_folder().join("package");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let keep = if args.again { compare } else { keep };
    let mut packed = Entries::new();
    for app in args.app.apps() {
        let zip = package(project.root(), &program, app)?;
        let path = folder.join(format!("{}.zip", app.name()));
        keep(&path, &zip)?;
        println!("{}: {:.2} MB", path.display(), megabytes(zip.len()));
        packed.append(&mut archive::unpack(&zip)?);
    }
    let bill = folder.join("sbom.cdx.json");
    keep(&bill, &sbom::of(project, &program.entry.bytes)?)?;
    println!("{}: what they are built from", bill.display());
    args.lay_out.as_ref().map_or(Ok(()), |folder| lay_out(&packed, folder))
}

/// Where the tests let the apps be laid out, as one.
pub(crate) fn laid_out(project: &Project) -> PathBuf {
    project.target_folder().join("packaged-app")
}

/// What every package holds, looked at and compressed once: it is most of each.
struct Program {
    host: Vec<u8>,
    entry: Entry,
    packed: Vec<u8>,
}

impl Program {
    /// The worker, under the name by which host.json starts it.
    ///
    /// # Errors
    /// When it is not fit to be deployed; the message says everything at once.
    fn of(root: &Path, worker: &Path) -> anyhow::Result<Self> {
        let host = fs::read(root.join("host.json")).context("cannot read host.json")?;
        let path = rules::executable(&host).context("host.json names no defaultExecutablePath")?;
        let entry = program_at(worker)?;
        let faults = rules::faults_of_program(&path, &entry);
        ensure!(faults.is_empty(), "the worker is not fit to be deployed: {}", faults.join("; "));
        let packed = archive::pack(&Entries::from([(path, entry.clone())]))?;
        Ok(Self { host, entry, packed })
    }
}

/// The zip of an app.
///
/// # Errors
/// When anything is missing from it, too much, or not fit to be deployed; the message says everything at once.
fn package(root: &Path, program: &Program, app: App) -> anyhow::Result<Vec<u8>> {
    let functions = app.functions(root)?;
    let plain = |bytes: &[u8]| Entry { mode: 0o644, bytes: bytes.to_vec() };
    let mut entries = Entries::from([("host.json".to_owned(), plain(&program.host))]);
    entries.extend(functions.iter().map(|(name, text)| (format!("{name}/function.json"), plain(text))));
    let zip = archive::pack_before(&entries, &program.packed)?;
    let names: BTreeSet<&str> = functions.keys().map(String::as_str).collect();
    let faults = rules::faults(&zip, &names, &program.entry)?;
    ensure!(
        faults.is_empty(),
        "the package of {} is not fit to be deployed: {}",
        app.name(),
        faults.join("; ")
    );
    Ok(zip)
}

/// The worker as it is packed. A file that is not executable stays so.
fn program_at(worker: &Path) -> anyhow::Result<Entry> {
    let open = || format!("there is no worker at {}: build it", worker.display());
    let runs = fs::metadata(worker).with_context(open)?.permissions().mode() & 0o111 != 0;
    Ok(Entry { mode: if runs { 0o755 } else { 0o644 }, bytes: fs::read(worker).with_context(open)? })
}

/// Writes a file so that a reader finds the old one or the new one.
fn keep(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let draft = path.with_extension("draft");
    let write = || fs::write(&draft, bytes).and_then(|()| fs::rename(&draft, path));
    write().with_context(|| format!("cannot write {}", path.display()))
}

fn compare(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let before = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    ensure!(before == bytes, "{} is another one than before: find out what it depends on", path.display());
    Ok(())
}

fn lay_out(entries: &Entries, folder: &Path) -> anyhow::Result<()> {
    let write = || {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        for (path, entry) in entries {
            let path = folder.join(path);
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            fs::write(&path, &entry.bytes)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(entry.mode))?;
        }
        Ok::<_, std::io::Error>(())
    };
    write().with_context(|| format!("cannot lay it out in {}", folder.display()))
}

fn megabytes(bytes: usize) -> f64 {
    u32::try_from(bytes).map_or(f64::INFINITY, f64::from) / 1e6
}
