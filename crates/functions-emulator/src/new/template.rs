//! The files of a new app in each language.

/// A file's name with its text.
type File = (&'static str, &'static str);

/// The files, and what they have in place of names in braces.
pub(super) struct Template {
    pub(super) files: &'static [File],
    /// What to type next, after `cd`.
    pub(super) next_steps: &'static str,
    /// `{{language}}`.
    language: &'static str,
    /// `{{file}}`: what a person changes.
    handler: &'static str,
    /// `{{rebuild}}` and `{{func}}`: what happens at a save before the app is served, and before Core Tools are started.
    builds: [&'static str; 2],
}

impl Template {
    /// A file's text for an app of this name, on this crate.
    pub(super) fn filled(&self, text: &str, name: &str, handler_crate: &str) -> String {
        let [rebuild, func] = self.builds;
        // The name comes last, for it is in what was filled in before.
        [
            ("{{language}}", self.language),
            ("{{file}}", self.handler),
            ("{{rebuild}}", rebuild),
            ("{{func}}", func),
            ("{{name}}", name),
            ("{{handler}}", handler_crate),
        ]
        .into_iter()
        .fold(text.to_owned(), |text, (key, value)| text.replace(key, value))
    }

    /// An app that an interpreter runs as it is saved; the first of its files is the handler.
    const fn interpreted(language: &'static str, files: &'static [File; 7]) -> Self {
        Self { files, next_steps: NEXT_STEPS, language, handler: files[0].0, builds: ["", ""] }
    }
}

/// A handler and its host.json, and what is alike for each interpreter.
const fn interpreted_files(handler: File, host_json: &'static str) -> [File; 7] {
    [handler, ("host.json", host_json), HELLO, SETTINGS, OPTIONS, README, GITIGNORE]
}

const HELLO: File = ("Hello/function.json", include_str!("../../templates/http/Hello.json"));
const SETTINGS: File = ("local.settings.json", include_str!("../../templates/http/local.settings.json"));
const OPTIONS: File =
    ("functions-emulator.json", include_str!("../../templates/http/functions-emulator.json"));
const README: File = ("README.md", include_str!("../../templates/http/README.md.template"));
const GITIGNORE: File = (".gitignore", include_str!("../../templates/http/gitignore"));

const NEXT_STEPS: &str = "  functions-emulator .              serves it, again at every save
  functions-emulator invoke Hello   calls it, from another terminal
  curl http://localhost:7071/api/hello?name=you";

pub(super) const RUST: Template = Template {
    files: &[
        ("Cargo.toml", include_str!("../../templates/rust/Cargo.toml.template")),
        ("src/main.rs", include_str!("../../templates/rust/main.rs")),
        ("src/tests.rs", include_str!("../../templates/rust/tests.rs")),
        ("host.json", include_str!("../../templates/rust/host.json")),
        ("local.settings.json", include_str!("../../templates/rust/local.settings.json")),
        ("Hello/function.json", include_str!("../../templates/rust/Hello.json")),
        ("Submit/function.json", include_str!("../../templates/rust/Submit.json")),
        ("Work/function.json", include_str!("../../templates/rust/Work.json")),
        ("functions-emulator.json", include_str!("../../templates/rust/functions-emulator.json")),
        (".gitignore", include_str!("../../templates/rust/gitignore")),
    ],
    next_steps:
        "  functions-emulator .                                   builds and serves it, again at every save
  curl http://localhost:7071/api/hello/you",
    language: "Rust",
    handler: "src/main.rs",
    builds: ["", ""],
};

const NODE_FILES: [File; 7] = interpreted_files(
    ("handler.js", include_str!("../../templates/node/handler.js")),
    include_str!("../../templates/node/host.json"),
);
pub(super) const NODE: Template = Template::interpreted("Node", &NODE_FILES);

const PYTHON_FILES: [File; 7] = interpreted_files(
    ("handler.py", include_str!("../../templates/python/handler.py")),
    include_str!("../../templates/python/host.json"),
);
pub(super) const PYTHON: Template = Template::interpreted("Python", &PYTHON_FILES);

pub(super) const GO: Template = Template {
    files: &[
        ("main.go", include_str!("../../templates/go/main.go")),
        ("go.mod", include_str!("../../templates/go/go.mod.template")),
        ("host.json", include_str!("../../templates/go/host.json")),
        ("functions-emulator.json", include_str!("../../templates/go/functions-emulator.json")),
        HELLO,
        SETTINGS,
        README,
        (".gitignore", include_str!("../../templates/go/gitignore")),
    ],
    next_steps: NEXT_STEPS,
    language: "Go",
    handler: "main.go",
    builds: [" the emulator runs `go build`, and", ", after `go build -o {{name}}`"],
};
