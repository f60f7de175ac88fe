//! All functions in one folder, as `one.zip` is unpacked, with no more settings than its deployment and `cargo xtask dev`
//! give.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use functions_emulator::{
    ConsoleOptions, Emulator, Events, Options,
    clock::Clock,
    easyauth::EasyAuthMode,
    issuer::{Issuer, TokenOptions},
    queues::Connections,
    supervisor::EMULATOR_URL,
    users::Users,
};

use crate::support::{Client, binary, repository, state};

const PROGRAM: &str = "orders-worker";

/// The unpacked package; without one, the same files from where they are packed from.
fn unpacked(root: &Path) {
    fs::create_dir(root).expect("a folder");
    let packaged = env::var_os("APP_UNDER_TEST").map(PathBuf::from);
    let (program, functions) = match &packaged {
        Some(app) => (app.join(PROGRAM), app.clone()),
        None => (fs::canonicalize(binary()).expect("the binary"), repository().join("functions")),
    };
    // A link: a program that was just written may be busy when it is started.
    fs::hard_link(program, root.join(PROGRAM)).expect("a link");
    let host = packaged.as_deref().unwrap_or(repository()).join("host.json");
    fs::copy(host, root.join("host.json")).expect("host.json");
    for function in fs::read_dir(functions).expect("functions") {
        let function = function.expect("a function");
        let definition = function.path().join("function.json");
        if definition.is_file() {
            let folder = root.join(function.file_name());
            fs::create_dir(&folder).expect("a folder");
            fs::copy(definition, folder.join("function.json")).expect("function.json");
        }
    }
}

#[tokio::test]
async fn the_package_runs_as_one_function_app() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let app_root = folder.path().join("app");
    unpacked(&app_root);
    let users = Users::load(&repository().join("functions-emulator.json")).expect("the users file is right");
    let settings = [
        ("WorkQueues", String::new()),
        ("ORDERS_DATABASE_URL", format!("sqlite://{}", folder.path().join("orders.db").display())),
        ("ORDERS_ENTRA_TENANT_ID", users.tenant().to_string()),
        ("ORDERS_ENTRA_AUDIENCE", users.audience().to_owned()),
        ("ORDERS_ENTRA_ALLOWED_CLIENTS", "c2b5e8f4-0a6d-4e1b-b7c3-9d8f6a2e5b04".to_owned()),
        ("AzureWebJobs_FulfilOrder_Disabled", "true".to_owned()),
        // Of `cargo xtask dev`: who issues its tokens, and that this is a developer's machine.
        ("ORDERS_ENTRA_AUTHORITY", format!("{EMULATOR_URL}/_emulator/issuer")),
        ("AZURE_FUNCTIONS_ENVIRONMENT", "Development".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let events = Events::new();
    let host = Emulator::start(Options {
        app_root,
        listen: ([127, 0, 0, 1], 0).into(),
        queues: Connections::from_settings(&settings, Clock::system(), events.clone()),
        settings: settings.into(),
        easyauth: EasyAuthMode::On,
        users: Some(users.clone()),
        state: state(),
        keys: None,
        events,
        console: ConsoleOptions::default(),
    })
    .await
    .expect("the host starts");
    host.ready().await.expect("the worker starts");
    let issuer = Issuer::open(&state(), host.url(), &users).expect("the issuer has a key");
    let person = |name| {
        let person = users.named(name).expect("the user is in functions-emulator.json");
        let token = issuer.token(person, &TokenOptions::default(), Clock::system().now());
        Client::new(host.url()).bearer(&token.expect("the issuer signs"))
    };

    let buyer = person("buyer");
    person("admin").stock("BEANS", 1290).await;
    let location = buyer.place("BEANS").await;
    let processed = person("clerk").post_nothing(&format!("{location}/process")).await;
    assert_eq!((processed.status, &processed.json()["status"]), (202, &"queued".into()), "{processed:?}");
    host.fire_timer("RelayOutbox").await.expect("the functions of queues and timers are there too");
    assert_eq!(buyer.get(&location).await.json()["status"], "queued", "FulfilOrder is switched off");
    assert_eq!(Client::new(host.url()).get(&location).await.status, 401);
    assert_eq!(Client::new(host.url()).get("/api/health").await.status, 200);
    host.stop().await;
}
