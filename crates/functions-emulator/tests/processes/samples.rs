//! Apps of the layouts in which Microsoft publishes its samples of custom handlers: each passes the check and starts
//! as it is. The files are ours, and a stub of the named program is first on the search path.
//!
//! Layouts: Azure-Samples/functions-custom-handlers (Go, Node, R, .NET, Java), its Deno template, the PHP quickstart, and
//! Azure-Samples/mcp-sdk-functions-hosting-node, -python, -dotnet and -java.

use std::{
    ffi::OsString,
    fs,
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::symlink,
    path::Path,
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::{
    app::{client, echo_worker},
    command::Typed,
};

const BUNDLE: &str = "Microsoft.Azure.Functions.ExtensionBundle";

/// One layout.
struct Sample {
    host: Value,
    /// local.settings.json.
    local: Value,
    /// Function folders and their bindings.
    functions: Vec<(&'static str, Value)>,
    /// Other files, empty ones.
    files: &'static [&'static str],
    /// The program's name on the search path; none for one that no machine but Azure's has.
    program: Option<&'static str>,
    /// A path that the program answers.
    path: &'static str,
}

fn bundled(version: &str, handler: &Value) -> Value {
    json!({ "version": "2.0", "extensionBundle": { "id": BUNDLE, "version": version }, "customHandler": handler })
}

fn custom() -> Value {
    json!({ "IsEncrypted": false, "Values": {
        "FUNCTIONS_WORKER_RUNTIME": "custom", "AzureWebJobsStorage": "UseDevelopmentStorage=true" } })
}

fn http(more: &[Value]) -> Value {
    let trigger =
        json!({ "type": "httpTrigger", "direction": "in", "name": "req", "methods": ["get", "post"] });
    let answer = json!({ "type": "http", "direction": "out", "name": "res" });
    [&[trigger, answer], more].concat().into()
}

fn queue(direction: &str, name: &str, queue: &str) -> Value {
    let kind = if direction == "in" { "queueTrigger" } else { "queue" };
    json!({ "type": kind, "direction": direction, "name": name, "queueName": queue, "connection": "AzureWebJobsStorage" })
}

fn go() -> Sample {
    let blob = json!([
        { "type": "blobTrigger", "direction": "in", "name": "blob", "path": "samples-in/{name}", "dataType": "binary",
          "connection": "AzureWebJobsStorage" },
        { "type": "blob", "direction": "out", "name": "$return", "path": "samples-out/{name}", "dataType": "binary",
          "connection": "AzureWebJobsStorage" }
    ]);
    let returned = json!([
        { "type": "httpTrigger", "direction": "in", "name": "req", "methods": ["GET", "POST"] },
        { "type": "http", "direction": "out", "name": "$return" }
    ]);
    let timer =
        json!([{ "type": "timerTrigger", "direction": "in", "name": "tick", "schedule": "0 */5 * * * *" }]);
    Sample {
        host: bundled(
            "[1.*, 2.0.0)",
            &json!({ "description": { "defaultExecutablePath": "Handlers.exe" },
                                               "enableForwardingHttpRequest": true }),
        ),
        local: custom(),
        functions: vec![
            ("HttpIn", http(&[])),
            ("HttpReturn", returned),
            ("HttpToQueue", http(&[queue("out", "$return", "samples-out")])),
            ("QueueIn", json!([queue("in", "item", "samples-in"), queue("out", "$return", "samples-out")])),
            ("BlobIn", blob),
            ("TimerIn", timer),
        ],
        files: &["Handlers.go", "go.mod", "HttpIn/README.md"],
        program: Some("Handlers.exe"),
        path: "/api/HttpIn",
    }
}

/// A runtime with a file among its arguments.
fn runtime(program: &'static str, arguments: &[&str], files: &'static [&'static str]) -> Sample {
    let description = json!({ "defaultExecutablePath": program, "arguments": arguments });
    Sample {
        host: bundled(
            "[4.*, 5.0.0)",
            &json!({ "description": description, "enableForwardingHttpRequest": true }),
        ),
        local: custom(),
        functions: vec![("hello", http(&[]))],
        files,
        program: Some(program),
        path: "/api/hello",
    }
}

fn php() -> Sample {
    let port = "0.0.0.0:%FUNCTIONS_CUSTOMHANDLER_PORT%";
    runtime(
        "php",
        &["-S", port, "vendor/serverless.php"],
        &["hello/index.php", "vendor/serverless.php", "composer.json"],
    )
}

/// The program of the app in Azure, and another one in the settings of a developer's machine.
fn deno() -> Sample {
    let arguments = ["run", "--allow-net", "--allow-env", "worker.ts"];
    let mut sample = runtime("/home/site/wwwroot/bin/linux/deno", &arguments, &["worker.ts"]);
    sample.host["customHandler"]["enableForwardingHttpRequest"] = Value::Null;
    sample.host["customHandler"].as_object_mut().expect("a section").remove("enableForwardingHttpRequest");
    sample.local = json!({ "IsEncrypted": false, "Values": {
        "FUNCTIONS_WORKER_RUNTIME": "custom", "AzureWebJobsStorage": "",
        "AzureFunctionsJobHost__customHandler__description__defaultExecutablePath": "deno" } });
    Sample { program: Some("deno"), ..sample }
}

/// The section that came before `customHandler`.
fn dotnet() -> Sample {
    let events = json!([{ "type": "eventHubTrigger", "direction": "in", "name": "events", "eventHubName": "samples",
                          "cardinality": "many", "connection": "AzureWebJobsStorage" }]);
    let description = json!({ "defaultExecutablePath": "dotnet", "defaultWorkerPath": "bin/Handlers.dll" });
    Sample {
        host: json!({ "version": "2.0", "httpWorker": { "description": description },
                      "extensionBundle": { "id": BUNDLE, "version": "[2.*, 3.0.0)" } }),
        functions: vec![("HttpIn", http(&[])), ("EventsIn", events)],
        path: "/api/HttpIn",
        ..runtime("dotnet", &[], &["bin/Handlers.dll", "Handlers.csproj", "HttpIn/Controller.cs"])
    }
}

/// A server of its own, made with an SDK for MCP.
fn mcp(program: &'static str, argument: &str, language: &str, files: &'static [&'static str]) -> Sample {
    let on_the_path = (!program.starts_with('/')).then_some(program);
    Sample {
        host: json!({
            "version": "2.0", "configurationProfile": "mcp-custom-handler",
            "customHandler": {
                "description": { "defaultExecutablePath": program, "arguments": [argument], "workingDirectory": "" },
                "http": { "DefaultAuthorizationLevel": "anonymous" },
                "port": free_port().to_string(),
            },
        }),
        local: json!({ "IsEncrypted": false, "Values": {
            "FUNCTIONS_WORKER_RUNTIME": language, "AzureWebJobsFeatureFlags": "EnableMcpCustomHandlerPreview" } }),
        functions: Vec::new(),
        files,
        program: on_the_path,
        path: "/mcp",
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn samples() -> Vec<(&'static str, Sample)> {
    vec![
        ("Go", go()),
        ("Node", runtime("node", &["server.js"], &["server.js", "package.json", "hello/notes.md"])),
        ("Python", runtime("python", &["-u", "handler.py"], &["handler.py", "hello/__init__.py"])),
        ("PHP", php()),
        ("R", runtime("RScript", &["rserver.R"], &["rserver.R"])),
        ("Deno", deno()),
        (".NET", dotnet()),
        ("Java", runtime("java", &["-jar", "target/handlers.jar"], &["target/handlers.jar", "pom.xml"])),
        ("MCP in Node", mcp("node", "dist/index.js", "node", &["dist/index.js", "package.json"])),
        ("MCP in Python", mcp("python", "server.py", "python", &["server.py", "requirements.txt"])),
        ("MCP in .NET", mcp("dotnet", "Server.dll", "dotnet-isolated", &["Server.dll"])),
        ("MCP in Java", mcp("/usr/lib/jvm/msft-17-x64/bin/java", "runner.jar", "java", &["runner.jar"])),
    ]
}

/// A sample in a folder, and the search path with its program first.
struct LaidOut {
    place: TempDir,
    path: OsString,
}

impl LaidOut {
    fn of(sample: &Sample) -> Self {
        let place = tempfile::tempdir().expect("a temporary folder");
        let app = place.path().join("app");
        write(&app.join("host.json"), &sample.host.to_string());
        write(&app.join("local.settings.json"), &sample.local.to_string());
        for (name, bindings) in &sample.functions {
            write(&app.join(name).join("function.json"), &json!({ "bindings": bindings }).to_string());
        }
        for file in sample.files {
            write(&app.join(file), "");
        }
        let programs = place.path().join("programs");
        fs::create_dir_all(&programs).expect("a folder");
        if let Some(program) = sample.program {
            symlink(echo_worker(), programs.join(program)).expect("a link to the stand-in");
        }
        let known = std::env::var_os("PATH").unwrap_or_default();
        let path = [programs].into_iter().chain(std::env::split_paths(&known));
        Self { path: std::env::join_paths(path).expect("a search path"), place }
    }

    async fn check(&self, more: &[&str]) -> Value {
        let mut command = Command::new(env!("CARGO_BIN_EXE_functions-emulator"));
        command.args(["check", "--json", "."]).args(more).env("PATH", &self.path);
        let done =
            command.current_dir(self.place.path().join("app")).output().await.expect("the command starts");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
        serde_json::from_slice(&done.stdout).expect("a report")
    }

    fn run(&self) -> Typed {
        let mut command = Command::new(env!("CARGO_BIN_EXE_functions-emulator"));
        command.args([".", "--port", "0"]).env("PATH", &self.path);
        command.current_dir(self.place.path().join("app"));
        Typed::of(command)
    }
}

fn write(file: &Path, text: &str) {
    fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
    fs::write(file, text).expect("a file");
}

#[tokio::test]
async fn published_samples_pass_the_check() {
    for (name, sample) in samples() {
        let app = LaidOut::of(&sample);
        for more in [&[][..], &["--settings", "local.settings.json"]] {
            let report = app.check(more).await;
            assert_ne!(report["level"], "fail", "{name}: {report:#}");
        }
    }
}

#[tokio::test]
async fn published_samples_start_as_they_are() {
    for (name, sample) in samples() {
        if sample.program.is_none() {
            continue;
        }
        let app = LaidOut::of(&sample);
        let mut typed = app.run();
        let [url] = typed.behind(["ready on "]).await;
        let url = url.split(';').next().unwrap_or_default().to_owned();
        let answer =
            client().post(format!("{url}{}", sample.path)).body("hello").send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{name}");
        typed.terminate();
    }
}
