//! The machine that deploys from inside.

use super::Case;
use crate::stubs::{Call, Stubs, change, read, said};

const URL: &str = "https://github.com/example/orders";
const REGISTRATION: [&str; 3] = [URL, "TOKEN", "test"];

fn installed() -> Vec<Call> {
    let key = |from: &str, name: &str| change(format!("curl -fsSL {from} --output /etc/apt/keyrings/{name}"));
    let list =
        |name: &str, line: &str| change(format!("tee /etc/apt/sources.list.d/{name}.list <<< ‹{line}›"));
    vec![
        change("apt-get update --quiet"),
        change("apt-get install --quiet --yes ca-certificates curl unzip"),
        change("install --directory --mode 0755 /etc/apt/keyrings"),
        key("https://cli.github.com/packages/githubcli-archive-keyring.gpg", "github.gpg"),
        key("https://packages.microsoft.com/keys/microsoft.asc", "microsoft.asc"),
        change("chmod 0644 /etc/apt/keyrings/github.gpg /etc/apt/keyrings/microsoft.asc"),
        list(
            "github",
            "deb [arch=amd64 signed-by=/etc/apt/keyrings/github.gpg] https://cli.github.com/packages stable main",
        ),
        list(
            "azure-cli",
            "deb [arch=amd64 signed-by=/etc/apt/keyrings/microsoft.asc] https://packages.microsoft.com/repos/azure-cli/ noble main",
        ),
        change("apt-get update --quiet"),
        change("apt-get install --quiet --yes azure-cli gh").does(
            "for name in az gh unzip; do touch \"$folder/bin/$name\"; chmod +x \"$folder/bin/$name\"; done",
        ),
    ]
}

/// What it calls to become a runner: nothing of it as root but its service.
fn registered() -> Vec<Call> {
    let release = "https://github.com/actions/runner/releases";
    vec![
        read("id runner", "").fails("no such user"),
        change("useradd --create-home --shell /bin/bash runner"),
        home(""),
        read(
            format!("curl -fsSL --output /dev/null --write-out %{{url_effective}} {release}/latest"),
            format!("{release}/tag/v2.3.4"),
        ),
        change(format!(
            "curl -fsSL --output runner.tar.gz {release}/download/v2.3.4/actions-runner-linux-x64-2.3.4.tar.gz"
        )),
        change("sudo -u runner tar --extract --gzip --file runner.tar.gz"),
        change("installdependencies.sh"),
        change(format!(
            "sudo -u runner ./config.sh --unattended --url {URL} --token TOKEN --labels test --name test --replace"
        )),
        change("svc.sh install runner"),
        change("svc.sh start"),
        read("svc.sh status", "active (running)"),
    ]
}

/// Where its user lives, with the programs that GitHub's archive holds and what else is said to be there.
fn home(also: &str) -> Call {
    read("getent passwd runner", "").does(format!(
        "home=\"$folder/tmp/home\"; mkdir -p \"$home/bin\"; cp \"$folder/bin/svc.sh\" \"$home/\"; \
         cp \"$folder/bin/installdependencies.sh\" \"$home/bin/\"; {also} echo \"runner:x:1001:1001::$home:/bin/bash\""
    ))
}

pub(super) fn cases() -> Vec<Case> {
    let both = [installed(), registered()].concat();
    vec![
        Case::new("runner.sh", &[], installed()).says("/bin/unzip"),
        Case::new("runner.sh", &REGISTRATION, both)
            .needs(&["svc.sh", "installdependencies.sh"])
            .says("active (running)"),
    ]
}

#[test]
fn a_runner_update_keeps_its_registration() {
    let there = [
        read("id runner", "uid=1001(runner)"),
        home("touch \"$home/.runner\";"),
        change("svc.sh start"),
        read("svc.sh status", "active (running)"),
    ];
    let stubs = Stubs::new(&[installed(), there.to_vec()].concat());
    stubs.add_programs(&["installdependencies.sh"]);
    said(&stubs.run("runner.sh", &REGISTRATION, &[]));
    stubs.all_told();
}
