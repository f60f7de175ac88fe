//! The installation of the emulator, from its folder and from its package.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use project::Project;

use super::{home::Home, times::Times};

const NAME: &str = "functions-emulator";
/// The crate that the emulator depends on by its folder.
const BESIDE: &str = "functions-lint";

/// Installs it from its folder, as its README says; gives the program.
pub(super) fn from_folder(project: &Project, home: &Home) -> anyhow::Result<(PathBuf, Times)> {
    println!("install from the folder, into an empty CARGO_HOME");
    let folder = project.root().join("crates").join(NAME);
    install(home, &folder, "by-folder", &["--locked".to_owned()])
}

/// Packs it and the crate beside it as for a registry, unpacks both elsewhere, and installs what was unpacked. A registry
/// would have the crate beside it; here a patch says where it is.
pub(super) fn from_package(project: &Project, home: &Home) -> anyhow::Result<(PathBuf, Times)> {
    println!("install from the package, with {BESIDE} from its own package");
    let packed = home.path().join("packed");
    let package = ["package", "--locked", "--no-verify", "--allow-dirty", "--quiet"];
    let mut cargo = home.command("cargo");
    cargo.current_dir(project.root()).args(package);
    cargo.args(["--package", NAME, "--package", BESIDE, "--target-dir"]).arg(&packed);
    run(&mut cargo)?;
    let unpacked = home.path().join("unpacked");
    fs::create_dir(&unpacked).context("cannot make a folder")?;
    let version = env!("CARGO_PKG_VERSION");
    for name in [NAME, BESIDE] {
        let archive = packed.join("package").join(format!("{name}-{version}.crate"));
        let mut tar = home.command("tar");
        tar.args(["--extract", "--gzip", "--directory"]).arg(&unpacked).arg("--file").arg(archive);
        run(&mut tar)?;
    }
    let folder = |name: &str| unpacked.join(format!("{name}-{version}"));
    let patch = format!("patch.crates-io.{BESIDE}.path='{}'", folder(BESIDE).display());
    install(home, &folder(NAME), "by-package", &["--config".to_owned(), patch])
}

/// Installs the package in a folder into an empty root; gives the program, which has to say its version.
fn install(home: &Home, folder: &Path, root: &str, options: &[String]) -> anyhow::Result<(PathBuf, Times)> {
    let mut times = Times::default();
    let root = home.path().join(root);
    let mut cargo = home.command("cargo");
    cargo.args(["install", "--path"]).arg(folder).arg("--root").arg(&root).args(options);
    // What another build has left there would not be compiled.
    cargo.env("CARGO_TARGET_DIR", home.path().join("target"));
    let started = Instant::now();
    let compiled = compile(&mut cargo)?;
    times.add("install", started.elapsed().saturating_sub(compiled), false);
    times.add("compile the emulator", compiled, true);
    let program = root.join("bin").join(NAME);
    let version = run(home.command(&program).arg("--version"))?;
    let wanted = format!("{NAME} {}", env!("CARGO_PKG_VERSION"));
    ensure!(version.starts_with(&wanted), "`{NAME} --version` has to begin with {wanted}, not {version}");
    println!("  {}", version.trim().replace('\n', "\n  "));
    Ok((program, times))
}

/// Runs cargo to its end; gives the time between the first crate that it compiles and the last.
fn compile(cargo: &mut Command) -> anyhow::Result<Duration> {
    let mut child = cargo.stderr(Stdio::piped()).spawn().context("cannot start cargo")?;
    let lines = BufReader::new(child.stderr.take().context("cargo has no stderr")?).lines();
    let (mut said, mut began, mut compiled) = (String::new(), None, None);
    for line in lines {
        let line = line.context("cargo does not print text")?;
        match line.trim_start().split(' ').next() {
            Some("Compiling") => drop(began.get_or_insert_with(Instant::now)),
            Some("Finished") => compiled = began.map(|began| began.elapsed()),
            _ => {}
        }
        said = said + &line + "\n";
    }
    let status = child.wait().context("cannot wait for cargo")?;
    ensure!(status.success(), "cargo ended with {status}:\n{said}");
    compiled.context("cargo did not say that it compiled")
}

/// Runs a command to its end; gives what it printed, which an error shows.
pub(super) fn run(command: &mut Command) -> anyhow::Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot start {program}"))?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    ensure!(output.status.success(), "{program} ended with {}:\n{said}", output.status);
    Ok(said)
}
