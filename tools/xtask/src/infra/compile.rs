//! What the compiler of Bicep says of the infrastructure: nothing, or the command fails.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use infra_check::{
    compiler::{self, BicepCompiler, Session},
    inputs,
    variants::{self, Variant},
};
use project::Project;

/// Compiles the whole and every choice of parameters.
pub(super) fn build(project: &Project) -> anyhow::Result<()> {
    let root = project.root();
    let variants = variants::all_variants().into_iter().map(|variant| root.join(variant.parameters_path()));
    let files: Vec<_> = [root.join("infra/main.bicep")].into_iter().chain(variants).collect();
    silent(project, "compile", &files)
}

/// Reads every file alone.
pub(super) fn lint(project: &Project) -> anyhow::Result<()> {
    silent(project, "lint", &files(project)?)
}

/// Writes every file as the compiler would, or only says which are written otherwise.
pub(super) fn format(project: &Project, check: bool) -> anyhow::Result<()> {
    let Some(mut session) = session(project)? else { return Ok(()) };
    let (files, mut others) = (files(project)?, 0);
    for file in &files {
        let formatted = session.format(file)?;
        if project::read(file)? == formatted {
            continue;
        }
        others += 1;
        println!("{}", file.display());
        if !check {
            fs::write(file, formatted).with_context(|| format!("cannot write {}", file.display()))?;
        }
    }
    ensure!(!check || others == 0, "{others} files are written otherwise: run `cargo xtask infra format`");
    println!("bicep format: {others} of {} files were written otherwise", files.len());
    Ok(())
}

/// Writes the snapshot of every variant, or only holds the committed ones against new ones.
pub(super) fn snapshot(project: &Project, validate: bool) -> anyhow::Result<()> {
    let root = project.root();
    let Some(mut session) = session(project)? else { return stale(root) };
    let mut others = Vec::new();
    for variant in variants::all_variants() {
        let text = session
            .snapshot(&root.join(variant.parameters_path()))
            .with_context(|| format!("{} cannot be deployed", variant.parameters_path()))?;
        let path = root.join(variant.snapshot_path());
        if fs::read_to_string(&path).is_ok_and(|committed| committed == text) {
            println!("{}: as committed", variant.name);
        } else if validate {
            others.push(variant.name);
        } else {
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
            println!("{}: written", variant.name);
        }
    }
    ensure!(
        others.is_empty(),
        "{} deploy something else: run `cargo xtask infra snapshot`",
        others.join(", ")
    );
    if !validate {
        remove_strays(root)?;
        fs::write(root.join(inputs::DIGESTS_FILE), inputs::compute_digests(root)?)
            .context("cannot write the digests")?;
    }
    stale(root)
}

fn stale(root: &Path) -> anyhow::Result<()> {
    let changed = inputs::changed_files(root)?;
    ensure!(
        changed.is_empty(),
        "the snapshots are of other files ({}): run `cargo xtask infra snapshot`",
        changed.join(", ")
    );
    Ok(())
}

/// A snapshot whose variant is gone.
fn remove_strays(root: &Path) -> anyhow::Result<()> {
    let known: Vec<_> =
        variants::all_variants().iter().map(Variant::snapshot_path).map(|path| root.join(path)).collect();
    for path in inputs::files_with_extension(&root.join(variants::VARIANTS_FOLDER), "json")? {
        if !known.contains(&path) {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}

/// Everything that is written in Bicep.
fn files(project: &Project) -> anyhow::Result<Vec<PathBuf>> {
    let root = project.root();
    let mut files = vec![root.join("infra/main.bicep")];
    files.extend(inputs::files_with_extension(&root.join("infra/modules"), "bicep")?);
    files.extend(inputs::files_with_extension(&root.join(variants::VARIANTS_FOLDER), "bicepparam")?);
    Ok(files)
}

/// The compiler only warns about a misspelt property, so each of its messages is an error.
fn silent(project: &Project, what: &str, files: &[PathBuf]) -> anyhow::Result<()> {
    let Some(mut session) = session(project)? else { return Ok(()) };
    let mut said = Vec::new();
    for file in files {
        let diagnostics =
            session.diagnostics(file).with_context(|| format!("cannot {what} {}", file.display()))?;
        said.extend(diagnostics.iter().map(ToString::to_string));
    }
    said.sort();
    said.dedup();
    for line in &said {
        println!("{line}");
    }
    if !said.is_empty() {
        bail!("bicep has {} things to say of {} files", said.len(), files.len());
    }
    println!("bicep has nothing to say of {} files ({what})", files.len());
    Ok(())
}

/// The compiler; nothing on a laptop without it, which is said loudly. Where `CI` is set, nothing is left out.
fn session(project: &Project) -> anyhow::Result<Option<Session>> {
    if let Some(compiler) = BicepCompiler::find(&project.target_folder())? {
        return Ok(Some(compiler.session()?));
    }
    let why = format!(
        "the infrastructure with the compiler of Bicep: install bicep {} on PATH, or name it in BICEP",
        compiler::BICEP_VERSION
    );
    ensure!(std::env::var_os("CI").is_none(), "cannot test {why}");
    println!("NOT TESTED: {why}");
    Ok(None)
}
