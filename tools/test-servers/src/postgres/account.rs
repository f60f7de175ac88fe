//! The account that runs the server: PostgreSQL refuses root, and containers of builds often run as root.

use std::fs;

use super::PostgresError;

/// An account of this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    pub(crate) user: u32,
    pub(crate) group: u32,
}

impl Account {
    /// The account that a server of ours runs as; none where the present one will do.
    pub(crate) fn unprivileged() -> Result<Option<Self>, PostgresError> {
        if !is_root() {
            return Ok(None);
        }
        let accounts = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let named = |name| accounts.lines().find_map(|line| Self::read(line, name));
        named("postgres").or_else(|| named("nobody")).map(Some).ok_or(PostgresError::Account)
    }

    /// Reads `name:password:user:group:…`.
    fn read(line: &str, wanted: &str) -> Option<Self> {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let (user, group) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        (name == wanted).then_some(Self { user, group })
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    // The files under it belong to the user that the process acts as.
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_match_by_full_name() {
        let line = "nobody:x:65534:65533:nobody:/nonexistent:/usr/sbin/nologin";
        let account = Account::read(line, "nobody").expect("it is there");
        assert_eq!((account.user, account.group), (65534, 65533));
        for other in ["no", "nobodyelse", "", "x"] {
            assert!(Account::read(line, other).is_none(), "{other}");
        }
    }
}
