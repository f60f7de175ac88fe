use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt as _, path::PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

const HTTP: &str =
    r#"{"bindings": [{"type": "httpTrigger", "name": "req"}, {"type": "http", "name": "res"}]}"#;
/// Where nothing listens that a person starts.
const SILENT: u16 = 1;
const QUEUE: &str = r#"{"bindings": [{"type": "queueTrigger", "name": "job"}]}"#;

/// A repository with two functions, an example of settings, users and a worker.
fn repository() -> TempDir {
    let root = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("functions/Greet/function.json", HTTP);
    write("functions/Work/function.json", QUEUE);
    let example = json!({ "IsEncrypted": false, "Values": { "AzureWebJobsStorage": "elsewhere" }, "//": {} });
    write("local.settings.json.example", &example.to_string());
    write("built/orders-worker", "binary");
    root
}

fn users() -> Users {
    Project::here().users().unwrap()
}

fn prepared(root: &Path) -> anyhow::Result<()> {
    prepare(&Project::at(root).unwrap(), &root.join("built/orders-worker"))
}

fn args(more: &[&str]) -> Args {
    use clap::Parser;
    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }
    Line::parse_from(["func"].iter().chain(more)).args
}

/// A program that stands in for Core Tools: it writes down what it was asked, where, and with which settings.
fn stub(folder: &Path) -> PathBuf {
    let func = folder.join("func");
    let script = "#!/bin/sh\n{ echo \"$@\"; pwd; env; } > asked.new && mv asked.new asked\n";
    fs::write(&func, script).unwrap();
    fs::set_permissions(&func, fs::Permissions::from_mode(0o755)).unwrap();
    func
}

#[test]
fn links_are_where_core_tools_expect_them() {
    let root = repository();
    for _ in 0..2 {
        prepared(root.path()).unwrap();
    }
    assert_eq!(fs::read_link(root.path().join("Greet")).unwrap(), Path::new("functions/Greet"));
    assert_eq!(fs::read_to_string(root.path().join("Work/function.json")).unwrap(), QUEUE);
    assert_eq!(fs::read_to_string(root.path().join("orders-worker")).unwrap(), "binary");
    fs::remove_dir_all(root.path().join("functions/Work")).unwrap();
    prepared(root.path()).unwrap();
    assert!(fs::symlink_metadata(root.path().join("Work")).is_err(), "a link to nothing is taken away");
}

#[test]
fn an_existing_file_is_reported_and_kept() {
    let root = repository();
    fs::create_dir(root.path().join("Greet")).unwrap();
    fs::write(root.path().join("Greet/mine"), "").unwrap();
    let refusal = prepared(root.path()).unwrap_err().to_string();
    assert!(refusal.contains("Greet is in the way"), "{refusal}");
    assert!(root.path().join("Greet/mine").exists());
}

#[test]
fn settings_are_copied_once_from_the_example() {
    let root = repository();
    prepared(root.path()).unwrap();
    let path = root.path().join("local.settings.json");
    let example = fs::read_to_string(root.path().join("local.settings.json.example")).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), example);
    fs::write(&path, "mine").unwrap();
    prepared(root.path()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
}

#[tokio::test]
async fn core_tools_start_in_the_root_with_the_issuer() {
    let root = repository();
    prepared(root.path()).unwrap();
    let func = stub(root.path());
    let args = args(&["--port", "7099", "--issuer-port", "0", "--http-only"]);
    serve(&Project::at(root.path()).unwrap(), &func, &users(), &args).await.unwrap();
    let asked = fs::read_to_string(root.path().join("asked")).unwrap();
    let mut lines = asked.lines();
    assert_eq!(lines.next(), Some("start --port 7099 --functions Greet"));
    assert_eq!(Path::new(lines.next().unwrap()), root.path().canonicalize().unwrap());
    let issuer = fs::read_to_string(root.path().join(".local/url")).unwrap();
    let port = issuer.strip_prefix("http://localhost:").and_then(|port| port.parse::<u16>().ok());
    assert!(port.is_some_and(|port| port != 0), "{issuer} is where it listens");
    let authority = format!("ORDERS_ENTRA_AUTHORITY={issuer}/_emulator/issuer");
    assert!(asked.lines().any(|line| line == authority), "{asked}");
    assert!(asked.lines().any(|line| line == "ORDERS_IDENTITY=jwt"), "{asked}");
}

