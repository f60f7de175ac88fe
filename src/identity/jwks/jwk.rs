//! Which members of a key set tokens can be verified with.

use std::{collections::HashMap, sync::Arc};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde_json::Value;

/// The longest accepted key id (`kid`), in bytes.
const MAX_KEY_ID_BYTES: usize = 128;
/// Bytes of the modulus: 2048 bits at least, and no more than verifying them should cost.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=512;
/// 65537, the only exponent in use.
const EXPONENT: [u8; 3] = [1, 0, 1];

/// A key set as it comes: what a member of it means is found out one by one, for an unknown one must not
/// spoil the others.
#[derive(Deserialize)]
pub(super) struct KeySetDocument {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: String,
    n: String,
    e: String,
    r#use: Option<String>,
    alg: Option<String>,
    /// The issuer of the tokens that this key signs; Entra's may hold `{tenantid}` in the tenant's place.
    issuer: Option<String>,
}

/// A key that tokens are verified with. Two are the same when they verify the same.
pub(super) struct VerifyingKey {
    modulus: Vec<u8>,
    pub(super) decoding: Arc<DecodingKey>,
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        // The exponent is the same for all.
        self.modulus == other.modulus
    }
}

/// Whether a text can be a key's id: it is looked up, and must mean nothing elsewhere.
pub(in crate::identity) fn is_key_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=MAX_KEY_ID_BYTES).contains(&text.len()) && text.bytes().all(plain)
}

/// The RSA keys that sign tokens of this tenant's issuer; of two with one id the first.
pub(super) fn signing_keys(
    document: KeySetDocument,
    tenant: &str,
    issuer: &str,
) -> HashMap<String, VerifyingKey> {
    let mut keys = HashMap::new();
    for member in document.keys {
        let Ok(jwk) = Jwk::deserialize(member) else { continue };
        if let Some(key) = jwk.key(tenant, issuer) {
            keys.entry(jwk.kid).or_insert(key);
        }
    }
    keys
}

impl Jwk {
    fn key(&self, tenant: &str, issuer: &str) -> Option<VerifyingKey> {
        let signs = self.kty == "RSA"
            && self.r#use.as_deref().is_none_or(|purpose| purpose == "sig")
            && self.alg.as_deref().is_none_or(|algorithm| algorithm == "RS256");
        let ours = self.issuer.as_ref().is_none_or(|of| of.replace("{tenantid}", tenant) == issuer);
        let modulus = URL_SAFE_NO_PAD.decode(&self.n).ok()?;
        let exponent = URL_SAFE_NO_PAD.decode(&self.e).ok()?;
        // A leading zero would count as a byte that is none.
        let strong = MODULUS_BYTES.contains(&modulus.len())
            && modulus.first().is_some_and(|first| *first >= 0x80)
            && exponent == EXPONENT;
        let decoding = (signs && ours && strong && is_key_id(&self.kid))
            .then(|| Arc::new(DecodingKey::from_rsa_raw_components(&modulus, &exponent)))?;
        Some(VerifyingKey { modulus, decoding })
    }
}
