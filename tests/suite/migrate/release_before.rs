//! The binary of the newest release works with the schema of this version. The promise begins with the first release.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::{
    Client, Principal, SOON, TENANT, command, free_port, migrate, on_a_server, repository, within,
};

fn output(program: &str, arguments: &[&str], folder: &Path) -> String {
    let output =
        Command::new(program).args(arguments).current_dir(folder).output().expect("the program is there");
    assert!(output.status.success(), "{program} {arguments:?}: {}", super::said(&output.stderr));
    super::said(&output.stdout)
}

/// The newest release before the commit that is checked out.
fn newest_release(repository: &Path) -> Option<String> {
    let tags =
        ["tag", "--list", "v[0-9]*", "--merged", "HEAD", "--no-contains", "HEAD", "--sort=-version:refname"];
    output("git", &tags, repository).lines().next().map(str::to_owned)
}

/// The repository as it was at a tag, and the worker that was built of it.
fn built(tag: &str) -> (PathBuf, PathBuf) {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("release-before");
    let root = target.join(tag);
    fs::create_dir_all(&root).expect("a folder");
    let unpack = "git archive --format=tar \"$0\" | tar --extract --directory \"$1\"";
    output("sh", &["-c", unpack, tag, root.to_str().expect("UTF-8")], repository());
    let build = [
        "build",
        "--locked",
        "--package",
        "orders-worker",
        "--bin",
        "orders-worker",
        "--target-dir",
        "../target",
    ];
    output(env!("CARGO"), &build, &root);
    (root, target.join("target/debug/orders-worker"))
}

/// Starts the worker of a release in its own app folder; every function has to find its tables as it knows them.
async fn works(worker: &Path, root: &Path, url: &str) {
    let (port, folder) = (free_port(), tempfile::tempdir().expect("a temporary folder"));
    let mut worker = command(worker, ":", port, &folder);
    let mut worker = worker.env("ORDERS_DATABASE_URL", url).current_dir(root).spawn().expect("it starts");
    let anonymous = Client::new(&format!("http://127.0.0.1:{port}"));
    let listens = || tokio::net::TcpStream::connect(("127.0.0.1", port));
    within(SOON, "the worker listens", async || listens().await.is_ok()).await;
    within(SOON, "Health, which reads and writes every table", async || {
        anonymous.get("/api/health").await.status == 200
    })
    .await;
    let caller =
        |principal: Principal| anonymous.bearer("unread").with("x-ms-client-principal", &principal.header());
    let (admin, buyer) =
        (caller(Principal::user(TENANT, 2).role("OrderAdmin")), caller(Principal::user(TENANT, 1)));
    admin.stock("BEANS", 1290).await;
    let order = buyer.place("BEANS").await;
    assert_eq!(buyer.get(&order).await.status, 200);
    worker.kill().expect("it runs");
    worker.wait().expect("it is a child");
}

#[tokio::test]
async fn the_newest_release_works_with_this_schema() {
    let Some(tag) = newest_release(repository()) else {
        let changes = fs::read_to_string(repository().join("CHANGELOG.md")).expect("it is there");
        let released: Vec<_> =
            changes.lines().filter(|line| line.starts_with("## ") && *line != "## Unreleased").collect();
        assert!(
            released.is_empty(),
            "{released:?} has no tag here: fetch the tags (git fetch --tags --unshallow)"
        );
        return;
    };
    let (root, worker) = tokio::task::spawn_blocking(move || built(&tag)).await.expect("no panic");
    let database = on_a_server().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    for url in [database.url(), format!("sqlite://{}", folder.path().join("orders.db").display())] {
        let output = migrate(&url);
        assert!(output.status.success(), "{}", super::said(&output.stderr));
        works(&worker, &root, &url).await;
    }
}

#[test]
fn the_newest_release_is_the_one_before_this_commit() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let git = |arguments: &[&str]| {
        let who =
            ["-c", "user.name=Tests", "-c", "user.email=tests@example.com", "-c", "commit.gpgsign=false"];
        output("git", &[&who[..], arguments].concat(), folder.path())
    };
    git(&["init", "--quiet"]);
    git(&["commit", "--quiet", "--allow-empty", "--message", "one"]);
    git(&["tag", "v0.1.0"]);
    assert_eq!(newest_release(folder.path()), None, "what is checked out is that release");
    for (tag, newest) in
        [("v0.2.0", "v0.1.0"), ("v0.10.0", "v0.2.0"), ("other", "v0.10.0"), ("v0.9.1", "v0.10.0")]
    {
        git(&["commit", "--quiet", "--allow-empty", "--message", tag]);
        git(&["tag", tag]);
        assert_eq!(newest_release(folder.path()).as_deref(), Some(newest), "{tag}");
    }
}
