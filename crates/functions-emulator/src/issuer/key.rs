//! The issuer's RSA key: made once, stored in a file that only its owner may read.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use aws_lc_rs::{
    digest::{SHA256, digest},
    encoding::{AsDer as _, Pkcs8V1Der},
    error::{KeyRejected, Unspecified},
    rand::{self, SystemRandom},
    rsa::{KeySize, PublicKeyComponents},
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

const FILE: &str = "issuer-key.der";

/// Why the issuer has no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("cannot write the issuer's key to {}: make its folder writable", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{} contains no RSA key: delete it, and a new one is created", .path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        source: KeyRejected,
    },
    /// A key could not be made.
    #[error("cannot create an RSA key: the system's random source failed")]
    Random(#[source] Unspecified),
}

/// An RSA-2048 key pair and the JWK of its public half.
pub(super) struct SigningKey {
    pair: RsaKeyPair,
    id: String,
}

impl SigningKey {
    pub(super) fn open(state: &Path) -> Result<Self, KeyError> {
        let path = state.join(FILE);
        let file = |source| KeyError::File { path: path.clone(), source };
        let der = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let der = generate().map_err(KeyError::Random)?;
                keep(state, &path, der.as_ref()).map_err(file)?;
                // Another process may have been first: the key in the file counts, no matter who made it.
                fs::read(&path).map_err(file)?
            }
            read => read.map_err(file)?,
        };
        let pair = RsaKeyPair::from_pkcs8(&der).map_err(|source| KeyError::NoKey { path, source })?;
        let id = thumbprint(&pair);
        Ok(Self { pair, id })
    }

    /// The key's id: its thumbprint of RFC 7638.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)?;
        Ok(signature)
    }

    pub(super) fn public(&self) -> PublicKeyComponents<Vec<u8>> {
        PublicKeyComponents::from(self.pair.public_key())
    }

    /// The public half as a member of a key set; Entra's v2 sets name the issuer too.
    pub(super) fn jwk(&self, issuer: &str) -> Value {
        let (n, e) = encoded(&self.pair);
        json!({"kty": "RSA", "use": "sig", "kid": self.id, "n": n, "e": e, "issuer": issuer})
    }
}

fn generate() -> Result<Pkcs8V1Der<'static>, Unspecified> {
    RsaKeyPair::generate(KeySize::Rsa2048)?.as_der()
}

/// Writes beside the file and links it into place, so that no reader ever sees half a key and of two writers
/// the first wins.
fn keep(state: &Path, path: &Path, der: &[u8]) -> io::Result<()> {
    fs::create_dir_all(state)?;
    let mut name = [0; 8];
    rand::fill(&mut name).map_err(io::Error::other)?;
    let draft = state.join(format!("{FILE}.{}", URL_SAFE_NO_PAD.encode(name)));
    let written = write_private(&draft, der).and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    });
    written.and(fs::remove_file(&draft))
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn encoded(pair: &RsaKeyPair) -> (String, String) {
    let public: PublicKeyComponents<Vec<u8>> = PublicKeyComponents::from(pair.public_key());
    (URL_SAFE_NO_PAD.encode(public.n), URL_SAFE_NO_PAD.encode(public.e))
}

fn thumbprint(pair: &RsaKeyPair) -> String {
    let (n, e) = encoded(pair);
    let canonical = format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#);
    URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()))
}
