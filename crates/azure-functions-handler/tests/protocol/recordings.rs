//! What the real host (4.1037) was seen to send; `crates/functions-emulator/tests/recordings` holds one exchange a file.

use std::{fmt::Write, path::Path};

use azure_functions_handler::{Functions, methods, queue, queue_output, timer};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::Method;
use serde_json::Value;

use crate::{
    app::{LIMITS, Shared, echo, take, tick},
    wire::{Reply, Server, send, serve},
};

struct Recording {
    name: String,
    file: Value,
    envelope: Value,
}

/// Groups of envelopes that the host sent for callers, messages and timers.
const GROUPS: [&str; 4] = ["env-", "easyauth-", "qin-", "timer-"];
/// Requests of outside callers that the host sent to a trigger function's path.
const OUTSIDERS: [&str; 3] = ["fwd-catchall-outsider", "pxy-catchall-outsider", "pxy-host-header-forged"];

/// The recordings of these names that reached the handler, one call each.
fn recordings(wanted: impl Fn(&str) -> bool) -> Vec<Recording> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions-emulator/tests/recordings");
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if !wanted(&name) {
            continue;
        }
        let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let Some(body) = file["request"]["bodyText"].as_str() else { continue };
        let envelope = serde_json::from_str(body).unwrap();
        all.push(Recording { name, file, envelope });
    }
    all
}

impl Recording {
    fn function(&self) -> String {
        let line = self.file["request"]["line"].as_str().unwrap();
        line.strip_prefix("POST /").unwrap().strip_suffix(" HTTP/1.1").unwrap().to_owned()
    }

    fn caller(&self) -> &Value {
        &self.envelope["Data"]["req"]
    }

    /// The caller's body. The host sends one of these types as Base64.
    fn body(&self) -> String {
        let text = self.caller()["Body"].as_str().unwrap_or_default();
        let kind = self.caller()["Headers"]["Content-Type"][0].as_str().unwrap_or_default();
        if kind.starts_with("multipart/") || kind == "application/octet-stream" {
            String::from_utf8_lossy(&STANDARD.decode(text).unwrap()).into_owned()
        } else {
            text.to_owned()
        }
    }

    /// The recorded function, with handlers of ours.
    #[expect(
        clippy::disallowed_methods,
        reason = "a recording names its function, and functions have constant names"
    )]
    fn app(&self) -> Functions<Shared> {
        let name: &'static str = self.function().leak();
        let method = || self.caller()["Method"].as_str().unwrap().parse::<Method>().unwrap();
        let route = match name {
            "api1" if self.name == "env-http-get-min" => "items/{kind}",
            "api1" => "items/{kind}/{id}",
            "dup" => "any/{rest}",
            same => same,
        };
        let schedule = || timer("0 * * * * *").output(queue_output("jobs", "jobs-queue"));
        let functions = Functions::new();
        match name {
            "qin" | "qinbin" | "qinstr" => functions.queue(name, queue("jobs-queue").binding("job"), take),
            "tick" => functions.timer(name, schedule().binding("tick"), tick),
            "tickm" | "tickspan" | "tickretry" => functions.timer(name, schedule().binding("myTimer"), tick),
            _ => functions.http(name, methods([method()], route), echo),
        }
    }

    /// The recorded bytes, but for the port.
    fn bytes(&self, server: &Server) -> Vec<u8> {
        let request = &self.file["request"];
        let mut bytes = format!("{}\r\n", request["line"].as_str().unwrap());
        for header in request["headers"].as_array().unwrap() {
            let (name, value) = (header[0].as_str().unwrap(), header[1].as_str().unwrap());
            let value = value.replace(":8080", &format!(":{}", server.port));
            write!(bytes, "{name}: {value}\r\n").unwrap();
        }
        let body = request["bodyText"].as_str().unwrap();
        match request["framing"].as_str().unwrap() {
            "chunked" => format!("{bytes}\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len()).into_bytes(),
            _ => format!("{bytes}\r\n{body}").into_bytes(),
        }
    }

    async fn replayed(&self) -> (Server, Reply) {
        let server = serve(&self.app(), LIMITS).await;
        let reply = send(&server, self.bytes(&server)).await;
        (server, reply)
    }

    fn assert_caller_was_seen(&self, seen: &Value) {
        let (name, caller) = (&self.name, self.caller());
        let url = caller["Url"].as_str().unwrap();
        assert_eq!(seen["function"], *self.function(), "{name}");
        assert_eq!(seen["method"], caller["Method"], "{name}");
        assert_eq!(seen["query"], url.split_once('?').map_or("", |(_, query)| query), "{name}");
        assert_eq!(seen["body"], *self.body(), "{name}");
        for (header, lines) in caller["Headers"].as_object().unwrap() {
            let header = header.to_ascii_lowercase();
            let all = seen["headers"].as_array().unwrap();
            let lines_seen: Vec<_> =
                all.iter().filter(|seen| seen[0] == *header).map(|seen| seen[1].clone()).collect();
            assert_eq!(Value::from(lines_seen), *lines, "{name}: {header}");
        }
        for (param, value) in seen["params"].as_object().unwrap() {
            let told = caller["Params"][param].as_str().unwrap();
            assert_eq!(*value, told.replace("%2F", "/"), "{name}");
        }
    }
}

#[tokio::test]
async fn every_recorded_envelope_is_understood() {
    let mut understood = [0; 3];
    for recording in recordings(|name| GROUPS.iter().any(|group| name.starts_with(group))) {
        let (server, reply) = recording.replayed().await;
        let name = &recording.name;
        if recording.caller().is_object() {
            let res = reply.res();
            assert_eq!(res["statusCode"], 200, "{name}");
            recording.assert_caller_was_seen(&serde_json::from_str(res["body"].as_str().unwrap()).unwrap());
            understood[0] += 1;
        } else if let Some(message) = recording.file["queueMessageText"].as_str() {
            assert_eq!(reply.json()["Outputs"], serde_json::json!({}), "{name}");
            let payload = STANDARD.decode(message).unwrap();
            let count = if name == "qin-json-collide" { 99 } else { 1 };
            assert_eq!(*server.app.taken.lock().unwrap(), [(payload.into(), Some(count))], "{name}");
            understood[1] += 1;
        } else {
            assert_eq!(
                reply.json()["Outputs"],
                serde_json::json!({"jobs": ["{\"n\":1}", "{\"n\":2}"]}),
                "{name}"
            );
            understood[2] += 1;
        }
    }
    assert_eq!(understood, [39, 19, 9]);
}

#[tokio::test]
async fn an_outsider_sent_to_a_trigger_function_is_not_found() {
    let outsiders = recordings(|name| OUTSIDERS.contains(&name));
    assert_eq!(outsiders.len(), 3);
    for outsider in outsiders {
        let (server, reply) = outsider.replayed().await;
        assert_eq!(reply.status, 404, "{}", outsider.name);
        assert!(server.app.ran.lock().unwrap().is_empty(), "{}", outsider.name);
    }
}
