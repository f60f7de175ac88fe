//! Connections of storage accounts on this machine.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Uri, uri::Scheme};

/// Why a connection is not taken. Its value is never repeated: it may hold a key.
#[derive(Debug, thiserror::Error)]
#[error("{setting} {fault}")]
pub struct ConnectionError {
    /// The setting.
    pub setting: String,
    /// What is wrong with it.
    pub fault: ConnectionFault,
}

/// What is wrong with the setting of a connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionFault {
    /// It does not consist of NAME=VALUE pairs.
    #[error(
        "is no connection string: write UseDevelopmentStorage=true for a queue server on its usual port, or leave the \
         setting out for queues in this process"
    )]
    NotPairs,
    /// A pair is missing.
    #[error("has no {0}: add it, or write UseDevelopmentStorage=true")]
    Missing(&'static str),
    /// The key is not Base64.
    #[error("has an AccountKey that is not Base64: copy it again")]
    InvalidKey,
    /// The endpoint is no `http` URL of a loopback address.
    #[error(
        "names {0}, but this host is a development tool and uses only queue servers on this machine: give a \
         QueueEndpoint such as http://127.0.0.1:10001/devstoreaccount1, or leave the setting out for queues in this \
         process"
    )]
    NotLocal(String),
    /// A service URI of an account whose key is not public.
    #[error(
        "names the account {0:?}, for which this host has no identity to sign in with: write a connection string with \
         its AccountKey, or name the account devstoreaccount1"
    )]
    NoKey(String),
}

/// A storage account, and where its queues are.
#[derive(Clone, Debug)]
pub(in crate::queues) struct Account {
    /// The setting that names it.
    pub(super) setting: String,
    pub(super) name: String,
    pub(super) key: hmac::Key,
    pub(super) address: SocketAddr,
    /// What stands before the name of a queue: empty, or `/` and the account, without a slash at its end.
    pub(super) path: String,
}

/// Name and key of the development account, published by the makers of the emulator and the same everywhere.
const DEVELOPMENT: [&str; 2] = [
    "devstoreaccount1",
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
];

const DEVELOPMENT_ENDPOINT: &str = "http://127.0.0.1:10001/devstoreaccount1";

impl Account {
    /// Reads a connection string; names of pairs are compared ignoring case.
    pub(in crate::queues) fn from_connection_string(
        setting: &str,
        text: &str,
    ) -> Result<Self, ConnectionFault> {
        let pairs: Vec<(&str, &str)> = text
            .split(';')
            .map(str::trim)
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').ok_or(ConnectionFault::NotPairs))
            .collect::<Result<_, _>>()?;
        let of = |wanted: &'static str| {
            let pair = pairs.iter().find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted));
            pair.map(|(_, value)| value.trim()).ok_or(ConnectionFault::Missing(wanted))
        };
        if of("UseDevelopmentStorage").is_ok_and(|value| value.eq_ignore_ascii_case("true")) {
            let [name, key] = DEVELOPMENT;
            return Self::new(setting, name, key, DEVELOPMENT_ENDPOINT);
        }
        let name = of("AccountName")?;
        let Ok(endpoint) = of("QueueEndpoint") else { return Self::from_account_name(name) };
        Self::new(setting, name, of("AccountKey")?, endpoint)
    }

    /// Reads the URI of a queue service, where the real host signs in with an identity. On this machine the only account
    /// that needs none is the development account, the first segment of the URI's path.
    pub(in crate::queues) fn from_service_uri(setting: &str, uri: &str) -> Result<Self, ConnectionFault> {
        let [name, key] = DEVELOPMENT;
        let account = Self::new(setting, name, key, uri)?;
        match account.path.trim_start_matches('/') {
            path if path == name => Ok(account),
            path => Err(ConnectionFault::NoKey(path.to_owned())),
        }
    }

    /// Refuses an account that is named alone: those are in the cloud.
    pub(in crate::queues) fn from_account_name(name: &str) -> Result<Self, ConnectionFault> {
        Err(ConnectionFault::NotLocal(format!("the account {name} in the cloud")))
    }

    fn new(setting: &str, name: &str, key: &str, endpoint: &str) -> Result<Self, ConnectionFault> {
        let key = STANDARD.decode(key).map_err(|_| ConnectionFault::InvalidKey)?;
        let elsewhere = || ConnectionFault::NotLocal(endpoint.to_owned());
        let uri: Uri = endpoint.parse().map_err(|_| elsewhere())?;
        let host = loopback(uri.host().unwrap_or_default()).ok_or_else(elsewhere)?;
        if uri.scheme() != Some(&Scheme::HTTP) || uri.query().is_some() {
            return Err(elsewhere());
        }
        Ok(Self {
            setting: setting.to_owned(),
            name: name.to_owned(),
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            address: SocketAddr::new(host, uri.port_u16().unwrap_or(80)),
            path: uri.path().trim_end_matches('/').to_owned(),
        })
    }

    /// The URL of the account, as it is shown to users.
    pub(super) fn endpoint(&self) -> String {
        format!("http://{}{}", self.address, self.path)
    }
}

