//! What an attack meets: every layer, or some of them left out. Each is left out by a flag of the emulator, by
//! `ORDERS_IDENTITY` and the settings beside it, or by the attacker's position; the worker has no switch for any.

use std::collections::HashMap;

use functions_emulator::{
    access_keys::{self, AccessKey},
    easyauth::EasyAuthMode,
};
use test_servers::Authority;

use crate::support::{Client, IdentityMode, Mode, Setup, TestApp};

use Layer::{
    Authentication, Certificates, Clients, EasyAuth, HeaderCheck, Host, Keys, Marks, Removal, Tenant,
    TokenCheck,
};

/// The client of the users file.
const CLIENT: &str = "c2b5e8f4-0a6d-4e1b-b7c3-9d8f6a2e5b04";
/// The host key, which the gateway adds to what passes it.
const KEY: &str = "of-the-gateway-alone";

/// What can be left out.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Layer {
    /// App Service Authentication, and the setting by which the worker knows of it.
    Authentication,
    /// App Service Authentication alone: the worker is configured as if it were there.
    EasyAuth,
    /// Removal of headers that callers wrote.
    Removal,
    /// The host's function keys.
    Keys,
    /// EasyAuth and host: calls go to the worker's own port.
    Host,
    /// What a front end adds to every call from outside.
    Marks,
    /// The worker's check of the header.
    HeaderCheck,
    /// The worker's check of the token.
    TokenCheck,
    /// The setting with the tenant's id: required on the platform, and in every mode that checks tokens.
    Tenant,
    /// The worker's list of clients that may call.
    Clients,
    /// The certificate that a program that processes orders has to show.
    Certificates,
}

/// A deployment, and its attacker's position.
#[derive(Clone, Copy)]
pub(super) struct World {
    pub(super) name: &'static str,
    off: &'static [Layer],
}

const fn world(name: &'static str, off: &'static [Layer]) -> World {
    World { name, off }
}

/// Everything that there is, in the default mode.
pub(super) const WHOLE: World = world("all on", &[]);

/// One layer left out.
pub(super) const ONE_OFF: [World; 10] = [
    world("no EasyAuth", &[Authentication]),
    world("bypassed", &[EasyAuth]),
    world("headers kept", &[Removal]),
    world("no keys", &[Keys]),
    world("past the host", &[Host]),
    world("unmarked", &[Marks]),
    world("`jwt`", &[HeaderCheck]),
    world("`easyauth`", &[TokenCheck]),
    world("any client", &[Clients]),
    world("no certificates", &[Certificates]),
];

/// Several left out.
pub(super) const MORE_OFF: [World; 10] = [
    world("no EasyAuth, `jwt`", &[Authentication, HeaderCheck]),
    world("bypassed, no keys", &[EasyAuth, Keys]),
    world("bypassed, `easyauth`", &[EasyAuth, TokenCheck]),
    world("… no keys", &[EasyAuth, TokenCheck, Keys]),
    world("… any client", &[EasyAuth, TokenCheck, Clients]),
    world("… any tenant", &[EasyAuth, TokenCheck, Tenant]),
    world("… no certificates", &[EasyAuth, TokenCheck, Certificates]),
    world("past the host, unmarked", &[Host, Marks]),
    world("… `easyauth`", &[Host, Marks, TokenCheck]),
    NOTHING,
];

/// Nothing but what no flag and no setting leaves out on the platform, where a tenant is demanded.
pub(super) const NOTHING: World =
    world("everything off", &[EasyAuth, Host, Keys, Marks, TokenCheck, Clients, Certificates]);

impl World {
    fn has(self, layer: Layer) -> bool {
        !self.off.contains(&layer)
    }

    fn easyauth(self) -> EasyAuthMode {
        match self {
            _ if !self.has(Authentication) => EasyAuthMode::Off,
            _ if !self.has(EasyAuth) => EasyAuthMode::Bypassed,
            _ if !self.has(Removal) => EasyAuthMode::KeepHeaders,
            _ => EasyAuthMode::On,
        }
    }

    fn identity_mode(self) -> IdentityMode {
        match self {
            _ if !self.has(HeaderCheck) => IdentityMode::Token,
            _ if !self.has(Tenant) => IdentityMode::HeaderOfAnyTenant,
            _ if !self.has(TokenCheck) => IdentityMode::Header,
            _ => IdentityMode::Both,
        }
    }

    /// Whether calls pass the host, and so EasyAuth.
    pub(super) fn has_host(self) -> bool {
        self.has(Host)
    }

    /// Whether EasyAuth or the gateway writes the header for callers whose token it accepts.
    pub(super) fn makes_header(self) -> bool {
        self.has_host() && matches!(self.easyauth(), EasyAuthMode::On | EasyAuthMode::KeepHeaders)
    }

    /// Whether honest callers have to bring the header that no EasyAuth makes of their token.
    pub(super) fn wants_header(self) -> bool {
        self.easyauth() == EasyAuthMode::Bypassed && self.has(HeaderCheck)
    }

    /// An app in this world, with its worker started but not waited for.
    pub(super) async fn launch(self, mode: Mode, authority: &Authority) -> TestApp {
        let mut setup = Setup::in_mode(mode)
            .stocked("BEANS")
            .easyauth(self.easyauth())
            .identity_mode(self.identity_mode())
            // What was processed stays so, no matter who did it.
            .set("AzureWebJobs.FulfilOrder.Disabled", "true");
        if self.has(Keys) {
            let host = vec![AccessKey { name: "gateway".to_owned(), value: KEY.to_owned() }];
            setup = setup.keys(access_keys::AccessKeys {
                master: String::new(),
                host,
                functions: HashMap::new(),
            });
        }
        if self.has(Clients) {
            setup = setup.set("ORDERS_ENTRA_ALLOWED_CLIENTS", CLIENT);
        }
        if self.has(Certificates) {
            setup = setup
                .set("ORDERS_CLIENT_CERTIFICATE_MODE", "required")
                .set("ORDERS_CLIENT_CERTIFICATE_CA", authority.certificate())
                .set("ORDERS_CLIENT_CERTIFICATE_ALLOWED", &format!("{CLIENT}=partner.example"));
        }
        setup.launch().await
    }

    /// Where an attacker calls, with the key that the gateway adds to whatever passes it, or around the gateway.
    pub(super) async fn attacker(self, app: &TestApp, through_the_gateway: bool) -> Client {
        let client = if self.has(Host) { app.anonymous() } else { app.at_the_worker().await };
        let client = if self.has(Marks) { client.with("x-forwarded-for", "203.0.113.9") } else { client };
        if through_the_gateway { with_key(&client) } else { client }
    }
}

/// The same caller, through the gateway.
pub(super) fn with_key(client: &Client) -> Client {
    client.with("x-functions-key", KEY)
}
