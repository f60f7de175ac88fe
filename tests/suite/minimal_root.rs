//! Runs the shipped binary in a root folder that contains nothing but it, the libraries of glibc and an `etc`, because
//! we do not choose the platform's image. Any other library would have to come from the machine that built it.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use test_servers::{Authority, Backend, Leaf};

use crate::support::{Mode, ROLE, SOON, Setup, TestApp, TokenPostgres, binary, token};

/// Names that only the `etc/hosts` of that root knows.
const DATABASE: &str = "database.internal";
const BACKEND: &str = "backend.internal";

/// glibc, and what it loads by itself to look names up.
const LIBRARIES: [&str; 9] = [
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libdl.so.2",
    "libm.so.6",
    "libnss_dns.so.2",
    "libnss_files.so.2",
    "libpthread.so.0",
    "libresolv.so.2",
    "librt.so.1",
];

/// A folder that is the worker's whole world.
struct BareRoot(TempDir);

impl BareRoot {
    /// A root in whose `etc/hosts` these names, and `localhost`, are this machine.
    fn new(names: &str) -> Self {
        let root = Self(tempfile::tempdir().expect("a folder"));
        root.write("etc/hosts", &format!("127.0.0.1 localhost {names}\n"));
        root.write("etc/nsswitch.conf", "hosts: files\n");
        let worker = fs::read(binary()).expect("the worker");
        // What is static names no loader, and gets nothing to load.
        if worker.windows(LIBRARIES[0].len()).any(|part| part == LIBRARIES[0].as_bytes()) {
            root.hold_libraries();
        }
        let app = root.folder("app");
        fs::copy(binary(), app.join("orders-worker")).expect("the worker");
        // A process serves the functions whose folders it sees.
        for function in orders_worker::functions::FUNCTIONS.iter() {
            root.write(&format!("app/{}/function.json", function.name), "{}");
        }
        root
    }

    fn hold_libraries(&self) {
        let libraries = self.folder("usr/lib");
        let places = ["/lib/x86_64-linux-gnu", "/lib64", "/usr/lib"];
        for name in LIBRARIES {
            let mut paths = places.iter().map(|place| Path::new(place).join(name));
            // Newer versions have some of them no more.
            if let Some(found) = paths.find(|path| path.exists()) {
                fs::copy(found, libraries.join(name)).expect("a library");
            }
        }
        for link in ["lib", "lib64"] {
            symlink("usr/lib", self.path().join(link)).expect("a link");
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn folder(&self, path: &str) -> PathBuf {
        let folder = self.path().join(path);
        fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    fn write(&self, path: &str, text: &str) {
        let file = self.path().join(path);
        fs::create_dir_all(file.parent().expect("it is below the root")).expect("a folder");
        fs::write(file, text).expect("the folder can be written");
    }

    /// A program beside the root that becomes the worker in it.
    fn door(&self, beside: &TempDir) -> PathBuf {
        let door = beside.path().join("door");
        let script = format!(
            "#!/bin/sh\nFUNCTIONS_APP_ROOT_PATH=/app exec unshare --map-root-user --root={} --wd=/app \
             /app/orders-worker\n",
            self.path().display()
        );
        fs::write(&door, script).expect("the folder can be written");
        fs::set_permissions(&door, fs::Permissions::from_mode(0o755)).expect("a mode");
        door
    }
}

/// A guarded database, a backend and an app that knows both by name only.
struct World {
    app: TestApp,
    backend: Backend,
    _guarded: TokenPostgres,
    _root: BareRoot,
    _beside: TempDir,
}

async fn world(names: &str) -> World {
    let (guarded, root) = (TokenPostgres::start().await, BareRoot::new(names));
    let (servers, clients) =
        (Authority::new("servers").expect("an authority"), Authority::new("clients").expect("an authority"));
    let own = clients.issue(&Leaf::client(&["worker.example"])).expect("a certificate");
    root.write("etc/orders/worker.pem", &format!("{}{}", own.certificate, own.key));
    root.write("etc/orders/backend.pem", servers.certificate());
    root.write("etc/orders/database.pem", &fs::read_to_string(guarded.authority()).expect("a certificate"));
    let server = servers.issue(&Leaf::server(&[BACKEND])).expect("a certificate");
    let backend = Backend::start(&server, clients.certificate()).await.expect("a free port");
    let user = format!("{ROLE}:{}", token(1));
    let database = guarded.url(&user, DATABASE, Some(Path::new("/etc/orders/database.pem")));
    let beside = tempfile::tempdir().expect("a folder");
    let app = Setup::in_mode(Mode::Proxy)
        .program(root.door(&beside))
        .set("ORDERS_DATABASE_URL", &database)
        .set("ORDERS_FULFILMENT_URL", &format!("https://{BACKEND}:{}", backend.port()))
        .set("ORDERS_FULFILMENT_CLIENT_CERTIFICATE", "/etc/orders/worker.pem")
        .set("ORDERS_FULFILMENT_CA", "/etc/orders/backend.pem")
        .start()
        .await;
    World { app, backend, _guarded: guarded, _root: root, _beside: beside }
}

#[tokio::test]
#[ignore = "needs what ships, and a root of its own: the stage `package` of `cargo xtask test` runs it"]
async fn the_worker_runs_in_a_minimal_root() {
    let world = world(&format!("{DATABASE} {BACKEND}")).await;
    assert_eq!(world.app.at_the_worker().await.get("/").await.status, 200);
    world.app.user("admin").stock("BEANS", 1290).await;
    let buyer = world.app.user("buyer");
    let location = buyer.place("BEANS").await;
    let clerk = world.app.user("clerk");
    assert_eq!(clerk.post_nothing(&format!("{location}/process")).await.status, 202);
    world.app.becomes(&buyer, &location, "fulfilled", SOON).await;
    assert_eq!(world.backend.requests().len(), 1);
}

#[tokio::test]
#[ignore = "needs what ships, and a root of its own: the stage `package` of `cargo xtask test` runs it"]
async fn host_names_resolve_from_the_minimal_root() {
    let world = world(BACKEND).await;
    assert_eq!(world.app.at_the_worker().await.get("/").await.status, 200, "it waits for no other server");
    assert_eq!(world.app.user("buyer").get("/api/orders").await.status, 503);
}
