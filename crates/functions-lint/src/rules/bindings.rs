//! Traps in the function folders.

use serde_json::Value;

use super::{Rule, Violation, diagnosed, fail, warn};
use crate::{
    App,
    app::{FunctionFolder, is, text},
};

pub(super) const RULES: &[&Rule] =
    &[&FOLDERS, &READABLE, &TRIGGER, &NAMES, &OUTPUT, &RETURN, &PAYLOAD, &SCRIPT];

const FOLDERS: Rule = Rule {
    id: "function-folders",
    promise: "every function.json lies where the host looks",
    source: "https://github.com/Azure/azure-functions-host/issues/5373; \
             https://github.com/Azure/azure-functions-core-tools/issues/984",
    find: |app| Some(folders(app)),
};

fn folders(app: &App) -> Vec<Violation> {
    if app.has_routes() {
        return diagnosed::faults(app, "function-folders").collect();
    }
    let remedy = "put the folders directly below host.json, if necessary in a staging folder";
    let mut faults: Vec<_> = app
        .nested
        .iter()
        .map(|path| {
            let why = "the host looks for function.json one level below host.json and no deeper, so this function does not \
                       exist in Azure";
            // Sources often stand beside what is staged; they do harm only in the place of functions.
            let judged = if app.functions.is_empty() { fail } else { warn };
            judged(path, why, remedy)
        })
        .collect();
    if app.functions.is_empty() && faults.is_empty() {
        faults.push(fail(
            "app",
            "there is no function, and without one the host never starts the program",
            remedy,
        ));
    }
    faults
}

/// The emulator's diagnoses about functions; `None` if there is no function.
fn diagnosed_of_functions(app: &App, rule: &str) -> Option<Vec<Violation>> {
    (!app.functions.is_empty()).then(|| diagnosed::faults(app, rule).collect())
}

/// What is found in the functions that have something that the rule is about; none where no function has.
fn each_with(
    app: &App,
    concerns: fn(&FunctionFolder) -> bool,
    find: fn(&FunctionFolder) -> Vec<Violation>,
) -> Option<Vec<Violation>> {
    let mut concerned = app.functions.iter().filter(|function| concerns(function)).peekable();
    concerned.peek()?;
    Some(concerned.flat_map(find).collect())
}

fn file(function: &FunctionFolder) -> String {
    format!("{}/function.json", function.name)
}

const READABLE: Rule = Rule {
    id: "function-json",
    promise: "every function.json can be read, in a folder that may be a function",
    source: "https://learn.microsoft.com/azure/azure-functions/functions-reference#function-code",
    find: |app| diagnosed_of_functions(app, "function-json"),
};

const TRIGGER: Rule = Rule {
    id: "one-trigger",
    promise: "every function has exactly one trigger",
    source: "https://learn.microsoft.com/azure/azure-functions/functions-triggers-bindings",
    find: |app| diagnosed_of_functions(app, "one-trigger"),
};

const NAMES: Rule = Rule {
    id: "binding-names",
    promise: "the bindings of a function have names of their own",
    source: "https://github.com/Azure/azure-functions-host/blob/dev/src/WebJobs.Script/Description/FunctionDescriptorProvider.cs",
    find: |app| diagnosed_of_functions(app, "binding-names"),
};

fn answers_http(function: &FunctionFolder) -> bool {
    function.http().is_some() || function.bindings().any(|binding| is(binding, "http"))
}

const OUTPUT: Rule = Rule {
    id: "http-output",
    promise: "every HTTP function has an output for its answer",
    source: "https://github.com/Azure/azure-functions-host/issues/6462; https://github.com/Azure/azure-functions-host/issues/10987",
    find: |app| {
        each_with(app, answers_http, |function| {
            let mut answers = function.bindings().filter(|binding| is(binding, "http"));
            let (answer, http) = (answers.next(), function.http().is_some());
            match answer {
                None if http => vec![warn(
                    file(function),
                    "there is no output of type `http`, so callers always get an empty answer",
                    "add {\"type\": \"http\", \"direction\": \"out\", \"name\": \"res\"}",
                )],
                Some(answer) if text(answer, "type") != "http" => vec![fail(
                    file(function),
                    "the type of its output must be exactly `http`: the host compares it case-sensitively",
                    "write it in lower case",
                )],
                _ => Vec::new(),
            }
        })
    },
};

const RETURN: Rule = Rule {
    id: "return-output",
    promise: "no function answers through `$return`",
    source: "https://github.com/Azure/azure-functions-host/issues/3191",
    find: |app| {
        each_with(app, answers_http, |function| {
            let returned =
                function.bindings().any(|binding| is(binding, "http") && text(binding, "name") == "$return");
            if !returned || function.is_http_only() {
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
    source: "https://github.com/Azure/azure-functions-host/issues/6574; https://github.com/Azure/azure-functions-host/issues/6606",
    find: |app| {
        let mut queues = app.bindings().filter(|(_, binding)| is(binding, "queueTrigger")).peekable();
        queues.peek()?;
        Some(queues.filter_map(|(name, binding)| payload(name, binding)).collect())
    },
};

fn payload(function: &str, binding: &Value) -> Option<Violation> {
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

const SCRIPT: Rule = Rule {
    id: "script-file",
    promise: "every scriptFile exists",
    source: "https://github.com/Azure/azure-functions-host/blob/dev/src/WebJobs.Script/Host/HostFunctionMetadataProvider.cs",
    find: |app| {
        let names_one = |function: &FunctionFolder| {
            function.json.as_ref().is_ok_and(|json| json.get("scriptFile").is_some())
        };
        let named = app.functions.iter().any(names_one);
        named.then(|| diagnosed::faults(app, "script-file").collect())
    },
};
