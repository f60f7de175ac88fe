//! What a server needs to speak TLS, and to ask for passwords only there.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::{PermissionsExt as _, chown},
    path::Path,
};

use super::Account;
use crate::Issued;

/// The administrator is accepted as on the other test servers. Everybody else shows a password in clear text, as Azure
/// Database for PostgreSQL asks for tokens, and only behind TLS.
const WHO: &str = "host all postgres 127.0.0.1/32 trust\n\
                   hostssl all all 127.0.0.1/32 password\n";

/// Writes certificate, key and rules into the server's folder and gives the settings that name them.
pub(super) fn prepare(
    folder: &Path,
    account: Option<Account>,
    certificate: &Issued,
) -> io::Result<Vec<String>> {
    let files = [
        ("ssl_cert_file", "server.crt", certificate.certificate.as_str()),
        ("ssl_key_file", "server.key", certificate.key.as_str()),
        ("hba_file", "who.conf", WHO),
    ];
    let mut settings = vec!["ssl=on".to_owned()];
    for (setting, name, content) in files {
        let path = folder.join(name);
        fs::write(&path, content)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        if let Some(account) = account {
            chown(&path, Some(account.user), Some(account.group))?;
        }
        settings.push(format!("{setting}={}", path.display()));
    }
    Ok(settings)
}
