//! Makes the folder of a new app.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};

/// Each file with its text, in which `{{name}}` and `{{handler}}` are filled in.
const RUST: [(&str, &str); 9] = [
    ("Cargo.toml", include_str!("../templates/rust/Cargo.toml.template")),
    ("src/main.rs", include_str!("../templates/rust/main.rs")),
    ("src/tests.rs", include_str!("../templates/rust/tests.rs")),
    ("host.json", include_str!("../templates/rust/host.json")),
    ("local.settings.json", include_str!("../templates/rust/local.settings.json")),
    ("Hello/function.json", include_str!("../templates/rust/Hello.json")),
    ("Submit/function.json", include_str!("../templates/rust/Submit.json")),
    ("Work/function.json", include_str!("../templates/rust/Work.json")),
    (".gitignore", include_str!("../templates/rust/gitignore")),
];

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// What the app is written in
    #[arg(long, value_enum)]
    language: Language,
    /// The folder of the crate azure-functions-handler, instead of the one on crates.io
    #[arg(long, value_name = "PATH")]
    handler: Option<PathBuf>,
    /// The app's name: that of the folder and of the program
    name: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Language {
    Rust,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    match make(arguments) {
        Ok(()) => {
            println!(
                "{name} is ready:\n\n  cd {name}\n  functions-emulator .                                   \
                 builds and serves it\n  curl http://localhost:7071/api/hello/you",
                name = arguments.name
            );
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn make(arguments: &Arguments) -> anyhow::Result<()> {
    let Arguments { language: Language::Rust, handler, name } = arguments;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !name.starts_with(|first: char| first.is_ascii_alphabetic()) || !name.bytes().all(fits) {
        bail!("`{name}` must begin with a letter and continue with letters, digits, `-` and `_`");
    }
    let folder = Path::new(name);
    if folder.exists() {
        bail!("{name} already exists; choose another name, or move it");
    }
    let handler = dependency(handler.as_deref())?;
    for (file, text) in RUST {
        let file = folder.join(file);
        let text = text.replace("{{name}}", name).replace("{{handler}}", &handler);
        let written =
            fs::create_dir_all(file.parent().unwrap_or(folder)).and_then(|()| fs::write(&file, text));
        written.with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// The crate as a value of Cargo.toml.
fn dependency(handler: Option<&Path>) -> anyhow::Result<String> {
    let Some(path) = handler else {
        return Ok(format!("{:?}", env!("CARGO_PKG_VERSION")));
    };
    let manifest = fs::read_to_string(path.join("Cargo.toml")).unwrap_or_default();
    if !manifest.contains("name = \"azure-functions-handler\"") {
        bail!("{} is not the folder of the crate azure-functions-handler", path.display());
    }
    let path = path.canonicalize().with_context(|| format!("cannot read {}", path.display()))?;
    Ok(format!("{{ path = {:?} }}", path.display().to_string()))
}
