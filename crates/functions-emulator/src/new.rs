//! Makes the folder of a new app.

mod template;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use serde_json::json;

use template::Template;

const EXAMPLES: &str = "\
Examples:
  functions-emulator new --language node first            a folder `first` with a handler for Node
  functions-emulator new --language python --json first   print the names of the files as JSON
  functions-emulator new --language rust --handler crates/azure-functions-handler first";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// What the app is written in
    #[arg(long, value_enum)]
    language: Language,
    /// For Rust: the folder of the crate azure-functions-handler, instead of the one on crates.io
    #[arg(long, value_name = "PATH")]
    handler: Option<PathBuf>,
    /// Print a JSON object with the folder and its files
    #[arg(long)]
    json: bool,
    /// The app's name: that of the folder and of the program
    name: String,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Language {
    Rust,
    Node,
    Python,
    Go,
}

impl Language {
    fn template(self) -> &'static Template {
        match self {
            Self::Rust => &template::RUST,
            Self::Node => &template::NODE,
            Self::Python => &template::PYTHON,
            Self::Go => &template::GO,
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    match make(arguments) {
        Ok(files) => {
            let name = &arguments.name;
            if arguments.json {
                println!("{:#}", json!({ "folder": name, "files": files }));
            } else {
                println!("{name} is ready:\n\n  cd {name}\n{}", arguments.language.template().next_steps);
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The names of the files that were made.
fn make(arguments: &Arguments) -> anyhow::Result<Vec<&'static str>> {
    let Arguments { language, handler, name, .. } = arguments;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if !name.starts_with(|first: char| first.is_ascii_alphabetic()) || !name.bytes().all(fits) {
        bail!("`{name}` must begin with a letter and continue with letters, digits, `-` and `_`");
    }
    let folder = Path::new(name);
    if folder.exists() {
        bail!("{name} already exists; choose another name, or move it");
    }
    if handler.is_some() && *language != Language::Rust {
        bail!("--handler is for --language rust: leave it out");
    }
    let (handler, template) = (dependency(handler.as_deref())?, language.template());
    for (file, text) in template.files {
        let file = folder.join(file);
        let text = template.filled(text, name, &handler);
        let written =
            fs::create_dir_all(file.parent().unwrap_or(folder)).and_then(|()| fs::write(&file, text));
        written.with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(template.files.iter().map(|(file, _)| *file).collect())
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
