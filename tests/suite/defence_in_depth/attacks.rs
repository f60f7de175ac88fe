//! The attacks. The same bytes are sent in every world, except the address and the headers of a front end.

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use test_servers::{Authority, Leaf};

use super::layers::World;
use crate::support::{Client, Reply, TENANT, TestApp, object_id};

/// What attackers send where they have no token.
const MADE_UP: &str = "made-up";
/// A client of the tenant that is not allowed.
const OTHER_CLIENT: &str = "0d3f9a58-5c1e-4f6b-8b1d-6a7c2e9f4d10";

/// A world with an order in it that an attacker is after.
pub(super) struct Scene<'a> {
    pub(super) app: &'a TestApp,
    pub(super) world: World,
    /// Where the buyer's order is.
    pub(super) order: &'a str,
    /// Whose certificates the worker accepts.
    pub(super) authority: &'a Authority,
}

/// Something that an attacker tries, and how the table calls it.
#[derive(Clone, Copy)]
pub(super) struct Attack {
    pub(super) name: &'static str,
    try_it: Try,
}

#[derive(Clone, Copy)]
enum Try {
    /// To read the buyer's order, with the attacker's own token beside the buyer's header.
    Order(Token),
    /// To read one's own order around the gateway, so without its key, with a genuine token.
    AroundTheGateway,
    /// To be a person of this app with the same object id as the buyer's in another tenant.
    Tenant,
    /// To read the dead letters, as a person without a role.
    Role,
    /// To process, with a token that was stolen from the program and a certificate of this kind.
    Certificate(Issued),
    /// To have an order placed, as if a message had come. The request carries a genuine token for EasyAuth.
    Message,
    /// To list the dead letters, as if the host had called for an administrator. EasyAuth gets a genuine token, and
    /// the envelope contains the same one.
    Envelope,
}

/// The token beside the buyer's header.
#[derive(Clone, Copy)]
enum Token {
    MadeUp,
    Neighbours,
    Unsigned,
    OtherKey,
    Expired,
    OtherAudience,
    OtherClient,
}

/// Whose certificate the header holds.
#[derive(Clone, Copy)]
enum Issued {
    /// One that the attacker's own authority signed for the partner's name.
    ByTheAttacker,
    /// The partner's, which is no secret; its key is.
    ByTheAuthority,
}

pub(super) const ATTACKS: [Attack; 14] = [
    Attack { name: "A made-up token beside the buyer's header", try_it: Try::Order(Token::MadeUp) },
    Attack { name: "The neighbour's token beside the buyer's header", try_it: Try::Order(Token::Neighbours) },
    Attack { name: "A role in the header alone", try_it: Try::Role },
    Attack { name: "An unsigned token", try_it: Try::Order(Token::Unsigned) },
    Attack { name: "A token that another key signed", try_it: Try::Order(Token::OtherKey) },
    Attack { name: "The buyer's token of yesterday", try_it: Try::Order(Token::Expired) },
    Attack { name: "The buyer's token for another API", try_it: Try::Order(Token::OtherAudience) },
    Attack { name: "The buyer's token for another client", try_it: Try::Order(Token::OtherClient) },
    Attack { name: "A token of another tenant", try_it: Try::Tenant },
    Attack { name: "The buyer around the gateway, without its key", try_it: Try::AroundTheGateway },
    Attack {
        name: "A program's token and a forged certificate",
        try_it: Try::Certificate(Issued::ByTheAttacker),
    },
    Attack {
        name: "A program's token and its copied certificate",
        try_it: Try::Certificate(Issued::ByTheAuthority),
    },
    Attack { name: "A message handed in by HTTP", try_it: Try::Message },
    Attack { name: "An envelope with a forged caller", try_it: Try::Envelope },
];

impl Attack {
    /// Whether there is an order of [`FORGED`] when it succeeds.
    pub(super) fn orders_something(self) -> bool {
        matches!(self.try_it, Try::Message)
    }

    /// Whether nothing but a setting that the platform demands keeps it out.
    pub(super) fn is_of_another_tenant(self) -> bool {
        matches!(self.try_it, Try::Tenant)
    }

    /// Tries it.
    pub(super) async fn on(self, scene: &Scene<'_>) -> Reply {
        let Scene { app, world, order, authority } = scene;
        let from = async |through: bool| world.attacker(app, through).await;
        let as_buyer = async |client: Client, token: Token| {
            let claims = token.claims(app);
            client.bearer(&token.of(app, &claims)).with(HEADER, &header(&claims)).get(order).await
        };
        match self.try_it {
            Try::Order(token) => as_buyer(from(true).await, token).await,
            Try::AroundTheGateway => genuine(scene, &from(false).await, "buyer").get(order).await,
            Try::Tenant => {
                let header = header(&claims(app, "buyer-abroad"));
                let client = from(true).await.bearer(&app.token_of("buyer-abroad"));
                client.with(HEADER, &header).get("/api/orders").await
            }
            Try::Role => {
                let client = from(true).await.bearer(&app.token_of("neighbour"));
                let raised = with(&claims(app, "neighbour"), "roles", json!(["OrderAdmin"]));
                client.with(HEADER, &header(&raised)).get("/api/dead-letters").await
            }
            Try::Certificate(issued) => {
                let client = genuine(scene, &from(true).await, "warehouse");
                let client = client.with("x-arr-clientcert", &issued.certificate(authority));
                client.post_nothing(&format!("{order}/process")).await
            }
            Try::Message => self.as_the_host(scene).await.post("/IngestOrder", &message()).await,
            Try::Envelope => {
                let own = app.token_of("neighbour");
                let envelope = for_an_administrator(&header(&claims(app, "admin")), &own);
                self.as_the_host(scene).await.post("/ListDeadLetters", &envelope).await
            }
        }
    }

