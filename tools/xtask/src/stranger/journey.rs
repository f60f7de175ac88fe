//! From an empty folder to a changed line that is served.

use std::{
    fmt, fs,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use project::Project;

use super::{home::Home, install::run, serving::Serving, times::Times};

/// The name of the app.
const APP: &str = "first";
/// The greeting of a new app, and the one that a person writes in its place.
const GREETINGS: [&str; 2] = ["Hello, ", "Good day, "];
/// How long a changed line may take: the app in Rust is compiled before.
const CHANGE: Duration = Duration::from_mins(5);

/// What a first app is written in.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(super) enum Language {
    Rust,
    Node,
    Python,
}

impl Language {
    /// As `functions-emulator new --language` knows it.
    fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Node => "node",
            Self::Python => "python",
        }
    }

    /// The program without which there is no such app.
    pub(super) fn toolchain(self) -> &'static str {
        match self {
            Self::Rust => "cargo",
            Self::Node => "node",
            Self::Python => "python3",
        }
    }

    /// The file that a person changes.
    fn handler(self) -> &'static str {
        match self {
            Self::Rust => "src/main.rs",
            Self::Node => "handler.js",
            Self::Python => "handler.py",
        }
    }

    /// A call of Hello.
    fn path(self) -> &'static str {
        match self {
            Self::Rust => "/api/hello/Ada",
            Self::Node | Self::Python => "/api/hello?name=Ada",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Makes, serves, calls and changes an app with this emulator.
pub(super) fn take(
    project: &Project,
    home: &Home,
    emulator: &Path,
    language: Language,
    times: &mut Times,
) -> anyhow::Result<()> {
    let place = home.path().join(language.name());
    fs::create_dir(&place).context("cannot make a folder")?;
    let folder = place.join(APP);
    times.step("new", || {
        let mut new = home.command(emulator);
        new.current_dir(&place).args(["new", "--language", language.name()]);
        if language == Language::Rust {
            // It is not published, so its folder is named.
            new.arg("--handler").arg(project.root().join("crates/azure-functions-handler"));
        }
        run(new.arg(APP))
    })?;
    if language == Language::Rust {
        times.compile("compile the first app", || {
            run(home.command("cargo").arg("build").current_dir(&folder))
        })?;
    }
    let serving = times.step("run", || Serving::start(home, emulator, &folder))?;
    let invoke = || {
        let mut invoke = home.command(emulator);
        invoke.current_dir(&folder).args([
            "invoke",
            "Hello",
            "--path",
            language.path(),
            "--port",
            &serving.port,
        ]);
        run(&mut invoke)
    };
    let [before, after] = GREETINGS.map(|greeting| format!("{greeting}Ada!"));
    let answer = times.step("invoke", invoke)?;
    ensure!(answer.contains(&before), "Hello has to answer {before}, not:\n{answer}");
    times.step("change", || {
        let file = folder.join(language.handler());
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        ensure!(text.contains(GREETINGS[0]), "{} does not greet", file.display());
        fs::write(&file, text.replace(GREETINGS[0], GREETINGS[1])).context("cannot save the change")?;
        let saved = Instant::now();
        loop {
            let answer = invoke()?;
            if answer.contains(&after) {
                return Ok(());
            }
            ensure!(saved.elapsed() < CHANGE, "the change is not served; Hello still answers:\n{answer}");
        }
    })
}