#[tokio::test]
async fn the_issuer_answers_while_core_tools_run() {
    let root = repository();
    prepared(root.path()).unwrap();
    let users = users();
    let func = root.path().join("func");
    let url = format!("$ORDERS_ENTRA_AUTHORITY/{}/v2.0/.well-known/openid-configuration", users.tenant());
    let script = format!("#!/bin/sh\nexec curl --fail --silent --noproxy '*' --output metadata \"{url}\"\n");
    fs::write(&func, script).unwrap();
    fs::set_permissions(&func, fs::Permissions::from_mode(0o755)).unwrap();
    let args = args(&["--http-only", "--issuer-port", "0"]);
    serve(&Project::at(root.path()).unwrap(), &func, &users, &args).await.unwrap();
    assert!(fs::read_to_string(root.path().join("metadata")).unwrap().contains("jwks_uri"));
}

#[test]
fn unreachable_storage_is_reported_with_a_remedy() {
    let refusal =
        storage::check_named("WorkQueues", "UseDevelopmentStorage=true", &[SILENT]).unwrap_err().to_string();
    assert!(refusal.contains("npx --yes azurite") && refusal.contains("--http-only"), "{refusal}");
    let there = TcpListener::bind("127.0.0.1:0").unwrap();
    storage::check_named("WorkQueues", "UseDevelopmentStorage=true;", &[there.local_addr().unwrap().port()])
        .unwrap();
    storage::check_named("WorkQueues", "AccountName=elsewhere", &[SILENT]).unwrap();
    assert!(storage::check_named("WorkQueues", "", &[]).is_err());
}

#[test]
fn each_binding_needs_its_connection() {
    let root = repository();
    let queue =
        r#"{"bindings": [{"type": "queueTrigger", "name": "job", "connection": "ConnectionOfThisTest"}]}"#;
    fs::write(root.path().join("functions/Work/function.json"), queue).unwrap();
    let settings = root.path().join("local.settings.json");
    let checked = |values: Value| {
        fs::write(&settings, json!({ "Values": values }).to_string()).unwrap();
        storage::check(root.path()).map_err(|refusal| refusal.to_string())
    };
    let refusal = checked(json!({ "AzureWebJobsStorage": "elsewhere" })).unwrap_err();
    assert!(refusal.starts_with("ConnectionOfThisTest is not set"), "{refusal}");
    for name in [
        "ConnectionOfThisTest",
        "AzureWebJobsConnectionOfThisTest",
        "ConnectionOfThisTest__queueServiceUri",
        "ConnectionOfThisTest__accountName",
    ] {
        checked(json!({ "AzureWebJobsStorage": "elsewhere", name: "elsewhere" })).unwrap();
    }
}

#[test]
fn commented_settings_are_parsed_like_core_tools() {
    let root = repository();
    let path = root.path().join("local.settings.json");
    let settings = "{\n  // mine\n  \"Values\": {\n    /* not here */ \"AzureWebJobsStorage\": \"elsewhere\",\n  },\n}\n";
    fs::write(&path, settings).unwrap();
    storage::check(root.path()).unwrap();
    fs::write(&path, "{\"Values\": {\"AzureWebJobsStorage\": elsewhere}").unwrap();
    let refusal = storage::check(root.path()).unwrap_err().to_string();
    assert!(refusal.starts_with("local.settings.json"), "{refusal}");
}

#[test]
fn missing_core_tools_are_reported_with_a_remedy() {
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(core_tools::find(Some(empty.path().as_os_str())), None);
    stub(empty.path());
    assert_eq!(core_tools::find(Some(empty.path().as_os_str())), Some(empty.path().join("func")));
    assert!(core_tools::INSTALL.contains("npm install") && core_tools::INSTALL.contains("cargo xtask dev"));
}

#[test]
fn git_ignores_every_link() {
    let root = Project::here().root().to_owned();
    let ignored = fs::read_to_string(root.join(".gitignore")).unwrap();
    for name in links::names(&root).unwrap() {
        assert!(ignored.lines().any(|line| line == format!("/{name}")), "write /{name} into .gitignore");
    }
}