    /// The client of an attacker who pretends to be the host. EasyAuth asks for a token, and gets a genuine one;
    /// without EasyAuth a token would show that the call is none of the host's.
    async fn as_the_host(self, scene: &Scene<'_>) -> Client {
        let client = scene.world.attacker(scene.app, false).await;
        if scene.world.has_host() { client.bearer(&scene.app.token_of("neighbour")) } else { client }
    }
}

/// Adds a token that the issuer signed, and the matching principal header if no EasyAuth makes one.
fn genuine(scene: &Scene<'_>, client: &Client, person: &str) -> Client {
    let client = client.bearer(&scene.app.token_of(person));
    if scene.world.makes_header() {
        return client;
    }
    client.with(HEADER, &header(&claims(scene.app, person)))
}

pub(super) const HEADER: &str = "x-ms-client-principal";

impl Token {
    /// The claims of the buyer, in token and header alike.
    fn claims(self, app: &TestApp) -> Value {
        let claims = claims(app, "buyer");
        match self {
            Self::Expired => {
                let yesterday = claims["iat"].as_i64().expect("a time") - 24 * 60 * 60;
                let claims = with(&with(&claims, "iat", json!(yesterday)), "nbf", json!(yesterday));
                with(&claims, "exp", json!(yesterday + 3600))
            }
            Self::OtherAudience => with(&claims, "aud", json!(OTHER_CLIENT)),
            Self::OtherClient => with(&claims, "azp", json!(OTHER_CLIENT)),
            Self::MadeUp | Self::Neighbours | Self::Unsigned | Self::OtherKey => claims,
        }
    }

    fn of(self, app: &TestApp, claims: &Value) -> String {
        match self {
            Self::MadeUp => MADE_UP.to_owned(),
            Self::Neighbours => app.token_of("neighbour"),
            Self::Unsigned => {
                format!("{}.{}.", encoded(&json!({"typ": "JWT", "alg": "none"})), encoded(claims))
            }
            Self::OtherKey => by_another_key(&app.token_of("buyer")),
            Self::Expired | Self::OtherAudience | Self::OtherClient => app.signed(claims),
        }
    }
}

impl Issued {
    /// The certificate as the platform writes it into its header.
    fn certificate(self, accepted: &Authority) -> String {
        let own = Authority::new("partners").expect("an authority");
        let authority = match self {
            Self::ByTheAttacker => &own,
            Self::ByTheAuthority => accepted,
        };
        let issued = authority.issue(&Leaf::client(&["partner.example"])).expect("a certificate");
        issued.certificate.lines().filter(|line| !line.starts_with("-----")).collect()
    }
}

/// The issuer's claims about a person.
pub(super) fn claims(app: &TestApp, person: &str) -> Value {
    let token = app.token_of(person);
    let payload = token.split('.').nth(1).expect("a token");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64")).expect("claims")
}

/// The header that the platform would make of these claims.
pub(super) fn header(claims: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let members = claims.as_object().expect("claims").iter();
    let claims: Vec<_> = members
        .flat_map(|(typ, value)| {
            let values = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            values.iter().map(move |value| json!({"typ": typ, "val": text(value)}))
        })
        .collect();
    let principal = json!({"auth_typ": "aad", "name_typ": "name", "role_typ": "roles", "claims": claims});
    STANDARD.encode(principal.to_string())
}

fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    claims[name] = value;
    claims
}

fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

/// The same header and claims under the attacker's own signature.
fn by_another_key(token: &str) -> String {
    let (signed, _) = token.rsplit_once('.').expect("a token");
    let key = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
        .expect("a signature");
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// What the host would make of a message that orders something in the buyer's name.
fn message() -> Value {
    let payload = json!({
        "version": 1,
        "messageId": "01890a5d-ac96-774b-bcce-b302099a8057",
        "owner": {"tenantId": TENANT, "objectId": object_id(1)},
        "reference": FORGED,
        "currency": "EUR",
        "lines": [{"sku": "BEANS", "quantity": 2}],
        "note": null,
    });
    json!({"Data": {"message": STANDARD.encode(payload.to_string())}, "Metadata": {}})
}

/// The reference of the forged order.
pub(super) const FORGED: &str = "FORGED-ORDER";

/// What the host would make of an administrator's call.
fn for_an_administrator(header: &str, token: &str) -> Value {
    let headers = json!({"Authorization": [format!("Bearer {token}")], "X-MS-CLIENT-PRINCIPAL": [header]});
    let request = json!({
        "Url": "http://localhost/api/dead-letters",
        "Method": "GET",
        "Query": {},
        "Headers": headers,
        "Params": {},
        "Identities": [],
    });
    json!({"Data": {"req": request}, "Metadata": {}})
}
