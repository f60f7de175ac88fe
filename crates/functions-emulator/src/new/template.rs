//! The files of a new app in each language.

/// The files, and what they have in place of names in braces.
pub(super) struct Template {
    /// Each file with its text.
    pub(super) files: &'static [(&'static str, &'static str)],
    /// What to type next, after `cd`.
    pub(super) next_steps: &'static str,
    /// What `{{language}}`, `{{file}}` and the like stand for.
    values: &'static [(&'static str, &'static str)],
}

impl Template {
    /// A file's text for an app of this name.
    pub(super) fn filled(&self, text: &str, name: &str, handler: &str) -> String {
        let filled = self.values.iter().fold(text.to_owned(), |text, (key, value)| text.replace(key, value));
        filled.replace("{{name}}", name).replace("{{handler}}", handler)
    }
}

const HELLO: (&str, &str) = ("Hello/function.json", include_str!("../../templates/http/Hello.json"));
const SETTINGS: (&str, &str) =
    ("local.settings.json", include_str!("../../templates/http/local.settings.json"));
const OPTIONS: (&str, &str) =
    ("functions-emulator.json", include_str!("../../templates/http/functions-emulator.json"));
const README: (&str, &str) = ("README.md", include_str!("../../templates/http/README.md.template"));
const GITIGNORE: (&str, &str) = (".gitignore", include_str!("../../templates/http/gitignore"));

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
        (".gitignore", include_str!("../../templates/rust/gitignore")),
    ],
    next_steps: "  functions-emulator .                                   builds and serves it
  curl http://localhost:7071/api/hello/you",
    values: &[],
};

pub(super) const NODE: Template = Template {
    files: &[
        ("handler.js", include_str!("../../templates/node/handler.js")),
        ("host.json", include_str!("../../templates/node/host.json")),
        HELLO,
        SETTINGS,
        OPTIONS,
        README,
        GITIGNORE,
    ],
    next_steps: NEXT_STEPS,
    values: &[("{{language}}", "Node"), ("{{file}}", "handler.js"), ("{{rebuild}}", ""), ("{{func}}", "")],
};

pub(super) const PYTHON: Template = Template {
    files: &[
        ("handler.py", include_str!("../../templates/python/handler.py")),
        ("host.json", include_str!("../../templates/python/host.json")),
        HELLO,
        SETTINGS,
        OPTIONS,
        README,
        GITIGNORE,
    ],
    next_steps: NEXT_STEPS,
    values: &[("{{language}}", "Python"), ("{{file}}", "handler.py"), ("{{rebuild}}", ""), ("{{func}}", "")],
};

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
    values: &[
        ("{{language}}", "Go"),
        ("{{file}}", "main.go"),
        ("{{rebuild}}", " the emulator runs `go build`, and"),
        ("{{func}}", ", after `go build -o {{name}}`"),
    ],
};
