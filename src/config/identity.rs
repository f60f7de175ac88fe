//! Whom a deployment lets in (contract §6).

use uuid::Uuid;

use super::{Authority, Place, authority::ENTRA, given::Given, value};

/// Whom this deployment lets in.
#[derive(Clone, Debug)]
pub struct IdentitySettings {
    /// `ORDERS_IDENTITY`: what says who a caller is.
    pub mode: IdentityMode,
    /// `ORDERS_ENTRA_TENANT_ID`: the only tenant whose people and programs are let in; any when none.
    pub tenant: Option<Uuid>,
    /// `ORDERS_ENTRA_ALLOWED_CLIENTS`: client ids that may call on a user's behalf; any when none.
    pub allowed_clients: Option<Vec<Uuid>>,
    /// `ORDERS_REQUIRED_SCOPE`: compared exactly.
    pub required_scope: String,
}

/// What says who a caller is.
#[derive(Clone, Debug)]
pub enum IdentityMode {
    /// The platform's header alone.
    EasyAuth,
    /// The token alone.
    Jwt(TokenSettings),
    /// Both, and they have to agree.
    EasyAuthAndJwt(TokenSettings),
}

/// Which tokens are accepted.
#[derive(Clone, Debug)]
pub struct TokenSettings {
    /// `ORDERS_ENTRA_TENANT_ID`: whose tokens.
    pub tenant: Uuid,
    /// `ORDERS_ENTRA_AUDIENCE`: what their claim `aud` says.
    pub audience: String,
    /// `ORDERS_ENTRA_AUTHORITY`: who issues them.
    pub authority: Authority,
}

/// The three spellings of `ORDERS_IDENTITY`.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Mode {
    EasyAuth,
    Jwt,
    EasyAuthAndJwt,
}

/// Reads every setting, whatever the mode, so that a wrong one is found before the mode that needs it.
pub(super) fn read(given: &mut Given, place: Place, tenant: Option<Uuid>) -> Option<IdentitySettings> {
    let mode = given.read("ORDERS_IDENTITY", mode);
    if mode.is_none_or(|mode| mode != Mode::Jwt) {
        given.demand_platform_authentication();
    }
    if mode.is_some_and(|mode| mode != Mode::EasyAuth) {
        demand_tokens(given);
    }
    if place == Place::Platform {
        given.demand(
            "ORDERS_ENTRA_ALLOWED_CLIENTS",
            "is missing: on the platform name the client ids that may call on a user's behalf",
        );
    }
    let audience = given.optional("ORDERS_ENTRA_AUDIENCE", value::audience);
    let parse = if place == Place::Local { here } else { elsewhere };
    let authority = given.optional("ORDERS_ENTRA_AUTHORITY", parse).or_else(|| Authority::parse(ENTRA));
    let allowed_clients = given.optional("ORDERS_ENTRA_ALLOWED_CLIENTS", value::guids);
    let required_scope = given.read("ORDERS_REQUIRED_SCOPE", value::scope)?;
    let tokens = || Some(TokenSettings { tenant: tenant?, audience: audience?, authority: authority? });
    let mode = match mode? {
        Mode::EasyAuth => IdentityMode::EasyAuth,
        Mode::Jwt => IdentityMode::Jwt(tokens()?),
        Mode::EasyAuthAndJwt => IdentityMode::EasyAuthAndJwt(tokens()?),
    };
    Some(IdentitySettings { mode, tenant, allowed_clients, required_scope })
}

fn demand_tokens(given: &mut Given) {
    given.demand(
        "ORDERS_ENTRA_TENANT_ID",
        "is missing: the worker checks tokens itself and has to know whose; set it to your tenant's id",
    );
    given.demand(
        "ORDERS_ENTRA_AUDIENCE",
        "is missing: the worker checks tokens itself and has to know which are for it; set it to the client id of \
         the API's app registration",
    );
}

fn mode(text: &str) -> Result<Mode, &'static str> {
    match text {
        "easyauth" => Ok(Mode::EasyAuth),
        "jwt" => Ok(Mode::Jwt),
        "easyauth+jwt" => Ok(Mode::EasyAuthAndJwt),
        _ => Err("is not `easyauth+jwt` or `easyauth` or `jwt`"),
    }
}

fn here(text: &str) -> Result<Authority, &'static str> {
    Authority::parse(text).ok_or(
        "is no address of an issuer: `https://host/path`, or `http://localhost:port/path` on this machine",
    )
}

fn elsewhere(text: &str) -> Result<Authority, &'static str> {
    Authority::parse(text)
        .filter(|authority| !authority.is_plain())
        .ok_or("is no address of an issuer: `https://host/path`")
}
