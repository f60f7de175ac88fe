//! Serves the folder of an example with the emulator.

use std::net::{Ipv4Addr, SocketAddr};

use functions_emulator::{
    ConsoleOptions, Events, LocalHost, Options, clock::Clock, front::FrontMode, queues::Connections,
};
use tempfile::TempDir;

/// A running emulator, with the queues of its app.
pub(crate) struct Emulator {
    pub(crate) host: LocalHost,
    #[expect(dead_code, reason = "not every example has a queue")]
    #[allow(unfulfilled_lint_expectations, clippy::allow_attributes, reason = "some have one")]
    pub(crate) queues: Connections,
    _state: TempDir,
}

/// Serves this folder, with this program of it, and with one setting of host.json more.
pub(crate) async fn serve(folder: &str, program: &str, more: (&str, &str)) -> Emulator {
    let state = TempDir::new().expect("a folder");
    let handler = |name: &str| format!("AzureFunctionsJobHost__customHandler__{name}");
    let settings = [(handler("description__defaultExecutablePath"), program), (handler(more.0), more.1)];
    let settings = settings.map(|(name, value)| (name, value.to_owned())).to_vec();
    let events = Events::new();
    let queues = Connections::of_settings(&settings, Clock::system(), events.clone());
    let options = Options {
        app_root: folder.into(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        settings,
        front: FrontMode::Off,
        people: None,
        state: state.path().to_owned(),
        keys: None,
        queues: queues.clone(),
        events,
        console: ConsoleOptions { port: None, openapi: None },
    };
    let host = LocalHost::start(options).await.expect("the emulator starts");
    host.ready().await.expect("the example answers");
    Emulator { host, queues, _state: state }
}

/// What chooses each of the ways in which a host calls an HTTP function.
pub(crate) const MODES: [(&str, &str); 3] = [
    ("enableForwardingHttpRequest", "true"),
    ("enableProxyingHttpRequest", "true"),
    ("enableForwardingHttpRequest", "false"),
];
