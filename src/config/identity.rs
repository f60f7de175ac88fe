//! Which callers a deployment lets in: `docs/reference/identity.md#settings`.

use uuid::Uuid;

use super::{
    env_reader::EnvReader,
    environment::Environment,
    value::{self, Invalid},
};
use crate::identity::{ENTRA, IdentityMode, IdentitySettings, TokenAuthority, TokenSettings};

const TENANT: &str = "ORDERS_ENTRA_TENANT_ID";

/// The three spellings of `ORDERS_IDENTITY`.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Mode {
    EasyAuth,
    Jwt,
    EasyAuthAndJwt,
}

/// The only tenant of this deployment; required in Azure.
pub(super) fn tenant(env: &mut EnvReader, environment: Environment) -> Option<Uuid> {
    if environment == Environment::Azure {
        env.require_in_azure(
            TENANT,
            "is missing: set it to the id of your tenant. Only its users and apps may call, and queued orders may \
             name only its users",
        );
    }
    env.optional(TENANT, value::guid)
}

/// Reads every setting that the mode uses, and refuses the one that it would ignore.
pub(super) fn read(
    env: &mut EnvReader,
    environment: Environment,
    tenant: Option<Uuid>,
) -> Option<IdentitySettings> {
    let mode = env.read("ORDERS_IDENTITY", mode);
    if mode.is_none_or(|mode| mode != Mode::Jwt) {
        env.require_easyauth();
    }
    match mode {
        Some(Mode::EasyAuth) => env.forbid(
            "ORDERS_ENTRA_AUTHORITY",
            "is set, but ORDERS_IDENTITY is `easyauth`, which verifies no token: remove this setting",
        ),
        Some(Mode::Jwt | Mode::EasyAuthAndJwt) => require_token_settings(env),
        None => {}
    }
    if environment == Environment::Azure {
        env.require_in_azure(
            "ORDERS_ENTRA_ALLOWED_CLIENTS",
            "is missing: set it to the client ids that may call on behalf of a user",
        );
    }
    let audience = env.optional("ORDERS_ENTRA_AUDIENCE", value::audience);
    let authority = authority(env, environment).or_else(|| TokenAuthority::parse(ENTRA));
    let allowed_clients = env.optional("ORDERS_ENTRA_ALLOWED_CLIENTS", value::guids);
    let required_scope = env.read("ORDERS_REQUIRED_SCOPE", value::scope)?;
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

fn require_token_settings(env: &mut EnvReader) {
    env.require(TENANT, "is missing: the worker verifies tokens. Set it to the id of your tenant");
    env.require(
        "ORDERS_ENTRA_AUDIENCE",
        "is missing: the worker verifies tokens. Set it to the client id of the API's app registration",
    );
}

fn mode(text: &str) -> Result<Mode, Invalid> {
    match text {
        "easyauth" => Ok(Mode::EasyAuth),
        "jwt" => Ok(Mode::Jwt),
        "easyauth+jwt" => Ok(Mode::EasyAuthAndJwt),
        _ => Err(Invalid::Form),
    }
}

/// Plain `http` is for an issuer on a developer's own machine.
fn authority(env: &mut EnvReader, environment: Environment) -> Option<TokenAuthority> {
    let name = "ORDERS_ENTRA_AUTHORITY";
    match environment {
        Environment::Local => env.optional(name, parse_local_authority),
        Environment::Azure => env.optional_in_azure(name, parse_azure_authority),
    }
}

fn parse_local_authority(text: &str) -> Result<TokenAuthority, Invalid> {
    TokenAuthority::parse(text).ok_or(Invalid::Form)
}

fn parse_azure_authority(text: &str) -> Result<TokenAuthority, Invalid> {
    TokenAuthority::parse(text)
        .filter(|authority| !authority.is_http())
        .ok_or(Invalid::Because("must be an `https://` URL without user, query and fragment"))
}
