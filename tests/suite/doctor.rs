//! `orders-worker doctor`: each rule passes on a sound deployment and fails on one with that fault.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::Duration,
};

use functions_emulator::Event;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use crate::support::{Mode, SOON, Setup, binary, repository};

mod backend;
mod database;
mod network;
mod remote;
mod infrastructure;

/// A staged app and its settings, to be broken.
pub(crate) struct Deployment {
    folder: TempDir,
    settings: Vec<(String, String)>,
}

/// Doctor's output.
pub(crate) struct Diagnosis {
    code: Option<i32>,
    said: String,
    findings: Vec<Value>,
}

const GUID: &str = "6a1c7f0e-2f5e-4c53-9d7b-0f2f1b7c1a01";
/// A text inside every value that must never be printed.
const CANARY: &str = "canary-7f3c";

impl Deployment {
    pub(crate) fn sound() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("app");
        fs::create_dir(&root).expect("an app folder");
        fs::copy(repository().join("host.json"), root.join("host.json")).expect("host.json");
        symlink(fs::canonicalize(binary()).expect("the binary"), root.join("orders-worker")).expect("a link");
        for function in fs::read_dir(repository().join("functions")).expect("functions") {
            let function = function.expect("a function");
            let copy = root.join(function.file_name());
            fs::create_dir(&copy).expect("its folder");
            fs::copy(function.path().join("function.json"), copy.join("function.json")).expect("its file");
        }
        Self { folder, settings: Vec::new() }
    }

    /// With settings as the api has them in Azure, which calls no backend.
    fn in_azure() -> Self {
        let api = Self::whole_in_azure();
        fs::remove_dir_all(api.root().join("FulfilOrder")).expect("it was there");
        api
    }

    /// With the same settings and all functions.
    fn whole_in_azure() -> Self {
        let url = format!("postgres://{CANARY}@db.example:5432/orders?sslmode=verify-full");
        Self::sound()
            .set("ORDERS_DATABASE_URL", &url)
            .set("ORDERS_DATABASE_IDENTITY", "managed")
            .set("ORDERS_ENTRA_TENANT_ID", GUID)
            .set("ORDERS_ENTRA_AUDIENCE", GUID)
            .set("ORDERS_ENTRA_ALLOWED_CLIENTS", GUID)
            .set("KeyVaultUrl", "https://canary-7f3c.vault.azure.net")
            .set("FUNCTIONS_WORKER_RUNTIME", "custom")
            .set("AzureWebJobsStorage__blobServiceUri", "https://canary-7f3c.blob.core.windows.net")
            .set("WorkQueues__queueServiceUri", "https://canary-7f3c.queue.core.windows.net")
    }

    fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.retain(|(known, _)| known != name);
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    fn unset(mut self, name: &str) -> Self {
        self.settings.retain(|(known, _)| known != name);
        self
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("app")
    }

    /// Changes a JSON file of the app at a pointer.
    fn edit(self, file: &str, pointer: &str, value: Value) -> Self {
        let path = self.root().join(file);
        let mut json: Value = serde_json::from_slice(&fs::read(&path).expect("the file")).expect("JSON");
        *json.pointer_mut(pointer).expect("something is there") = value;
        fs::write(path, json.to_string()).expect("a changed file");
        self
    }

    /// Serves these functions alone.
    fn only(self, functions: &[&str]) -> Self {
        for entry in fs::read_dir(self.root()).expect("the folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && !functions.iter().any(|name| path.ends_with(name)) {
                fs::remove_dir_all(path).expect("it goes");
            }
        }
        self
    }

    /// Asks the doctor, with the settings in a file as the Azure CLI prints them.
    async fn examine_from_afar(&self) -> Diagnosis {
        let list: Vec<_> = self
            .settings
            .iter()
            .map(|(name, value)| json!({"name": name, "slotSetting": false, "value": value}))
            .collect();
        let file = self.folder.path().join("settings.json");
        fs::write(&file, json!(list).to_string()).expect("a file of settings");
        self.doctor(&file, &[], &[]).await
    }

    /// Asks the doctor, with the settings in a local.settings.json.
    async fn examine_here(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Diagnosis {
        let values: serde_json::Map<_, _> =
            self.settings.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        let file = self.folder.path().join("local.settings.json");
        fs::write(&file, json!({"IsEncrypted": false, "Values": values}).to_string()).expect("a file");
        self.doctor(&file, arguments, environment).await
    }

    async fn doctor(&self, file: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Diagnosis {
        let mut command = Command::new(binary());
        command.args(["doctor", "--json", "--settings"]).arg(file).args(arguments).env_clear();
        command.env("FUNCTIONS_APP_ROOT_PATH", self.root()).envs(environment.iter().copied());
        let output = command.output().await.expect("the binary runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let report: Value = serde_json::from_str(&said)
            .unwrap_or_else(|_| panic!("{said}{}", String::from_utf8_lossy(&output.stderr)));
        let findings = report["findings"].as_array().cloned().unwrap_or_default();
        Diagnosis { code: output.status.code(), said, findings }
    }
}

impl Diagnosis {
    /// The worst level of a rule; none when it was not asked.
    pub(crate) fn level(&self, rule: &str) -> Option<&str> {
        let of = |level: &str| self.findings.iter().any(|one| one["rule"] == rule && one["level"] == level);
        ["fail", "warn", "pass"].into_iter().find(|level| of(level))
    }

    fn failed(&self) -> Vec<&str> {
        let failed = self.findings.iter().filter(|one| one["level"] == "fail");
        failed.filter_map(|one| one["rule"].as_str()).collect()
    }
}

#[tokio::test]
async fn a_valid_deployment_passes_and_prints_no_value() {
    let found = Deployment::in_azure().examine_from_afar().await;
    assert_eq!((found.failed(), found.code), (vec![], Some(0)), "{}", found.said);
    assert!(!found.said.contains(CANARY), "{}", found.said);
    for rule in [
        "settings",
        "C04-identity-mode",
        "C04-hand-set-authentication",
        "C05-tenant",
        "C06-managed-identity",
        "C20-database-tls",
        "C32-key-waits",
    ] {
        assert_eq!(found.level(rule), Some("pass"), "{rule}");
    }
    for (rule, numbers) in [
        (
            "C32-requests",
            "at most 128 run, 16 of one caller; 96 without an identified caller: 32 direct ones",
        ),
        ("C32-rate-limit", "one request each 50 ms, 40 at once"),
        ("C32-times", "a head has 10 s, a body 3 s"),
        ("C15-bodies", "a head has at most 81920 bytes and 100 headers, a body 65536 bytes"),
        (
            "C15-evidence",
            "at most 16384 bytes, a principal 512 claims, a message 49152 bytes; one run of the relay sends at most \
             10000 messages and 8388608 bytes, and takes messages for 30 s",
        ),
        ("C32-peers", "3 s for an answer of at most 262144 bytes, the vault 6 s, the app's identity 4 s"),
        ("C32-peers", "a connection to the database 2 s, a statement 5 s"),
        ("C15-bodies", "at most 104857600 bytes that a handler did not read"),
        ("C32-times", "did not read is thrown away for 5 s"),
        ("C15-bodies", "at most 100 wrong fields"),
        ("C18-letters", "at most 100000 are kept, each for 90 days"),
        ("C32-key-waits", "at most 8 calls wait at once"),
    ] {
        let says = |one: &&Value| {
            one["rule"] == rule && one["why"].as_str().is_some_and(|why| why.contains(numbers))
        };
        assert!(found.findings.iter().any(|one| says(&one)), "{rule}: {numbers}: {}", found.said);
    }
}

#[tokio::test]
async fn each_broken_deployment_fails_its_rule() {
    let sound = Deployment::in_azure;
    let plain = format!("postgres://me:{CANARY}@db.example/orders?sslmode=require");
    let reference = format!("@Microsoft.KeyVault(SecretUri=https://{CANARY})");
    let storage = format!("DefaultEndpointsProtocol=https;AccountName=a;AccountKey={CANARY}");
    for (rule, level, broken) in [
        ("settings", "fail", sound().set("ORDERS_TYPO", CANARY)),
        ("C04-hand-set-authentication", "fail", sound().set("WEBSITE_AUTH_ENABLED", "true")),
        ("C04-identity-mode", "fail", sound().set("ORDERS_IDENTITY", CANARY)),
        ("C04-identity-mode", "warn", sound().set("ORDERS_IDENTITY", "easyauth")),
        (
            "C04-identity-mode",
            "warn",
            sound().set("ORDERS_IDENTITY", "easyauth").unset("ORDERS_ENTRA_AUDIENCE"),
        ),
        ("C05-tenant", "fail", sound().unset("ORDERS_ENTRA_TENANT_ID")),
        ("C05-tokens", "fail", sound().unset("ORDERS_ENTRA_AUDIENCE")),
        ("C06-managed-identity", "warn", sound().unset("ORDERS_DATABASE_IDENTITY")),
        ("C07-storage-identity", "fail", sound().set("AzureWebJobsStorage", &storage)),
        ("C07-storage-identity", "fail", sound().set("WorkQueues", &storage)),
        ("C07-storage-identity", "fail", sound().set("AzureWebJobsWorkQueues", &storage)),
        (
            "C18-host-json",
            "fail",
            sound().edit("host.json", "/extensions/queues/messageEncoding", "base64".into()),
        ),
        ("binding-connections", "fail", sound().unset("WorkQueues__queueServiceUri")),
        ("C20-database-tls", "fail", sound().set("ORDERS_DATABASE_URL", &plain)),
        ("C22-vault", "fail", sound().set("KeyVaultUrl", "http://canary-7f3c")),
        ("C23-references", "fail", sound().set("SecretName", &reference)),
        ("C32-rate-limit", "warn", sound().set("ORDERS_RATE_LIMIT", "off")),
        ("C18-host-json", "fail", sound().edit("host.json", "/functionTimeout", "00:00:05".into())),
        ("C31-host-json", "fail", sound().edit("host.json", "/extensions/http/routePrefix", "".into())),
        ("C33-host-json", "fail", sound().edit("host.json", "/extensions/queues/batchSize", 32.into())),
        ("C27-host-json", "fail", sound().edit("host.json", "/extensions/http/hsts/isEnabled", false.into())),
        (
            "C55-host-json",
            "fail",
            sound().edit(
                "host.json",
                "/customHandler/description/defaultExecutablePath",
                "./orders-worker".into(),
            ),
        ),
        (
            "C01-function-json",
            "fail",
            sound().edit("CreateOrder/function.json", "/bindings/0/authLevel", "anonymous".into()),
        ),
        ("worker-runtime", "fail", sound().set("FUNCTIONS_WORKER_RUNTIME", "node")),
    ] {
        let found = broken.examine_from_afar().await;
        assert_eq!(found.level(rule), Some(level), "{rule}: {}", found.said);
        assert_eq!(found.code, Some(i32::from(level == "fail")), "{rule}: {}", found.said);
        assert!(!found.said.contains(CANARY), "{rule}: {}", found.said);
    }
}

#[tokio::test]
async fn a_local_setup_without_a_tenant_only_warns() {
    let here = Deployment::sound().set("ORDERS_IDENTITY", "easyauth");
    let found = here.examine_here(&[], &[]).await;
    assert_eq!(found.level("C05-tenant"), Some("warn"), "{}", found.said);
}

#[tokio::test]
async fn a_missing_rate_limit_is_reported() {
    let found = Deployment::in_azure().set("ORDERS_RATE_LIMIT", "off").examine_from_afar().await;
    let says = |one: &Value| one["why"].as_str().is_some_and(|why| why.contains("any number of one caller"));
    assert!(found.findings.iter().any(|one| one["rule"] == "C32-requests" && says(one)), "{}", found.said);
}

#[tokio::test]
async fn an_unverifiable_rule_does_not_pass() {
    // Not beside the app that it was packaged with, which doctor would examine.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let alone = folder.path().join("orders-worker");
    fs::hard_link(fs::canonicalize(binary()).expect("the binary"), &alone).expect("a link");
    for (arguments, told) in [
        (vec!["doctor", "--settings", "missing.json"], "cannot be read"),
        (vec!["doctor", "--jsn"], "--json"),
        (vec!["doctor"], "host.json"),
    ] {
        let mut command = Command::new(&alone);
        command.args(&arguments).env_clear().current_dir(folder.path());
        let output = command.output().await.expect("the binary runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && said.contains(told), "{arguments:?}: {said}");
    }
}

#[tokio::test]
async fn findings_are_logged_at_startup() {
    let mut app = Setup::in_mode(Mode::Forward).start().await;
    let mut found = |rule: &str| {
        std::iter::from_fn(|| app.heard.try_recv().ok()).any(|event| match event {
            Event::Output { line, .. } => {
                line.contains(rule) && line.contains("\"ERROR\"") && line.contains("remedy")
            }
            _ => false,
        })
    };
    let told = tokio::time::timeout(SOON, async {
        let mut look_again = tokio::time::interval(Duration::from_millis(20));
        while !found("C31-host-json") {
            look_again.tick().await;
        }
    });
    assert!(told.await.is_ok(), "proxying is off, and no finding says so");
}
