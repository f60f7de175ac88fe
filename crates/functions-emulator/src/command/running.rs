//! The running emulator that a command asks, through the interface of its console.

use std::path::Path;

use bytes::Bytes;
use functions_emulator::{emulator_file::EmulatorFile, local_settings::LocalSettings};
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::failure::Failure;

/// The port on which Core Tools listen by default as well.
pub(crate) const DEFAULT_PORT: u16 = 7071;
/// Bytes that an answer of the emulator may have.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;
/// What stands before the token in the console's page.
const BEFORE_TOKEN: &str = "name=\"console-token\" content=\"";

/// Which emulator is asked.
#[derive(Debug, clap::Args)]
pub(crate) struct Address {
    /// The port on which the emulator listens, or that of its --console-port [default: that of functions-emulator.json or local.settings.json here, or 7071]
    #[arg(long)]
    port: Option<u16>,
}

/// An emulator that answers.
pub(crate) struct RunningEmulator {
    client: Client<HttpConnector, Full<Bytes>>,
    port: u16,
    token: String,
}

impl Address {
    fn port(&self) -> u16 {
        let folder = Path::new(".");
        let of_file = || EmulatorFile::from_app_folder(folder).ok()?.options.port;
        let of_settings = || LocalSettings::read(folder).ok()?.port();
        let named = self.port.or_else(of_file).or_else(of_settings);
        named.filter(|port| *port != 0).unwrap_or(DEFAULT_PORT)
    }
}

impl RunningEmulator {
    /// Finds the emulator and the token of its console.
    pub(crate) async fn connect(address: &Address) -> Result<Self, Failure> {
        let client = Client::builder(TokioExecutor::new()).build_http();
        let mut emulator = Self { client, port: address.port(), token: String::new() };
        let (_, page) = emulator.send(Method::GET, "/_emulator/", None).await?;
        let page = String::from_utf8_lossy(&page).into_owned();
        let token = page.split_once(BEFORE_TOKEN).and_then(|(_, rest)| Some(rest.split_once('"')?.0));
        let token = token.ok_or_else(|| {
            Failure::Unreachable(format!(
                "port {} is not that of an emulator's console: give the port of the line `console on` with --port",
                emulator.port
            ))
        })?;
        token.clone_into(&mut emulator.token);
        Ok(emulator)
    }

    pub(crate) async fn get(&self, path: &[&str]) -> Result<Value, Failure> {
        self.ask(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &[&str], document: &Value) -> Result<Value, Failure> {
        self.ask(Method::POST, path, Some(document)).await
    }

    pub(crate) async fn delete(&self, path: &[&str]) -> Result<Value, Failure> {
        self.ask(Method::DELETE, path, None).await
    }

    async fn ask(&self, method: Method, path: &[&str], document: Option<&Value>) -> Result<Value, Failure> {
        let mut target = "/_emulator/api".to_owned();
        for part in path {
            target.push('/');
            target.extend(utf8_percent_encode(part, NON_ALPHANUMERIC));
        }
        let (status, bytes) = self.send(method, &target, document).await?;
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if status.is_success() {
            return Ok(answer);
        }
        let why = answer["error"].as_str().map_or_else(|| status.to_string(), str::to_owned);
        Err(match status {
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => Failure::Usage(why),
            _ => Failure::Refused(why),
        })
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        document: Option<&Value>,
    ) -> Result<(StatusCode, Bytes), Failure> {
        let unreachable = || {
            Failure::Unreachable(format!(
                "no emulator answers on port {}: start one with `functions-emulator FOLDER`, or name its port with --port",
                self.port
            ))
        };
        let request = Request::builder()
            .method(method)
            .uri(format!("http://127.0.0.1:{}{path}", self.port))
            .header(header::CONTENT_TYPE, "application/json")
            .header("x-emulator-console", &self.token)
            .body(Full::from(document.map(Value::to_string).unwrap_or_default()))
            .map_err(|error| Failure::Usage(error.to_string()))?;
        let answer = self.client.request(request).await.map_err(|_| unreachable())?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), MAX_ANSWER_BYTES).collect().await;
        Ok((status, body.map_err(|_| unreachable())?.to_bytes()))
    }
}
