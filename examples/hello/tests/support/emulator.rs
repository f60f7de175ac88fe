//! Serves the folder of an example with the emulator.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use functions_emulator::{
    ConsoleOptions, Emulator, Events, Options, clock::Clock, easyauth::EasyAuthMode, queues::Connections,
};
use tempfile::TempDir;

/// A running emulator.
pub(crate) struct RunningApp {
    pub(crate) host: Emulator,
    pub(crate) client: reqwest::Client,
    _state: TempDir,
}

/// Queues in this process.
pub(crate) fn queues() -> Connections {
    Connections::from_settings(&[], Clock::system(), Events::new())
}

/// Serves this folder, with this program of it, with these queues, and with one setting of host.json more.
pub(crate) async fn serve(
    (folder, program): (&str, &str),
    queues: &Connections,
    more: (&str, &str),
) -> RunningApp {
    let state = TempDir::new().expect("a folder");
    let handler = |name: &str| format!("AzureFunctionsJobHost__customHandler__{name}");
    // local.settings.json has the emulator start `cargo run --quiet`; here the program is built already.
    let settings = [
        (handler("description__defaultExecutablePath"), program),
        (handler("description__arguments__0"), ""),
        (handler("description__arguments__1"), ""),
        (handler(more.0), more.1),
    ];
    let settings = settings.map(|(name, value)| (name, value.to_owned())).to_vec();
    let options = Options {
        app_root: folder.into(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        settings,
        easyauth: EasyAuthMode::Off,
        users: None,
        state: state.path().to_owned(),
        keys: None,
        queues: queues.clone(),
        events: Events::new(),
        console: ConsoleOptions::default(),
    };
    let host = Emulator::start(options).await.expect("the emulator starts");
    host.ready().await.expect("the example answers");
    let client = reqwest::Client::builder().timeout(Duration::from_mins(1)).build().expect("a client");
    RunningApp { host, client, _state: state }
}

/// What chooses each of the ways in which a host calls an HTTP function.
pub(crate) const MODES: [(&str, &str); 3] = [
    ("enableForwardingHttpRequest", "true"),
    ("enableProxyingHttpRequest", "true"),
    ("enableForwardingHttpRequest", "false"),
];
