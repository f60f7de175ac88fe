//! The principals that a migration gives a role: later administrators, and the logins of the apps.

use std::{fmt, str::FromStr};

use uuid::Uuid;

/// The role that everything in the database belongs to.
const OWNER: &str = "orders_owner";

/// PostgreSQL truncates a longer name, which would make it another name.
const MAX_NAME_BYTES: usize = 63;

/// The database principals that the arguments of a migration name.
#[derive(Clone, Debug, Default, Eq, PartialEq, clap::Args)]
pub struct Principals {
    /// A login that may migrate later versions and name others that may; as often as needed
    #[arg(long = "administrator", value_name = "NAME")]
    pub administrators: Vec<LoginName>,
    /// The login of an app's identity, with its role (`orders_api` or `orders_processor`) and the object id of its
    /// principal; as often as needed
    #[arg(long = "login", value_name = "ROLE=NAME:OBJECT-ID")]
    pub logins: Vec<AppLogin>,
}

/// The name of a database login. The roles of this project and those of the server are refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LoginName(String);

/// The database role of an app.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AppRole {
    /// `orders_api`.
    Api,
    /// `orders_processor`.
    Processor,
}

/// The login of an app's Entra identity, and its role.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AppLogin {
    /// What it may do.
    pub role: AppRole,
    /// The identity's name, which is the login's.
    pub name: LoginName,
    /// The object id of the identity's principal.
    pub object_id: Uuid,
}

impl Principals {
    /// Refuses principals that contradict each other.
    ///
    /// # Errors
    /// An error names the contradiction in one sentence.
    pub fn consistent(self) -> Result<Self, String> {
        self.contradiction().map_or(Ok(self), Err)
    }

    /// Whether none is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.administrators.is_empty() && self.logins.is_empty()
    }

    fn contradiction(&self) -> Option<String> {
        self.logins.iter().find_map(|AppLogin { name, object_id, .. }| {
            if self.administrators.contains(name) {
                return Some(format!("`{name}` must be an administrator or the login of an app, not both"));
            }
            let other = |login: &&AppLogin| login.name == *name && login.object_id != *object_id;
            self.logins.iter().find(other).map(|_| format!("`{name}` must have one object id, not two"))
        })
    }
}

impl LoginName {
    /// The name, to be bound to a statement.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LoginName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for LoginName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_ours = [OWNER, AppRole::Api.name(), AppRole::Processor.name()].contains(&text);
        let is_the_servers = text.starts_with("pg_") || ["public", "none"].contains(&text);
        if is_ours || is_the_servers {
            return Err(format!("`{text}` is a role, not a login: name the login that gets the role"));
        }
        if text.is_empty() || text.len() > MAX_NAME_BYTES || text.contains(char::is_control) {
            return Err(format!(
                "{text:?} must be the name of a login: 1 to {MAX_NAME_BYTES} bytes without control characters"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl AppRole {
    /// The role's name in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Api => "orders_api",
            Self::Processor => "orders_processor",
        }
    }
}

impl FromStr for AppLogin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form =
            "`--login` must look like `orders_api=NAME:OBJECT-ID` or `orders_processor=NAME:OBJECT-ID`";
        let parts = text.split_once('=').and_then(|(role, rest)| Some((role, rest.rsplit_once(':')?)));
        let (role, (name, object_id)) = parts.ok_or_else(|| format!("{form}, not {text:?}"))?;
        let role = [AppRole::Api, AppRole::Processor].into_iter().find(|known| known.name() == role);
        let role = role.ok_or_else(|| format!("{form}, not {text:?}"))?;
        let name: LoginName = name.parse()?;
        let object_id = Uuid::try_parse(object_id).ok().filter(|id| !id.is_nil()).ok_or_else(|| {
            format!(
                "{object_id:?} must be the object id of `{name}`: the principal id of the identity, a UUID"
            )
        })?;
        Ok(Self { role, name, object_id })
    }
}

#[cfg(test)]
mod tests {
    use clap::{Command, FromArgMatches};

    use super::*;

    const ID: &str = "55555555-5555-4555-8555-555555555555";

    fn parse(words: &[&str]) -> Result<Principals, String> {
        let migrate = <Principals as clap::Args>::augment_args(Command::new("migrate").no_binary_name(true));
        let matches = migrate.try_get_matches_from(words).map_err(|error| error.to_string())?;
        Principals::from_arg_matches(&matches).map_err(|error| error.to_string())?.consistent()
    }

    #[test]
    fn names_and_ids_are_read_literally() {
        let login = format!("orders_api=id: \"api\" 1:{ID}");
        let read = parse(&["--administrator", "Database admins", "--login", &login]).unwrap();
        assert_eq!(read.administrators[0].as_str(), "Database admins");
        let [login] = &read.logins[..] else { panic!("{read:?}") };
        assert_eq!((login.role, login.name.as_str()), (AppRole::Api, "id: \"api\" 1"));
        assert_eq!(login.object_id.to_string(), ID);
    }

    #[test]
    fn invalid_principals_are_refused_with_a_hint() {
        let (x, other) =
            (format!("orders_api=x:{ID}"), "orders_processor=x:00000000-0000-4000-8000-000000000001");
        let (long, owner) = ("x".repeat(64), format!("orders_api=orders_owner:{ID}"));
        for (words, said) in [
            (&["--login"][..], "a value is required"),
            (&["--force"], "unexpected argument"),
            (&["--login", "orders_admin=x:1"], "orders_processor=NAME:OBJECT-ID"),
            (&["--login", "orders_api"], "orders_processor=NAME:OBJECT-ID"),
            (&["--login", "orders_api=x:everyone"], "principal id"),
            (&["--login", "orders_api=x:00000000-0000-0000-0000-000000000000"], "principal id"),
            (&["--login", &owner], "is a role"),
            (&["--administrator", ""], "1 to 63 bytes"),
            (&["--administrator", &long], "1 to 63 bytes"),
            (&["--administrator", "a\nb"], "control characters"),
            (&["--administrator", "pg_monitor"], "is a role"),
            (&["--administrator", "x", "--login", &x], "not both"),
            (&["--login", &x, "--login", other], "one object id"),
        ] {
            let refused = parse(words).unwrap_err();
            assert!(refused.contains(said), "{words:?}: {refused}");
        }
    }

    #[test]
    fn one_login_may_have_both_roles() {
        let logins = ["orders_api", "orders_processor"].map(|role| format!("{role}=x:{ID}"));
        let read = parse(&["--login", &logins[0], "--login", &logins[1]]).unwrap();
        assert!(read.logins.len() == 2 && !read.is_empty());
    }
}