/// `localhost` is not looked up, so that no hosts file can send it elsewhere.
fn loopback(host: &str) -> Option<IpAddr> {
    if host.eq_ignore_ascii_case("localhost") {
        return Some(Ipv4Addr::LOCALHOST.into());
    }
    let address: IpAddr = host.trim_matches(['[', ']']).parse().ok()?;
    address.is_loopback().then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    fn parse(text: &str) -> Result<Account, ConnectionFault> {
        Account::from_connection_string("WorkQueues", text)
    }

    #[test]
    fn the_development_account_is_on_the_usual_port() {
        let account = parse("UseDevelopmentStorage=true").unwrap();
        assert_eq!(account.name, "devstoreaccount1");
        assert_eq!(account.endpoint(), "http://127.0.0.1:10001/devstoreaccount1");
    }

    #[test]
    fn an_account_may_be_spelled_out() {
        let text = "DefaultEndpointsProtocol=http;AccountName=one;AccountKey=a2V5;\
                    QueueEndpoint=http://localhost:4711/one/;";
        assert_eq!(parse(text).unwrap().endpoint(), "http://127.0.0.1:4711/one");
        let text = "accountname=one; accountkey=a2V5; queueendpoint=http://[::1]:4711/one";
        assert_eq!(parse(text).unwrap().endpoint(), "http://[::1]:4711/one");
    }

    #[test]
    fn a_server_on_another_machine_is_refused() {
        let at =
            |endpoint: &str| refusal(&format!("AccountName=one;AccountKey=a2V5;QueueEndpoint={endpoint}"));
        for endpoint in [
            "http://queues.example/one",
            "http://10.0.0.1:10001/one",
            "https://127.0.0.1:10001/one",
            "http://127.0.0.1.example/one",
            "127.0.0.1",
            "nonsense url",
        ] {
            assert!(at(endpoint).contains("only queue servers on this machine"), "{endpoint}");
        }
        let cloud = refusal("DefaultEndpointsProtocol=https;AccountName=one;AccountKey=a2V5");
        assert!(cloud.contains("the account one in the cloud"), "{cloud}");
    }

    #[test]
    fn what_is_missing_or_wrong_is_named_and_the_key_is_not() {
        assert!(refusal("one").contains("no connection string"));
        assert!(refusal("AccountKey=a2V5").contains("no AccountName"));
        assert!(refusal("AccountName=one;QueueEndpoint=http://127.0.0.1").contains("no AccountKey"));
        let bad = refusal("AccountName=one;AccountKey=%secret%;QueueEndpoint=http://127.0.0.1");
        assert!(bad.contains("not Base64") && !bad.contains("secret"), "{bad}");
    }

    #[test]
    fn a_service_uri_leads_to_the_development_account_alone() {
        let at = |uri| Account::from_service_uri("WorkQueues__queueServiceUri", uri);
        let account = at("http://127.0.0.1:4711/devstoreaccount1/").unwrap();
        assert_eq!((account.name.as_str(), account.address.port()), ("devstoreaccount1", 4711));
        for uri in ["http://127.0.0.1:4711/other", "http://127.0.0.1:4711"] {
            assert!(matches!(at(uri), Err(ConnectionFault::NoKey(_))), "{uri}");
        }
        for uri in ["https://one.queue.core.windows.net", "https://127.0.0.1:4711/devstoreaccount1"] {
            assert!(matches!(at(uri), Err(ConnectionFault::NotLocal(_))), "{uri}");
        }
    }
}
