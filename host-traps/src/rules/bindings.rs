//! Traps in the function folders.

use serde_json::Value;

use super::{Fault, Rule, fail, warn};
use crate::{
    App,
    app::{FunctionFolder, is, text},
};

pub(super) const RULES: &[&Rule] =
    &[&FOLDERS, &READABLE, &TRIGGER, &NAMES, &OUTPUT, &RETURN, &PAYLOAD, &STRAY];

const FOLDERS: Rule = Rule {
    id: "function-folders",
    promise: "every function.json lies where the host looks",
    source: "protocol sheet §7.1; host issues 5373, 7345; core-tools issue 984",
    find: folders,
};

fn folders(app: &App) -> Vec<Fault> {
    if app.has_routes() {
        return app.functions.iter().map(|function| with_routes(&function.name)).collect();
    }
    let remedy = "lay the folders out directly below host.json, in a staging folder if need be";
    let mut faults: Vec<_> = app
        .nested
        .iter()
        .map(|path| {
            let why = "the host looks for function.json one level below host.json and no deeper";
            // Sources often stand beside what is staged; they do harm only in the place of functions.
            let judged = if app.functions.is_empty() { fail } else { warn };
            judged(path, why, remedy)
        })
        .collect();
    if app.functions.is_empty() && faults.is_empty() {
        faults.push(fail(
            "app",
            "there is no function, and without one the program is never started",
            remedy,
        ));
    }
    faults
}

fn with_routes(folder: &str) -> Fault {
    fail(
        format!("{folder}/function.json"),
        "host.json has customHandler.http.routes, and the host takes functions from one of them alone",
        "take the routes or the folder out",
    )
}

fn each(app: &App, find: fn(&FunctionFolder) -> Vec<Fault>) -> Vec<Fault> {
    app.functions.iter().flat_map(find).collect()
}

fn file(function: &FunctionFolder) -> String {
    format!("{}/function.json", function.name)
}

const READABLE: Rule = Rule {
    id: "function-json",
    promise: "every function.json can be read, in a folder that may be a function",
    source: "protocol sheet §2.1, §7.1",
    find: |app| {
        each(app, |function| {
            let mut faults = Vec::new();
            if let Err(why) = &function.json {
                faults.push(fail(file(function), why, "mend the file"));
            }
            if !is_function_name(&function.name) {
                let remedy =
                    "begin with a letter, go on with letters, digits, `_` and `-`; 128 at most, not `host`";
                faults.push(fail(&function.name, "the folder's name is no function's", remedy));
            }
            faults
        })
    },
};

fn is_function_name(name: &str) -> bool {
    name.len() <= 128
        && name.starts_with(|char: char| char.is_ascii_alphabetic())
        && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_' || char == '-')
        && !name.eq_ignore_ascii_case("host")
}

const TRIGGER: Rule = Rule {
    id: "one-trigger",
    promise: "every function has exactly one trigger",
    source: "protocol sheet §7.1",
    find: |app| {
        each(app, |function| {
            let triggers = function
                .bindings()
                .filter(|binding| text(binding, "type").to_lowercase().ends_with("trigger"));
            let count = triggers.count();
            if count == 1 || function.json.is_err() {
                return Vec::new();
            }
            let why = format!("it has {count} triggers, so the function is not loaded");
            vec![fail(file(function), why, "give a function one trigger; make two functions of two")]
        })
    },
};

const NAMES: Rule = Rule {
    id: "binding-names",
    promise: "the bindings of a function have names of their own",
    source: "protocol sheet §7.1",
    find: |app| {
        each(app, |function| {
            let names: Vec<_> =
                function.bindings().map(|binding| text(binding, "name").to_lowercase()).collect();
            let twice = names.iter().enumerate().any(|(at, name)| names[..at].contains(name));
            if !twice && !names.contains(&String::new()) {
                return Vec::new();
            }
            let why = "a binding has no name, or one that another has in other letters";
            vec![fail(
                file(function),
                why,
                "give each binding a name of its own; case does not tell them apart",
            )]
        })
    },
};

const OUTPUT: Rule = Rule {
    id: "http-output",
    promise: "every HTTP function has an output for its answer",
    source: "protocol sheet §4.3; host issues 6462, 10987",
    find: |app| {
        each(app, |function| {
            let mut answers = function.bindings().filter(|binding| is(binding, "http"));
            let (answer, http) = (answers.next(), function.http().is_some());
            match answer {
                None if http => vec![warn(
                    file(function),
                    "there is no output of type `http`, so callers get an empty answer whatever the program says",
                    "add {\"type\": \"http\", \"direction\": \"out\", \"name\": \"res\"}",
                )],
                Some(answer) if text(answer, "type") != "http" => vec![fail(
                    file(function),
                    "the type of its answer is not spelled `http`, and the host compares it letter by letter",
                    "write it in lower case",
                )],
                _ => Vec::new(),
            }
        })
    },
};

const RETURN: Rule = Rule {
    id: "return-output",
    promise: "no answer leaves as `$return`",
    source: "protocol sheet §4.2; host issue 3191",
    find: |app| {
        each(app, |function| {
            let returned =
                function.bindings().any(|binding| is(binding, "http") && text(binding, "name") == "$return");
            if !returned || function.is_http_alone() {
                return Vec::new();
            }
            let why = "the answer is `$return`: without a `body` in it, its status is ignored";
            vec![warn(file(function), why, "name the output, such as `res`, or always send a `body`")]
        })
    },
};

const PAYLOAD: Rule = Rule {
    id: "queue-payload",
    promise: "queue messages arrive as their bytes",
    source: "protocol sheet §3.3; host issues 6574, 6606",
    find: |app| {
        let queues = app.bindings().filter(|(_, binding)| is(binding, "queueTrigger"));
        queues.filter_map(|(name, binding)| payload(name, binding)).collect()
    },
};

fn payload(function: &str, binding: &Value) -> Option<Fault> {
    if text(binding, "dataType").eq_ignore_ascii_case("binary") {
        return None;
    }
    Some(warn(
        format!("{function}/function.json"),
        "the message arrives as JSON within JSON, its members overwrite those of Metadata, and one that is not UTF-8 \
         becomes poison unseen",
        "write \"dataType\": \"binary\" at the trigger and decode the base64",
    ))
}

const STRAY: Rule = Rule {
    id: "script-file",
    promise: "no function folder holds what the host takes for a script",
    source: "protocol sheet §7.1",
    find: |app| {
        each(app, |function| {
            let named =
                function.json.as_ref().ok().and_then(|json| json.get("scriptFile")).and_then(Value::as_str);
            if let Some(script) = named
                && !function.others.iter().any(|other| other == script)
            {
                let why =
                    "`scriptFile` names a file that is not there, which keeps the function from loading";
                return vec![fail(file(function), why, "remove `scriptFile`: a custom handler has none")];
            }
            let script =
                |other: &String| other == "index.js" || other == "__init__.py" || other.starts_with("run.");
            if function.others.len() != 1 && !function.others.iter().any(script) {
                return Vec::new();
            }
            let why =
                "the host takes the other file in this folder for a script and guesses a language from it";
            vec![warn(&function.name, why, "keep function.json alone in the folder")]
        })
    },
};
