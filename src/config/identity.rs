//! Which callers a deployment lets in: `docs/reference/identity.md#settings`.

use uuid::Uuid;

use super::{given::Given, place::Place, value};
use crate::identity::{Authority, ENTRA, IdentityMode, IdentitySettings, TokenSettings};

const TENANT: &str = "ORDERS_ENTRA_TENANT_ID";

/// The three spellings of `ORDERS_IDENTITY`.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Mode {
    EasyAuth,
    Jwt,
    EasyAuthAndJwt,
}

/// The only tenant of this deployment; on the platform there is one.
pub(super) fn tenant(given: &mut Given, place: Place) -> Option<Uuid> {
    if place == Place::Platform {
        given.demand_strictly(
            TENANT,
            "is missing: set it to your tenant's id, whose users and apps alone are let in, and whose users alone a \
             queued order may name",
        );
    }
    given.optional(TENANT, value::guid)
}

/// Reads every setting that the mode uses, and refuses the one that it would ignore.
pub(super) fn read(given: &mut Given, place: Place, tenant: Option<Uuid>) -> Option<IdentitySettings> {
    let mode = given.read("ORDERS_IDENTITY", mode);
    if mode.is_none_or(|mode| mode != Mode::Jwt) {
        given.demand_platform_authentication();
    }
    match mode {
        Some(Mode::EasyAuth) => given.demand_not(
            "ORDERS_ENTRA_AUTHORITY",
            "is set and ORDERS_IDENTITY is `easyauth`, which reads no token and asks no issuer: remove it",
        ),
        Some(Mode::Jwt | Mode::EasyAuthAndJwt) => demand_tokens(given),
        None => {}
    }
    if place == Place::Platform {
        given.demand_strictly(
            "ORDERS_ENTRA_ALLOWED_CLIENTS",
            "is missing: name the client ids that may call on a user's behalf",
        );
    }
    let audience = given.optional("ORDERS_ENTRA_AUDIENCE", value::audience);
    let authority = authority(given, place).or_else(|| Authority::parse(ENTRA));
    let allowed_clients = given.optional("ORDERS_ENTRA_ALLOWED_CLIENTS", value::guids);
    let required_scope = given.read("ORDERS_REQUIRED_SCOPE", value::scope)?;
    let mode = match mode? {
        Mode::EasyAuth => IdentityMode::EasyAuth { audience },
        with_tokens => {
            let tokens = TokenSettings { tenant: tenant?, audience: audience?, authority: authority? };
            if with_tokens == Mode::Jwt {
                IdentityMode::Jwt(tokens)
            } else {
                IdentityMode::EasyAuthAndJwt(tokens)
            }
        }
    };
    Some(IdentitySettings { mode, tenant, allowed_clients, required_scope })
}

fn demand_tokens(given: &mut Given) {
    given.demand(
        TENANT,
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

/// Plain `http` is for an issuer on a developer's own machine.
fn authority(given: &mut Given, place: Place) -> Option<Authority> {
    let name = "ORDERS_ENTRA_AUTHORITY";
    match place {
        Place::Local => given.optional(name, here),
        Place::Platform => given.optional_strictly(name, elsewhere),
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
