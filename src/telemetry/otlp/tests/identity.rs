//! A collector that lets in those who show a certificate of its authority.

use std::path::Path;

use tempfile::TempDir;
use test_servers::{Authority, Issued, Leaf};

use super::*;
use crate::{
    pem,
    telemetry::{
        chain,
        otlp::{IdentityFiles, PemFile, StartExportError},
    },
};

over_every_protocol!(a_collector_gets_the_client_certificate_that_it_demands);

/// The collector, what it demands, and the files of the worker.
struct World {
    collector: Backend,
    own: Issued,
    folder: TempDir,
}

impl World {
    async fn new() -> Self {
        let (servers, clients) = (Authority::new("servers").unwrap(), Authority::new("clients").unwrap());
        let shown = servers.issue(&Leaf::server(&["127.0.0.1"])).unwrap();
        let own = clients.issue(&Leaf::client(&["worker"])).unwrap();
        let collector = Backend::start(&shown, clients.certificate()).await.unwrap();
        collector.respond_with(BackendResponse::Status(200));
        let world = Self { collector, own, folder: tempfile::tempdir().unwrap() };
        world.write("ca.pem", servers.certificate());
        world.write("client.pem", &world.own.certificate);
        world.write("client.key", &world.own.key);
        world
    }

    fn path(&self, file: &str) -> std::path::PathBuf {
        self.folder.path().join(Path::new(file))
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.path(file), text).unwrap();
    }

    fn settings(&self, protocol: Protocol) -> OtlpSettings {
        let address = format!("https://127.0.0.1:{}/v1/traces", self.collector.port());
        let mut settings = with_protocol(settings(&address), protocol);
        let file = |setting, name| PemFile { setting, path: self.path(name) };
        let collector = &mut settings.traces.as_mut().unwrap().collector;
        collector.certificate = Some(file("THE_AUTHORITY", "ca.pem"));
        collector.identity = Some(IdentityFiles {
            certificate: file("THE_CERTIFICATE", "client.pem"),
            key: file("THE_KEY", "client.key"),
        });
        settings
    }

    /// Why the export cannot start.
    fn error(&self) -> StartExportError {
        let settings = self.settings(Protocol::HttpProtobuf);
        super::super::export(&settings, &FunctionAttributes::new(), "sqlite", Clock).err().unwrap()
    }
}

async fn a_collector_gets_the_client_certificate_that_it_demands(protocol: Protocol) {
    let world = World::new().await;
    let (spans, with_identity, dropped_spans) = export(&world.settings(protocol));
    invocations(spans, 7);
    with_identity.close().await;
    assert_eq!(told(&dropped_spans), None);
    let expected = pem::certificates(&world.own.certificate).unwrap().remove(0).to_vec();
    let [asked] = &world.collector.requests()[..] else { panic!("one batch") };
    assert_eq!((held(asked), &asked.certificate), (7, &Some(expected)));

    let mut settings = world.settings(protocol);
    settings.traces.as_mut().unwrap().collector.identity = None;
    let (spans, without, dropped_spans) = export(&settings);
    invocations(spans, 7);
    without.close().await;
    assert_eq!(told(&dropped_spans).map(|(dropped, _)| dropped), Some(7));
    assert_eq!(world.collector.requests().len(), 1, "it lets in no one else");
}

#[tokio::test]
async fn an_error_of_a_certificate_names_its_setting_and_never_the_key() {
    let world = World::new().await;
    let other = Authority::new("others").unwrap().issue(&Leaf::client(&["worker"])).unwrap();
    let encrypted = world.own.key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    for (file, text, settings) in [
        ("ca.pem", "hunter2", &["THE_AUTHORITY"][..]),
        ("client.pem", world.own.key.as_str(), &["THE_CERTIFICATE"]),
        ("client.key", world.own.certificate.as_str(), &["THE_KEY"]),
        ("client.key", encrypted.as_str(), &["THE_KEY"]),
        ("client.key", other.key.as_str(), &["THE_CERTIFICATE", "THE_KEY"]),
    ] {
        let before = std::fs::read_to_string(world.path(file)).unwrap();
        world.write(file, text);
        let error = world.error();
        let (shown, debugged) = (chain(&error), format!("{error:?}"));
        assert!(settings.iter().all(|setting| shown.contains(setting)), "{shown}");
        for line in text.lines().filter(|line| !line.starts_with("-----")) {
            assert!(!shown.contains(line) && !debugged.contains(line), "{debugged}");
        }
        world.write(file, &before);
    }
    for (file, setting) in
        [("ca.pem", "THE_AUTHORITY"), ("client.pem", "THE_CERTIFICATE"), ("client.key", "THE_KEY")]
    {
        let aside = world.path("aside");
        std::fs::rename(world.path(file), &aside).unwrap();
        let shown = chain(&world.error());
        assert!(shown.starts_with(&format!("cannot read the file that {setting} names")), "{shown}");
        std::fs::rename(aside, world.path(file)).unwrap();
    }
}
