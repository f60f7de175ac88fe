//! Users and apps that can sign in: tenant, audience and their roles, from a file of the app.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
};

use functions_lint::json::{Document, JsonError};
use serde::{Deserialize, Serialize, de::IgnoredAny};
use uuid::Uuid;

/// The app's made-up directory.
#[derive(Clone, Debug)]
pub struct Users {
    tenant: Uuid,
    audience: String,
    client: Uuid,
    scopes: Vec<String>,
    excluded: Vec<String>,
    members: Vec<User>,
}

/// A user or app that the issuer gives tokens to.
#[derive(Clone, Debug)]
pub struct User {
    /// The name of the user; letters, digits, `.`, `_` and `-`, unique in the file.
    pub name: String,
    /// Their object id, or that of an app's service principal.
    pub object_id: Uuid,
    /// The tenant they belong to.
    pub tenant_id: Uuid,
    /// App roles that are assigned to them.
    pub roles: Vec<String>,
    /// A user or an app.
    pub kind: PrincipalKind,
}

/// The kind of a token's principal; spelled as the claim `idtyp`.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum PrincipalKind {
    /// A human being, through a client.
    #[default]
    User,
    /// An app for itself.
    App,
}

/// Why a users file cannot be used: one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum UsersError {
    /// The file cannot be read.
    #[error("cannot read {}: create it or correct its path", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file is no JSON of the expected form.
    #[error("{} is not a users file: correct what follows", .path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// The position in the file, and what was expected there.
        #[source]
        source: JsonError,
    },
    /// A value contradicts the others or cannot be used.
    #[error("{}: {what}", .path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// One sentence.
        what: String,
    },
}

/// An app for functions-emulator: its tenant and who can sign in, its access keys, and options of the command.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(title = "functions-emulator.json"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UsersFile {
    /// The JSON Schema of this file, for editors. The emulator does not read it.
    #[serde(rename = "$schema", default)]
    _schema: Option<String>,
    /// The app's own tenant: the claim `tid` of its users.
    tenant_id: Uuid,
    /// The client id of the API's app registration: the claim `aud`.
    #[cfg_attr(test, schemars(length(min = 1)))]
    audience: String,
    /// The client that asks for tokens: the claim `azp`.
    client_id: Uuid,
    /// The scopes that users consent to: the claim `scp`. Each is one word.
    #[cfg_attr(test, schemars(inner(regex(pattern = "^[^ ]+$"))))]
    scopes: Vec<String>,
    /// Paths that need no token. They are compared exactly.
    #[cfg_attr(test, schemars(inner(regex(pattern = "^/"))))]
    #[serde(default)]
    excluded_paths: Vec<String>,
    /// The users and apps that can sign in. No two have one name.
    #[serde(alias = "people")]
    users: Vec<UserEntry>,
    /// [`crate::emulator_file`] reads it.
    #[cfg_attr(test, schemars(skip))]
    #[serde(rename = "keys", default)]
    _keys: IgnoredAny,
    /// [`crate::emulator_file`] reads it.
    #[cfg_attr(test, schemars(skip))]
    #[serde(rename = "options", default)]
    _options: IgnoredAny,
}

/// The members that say nothing of users: a file with no others has the default users.
const OTHER_MEMBERS: [&str; 3] = ["$schema", "keys", "options"];

/// A user, or an app that calls for itself.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct UserEntry {
    /// The name on the command line and in the console: letters, digits, `.`, `_` and `-`.
    #[cfg_attr(test, schemars(regex(pattern = "^[A-Za-z0-9._-]+$")))]
    name: String,
    /// The object id of the user, or of the app's service principal: the claim `oid`.
    object_id: Uuid,
    /// The app roles that are assigned: the claim `roles`.
    #[serde(default)]
    roles: Vec<String>,
    /// A user or an app: the claim `idtyp`.
    #[serde(default)]
    kind: PrincipalKind,
    /// The tenant of a user from elsewhere. Without it, the tenant of the file.
    tenant_id: Option<Uuid>,
}

/// The users file of an app, in its folder.
pub const USERS_FILE: &str = "functions-emulator.json";

impl Users {
    /// The users of the file [`USERS_FILE`] in an app folder; the default users if there is no such file.
    ///
    /// # Errors
    /// As [`Self::load`], for an existing file.
    pub fn from_app_folder(root: &Path) -> Result<Self, UsersError> {
        let file = root.join(USERS_FILE);
        if file.exists() { Self::load(&file) } else { Ok(Self::default_users()) }
    }

    /// Two users, so that one can try to read the other's data, an administrator, and a program.
    fn default_users() -> Self {
        let tenant = Uuid::from_u128(0x10ca_1000_0000_4000_8000_0000_0000_0001);
        let user = |number: u128, name: &str, roles: &[&str], kind| User {
            name: name.to_owned(),
            object_id: Uuid::from_u128(0x10ca_1000_0000_4000_8000_0000_0000_0100 + number),
            tenant_id: tenant,
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            kind,
        };
        Self {
            tenant,
            audience: "10ca1000-0000-4000-8000-000000000002".to_owned(),
            client: Uuid::from_u128(0x10ca_1000_0000_4000_8000_0000_0000_0003),
            scopes: vec!["user_impersonation".to_owned()],
            excluded: Vec::new(),
            members: vec![
                user(1, "user", &[], PrincipalKind::User),
                user(2, "other-user", &[], PrincipalKind::User),
                user(3, "admin", &["Admin"], PrincipalKind::User),
                user(4, "program", &[], PrincipalKind::App),
            ],
        }
    }

    /// Reads the users of a file; the default users where it names none.
    ///
    /// # Errors
    /// When the file cannot be read, is not of the expected form, or holds a value that cannot be used.
    pub fn load(path: &Path) -> Result<Self, UsersError> {
        let bytes =
            fs::read(path).map_err(|source| UsersError::Unreadable { path: path.to_owned(), source })?;
        let form = |source| UsersError::Form { path: path.to_owned(), source };
        let document = Document::parse_bytes(&bytes).map_err(form)?;
        let is_other = |name: &String| OTHER_MEMBERS.contains(&name.as_str());
        if document.value().as_object().is_some_and(|members| members.keys().all(is_other)) {
            return Ok(Self::default_users());
        }
        let file: UsersFile = document.to().map_err(form)?;
        file.check().map_err(|what| UsersError::Value { path: path.to_owned(), what })?;
        Ok(file.into_users())
    }

    /// Finds a user by the name in the file.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&User> {
        self.members.iter().find(|user| user.name == name)
    }

    /// All users and apps, in the file's sequence.
    pub fn iter(&self) -> impl Iterator<Item = &User> {
        self.members.iter()
    }

    /// The app's own tenant.
    #[must_use]
    pub fn tenant(&self) -> Uuid {
        self.tenant
    }

    /// The required claim `aud`.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// The client that asks for tokens: the claim `azp`.
    #[must_use]
    pub fn client_id(&self) -> Uuid {
        self.client
    }

    /// The scopes that users consent to: the claim `scp`.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// Whether EasyAuth lets this path through without a token (`excludedPaths`); compared exactly.
    #[must_use]
    pub fn excludes_path(&self, path: &str) -> bool {
        self.excluded.iter().any(|excluded| excluded == path)
    }

    /// Whether anyone in the file belongs to this tenant, or the app itself does.
    #[must_use]
    pub fn knows_tenant(&self, tenant: Uuid) -> bool {
        self.tenant == tenant || self.members.iter().any(|user| user.tenant_id == tenant)
    }
}

impl UsersFile {
    fn check(&self) -> Result<(), String> {
        if self.audience.is_empty() {
            return Err("`audience` must not be empty: set it to the API's client id".to_owned());
        }
        if let Some(path) = self.excluded_paths.iter().find(|path| !path.starts_with('/')) {
            return Err(format!("excluded path `{path}` must begin with a slash"));
        }
        // The claim `scp` joins scopes with spaces, so one with a space would be two.
        if let Some(scope) = self.scopes.iter().find(|scope| scope.is_empty() || scope.contains(' ')) {
            return Err(format!("scope `{scope}` must be one word"));
        }
        let mut names = HashSet::new();
        for UserEntry { name, .. } in &self.users {
            if !is_plain(name) {
                return Err(format!("the name `{name}` must consist of letters, digits, `.`, `_` and `-`"));
            }
            if !names.insert(name) {
                return Err(format!("two users have the name `{name}`: rename one"));
            }
        }
        Ok(())
    }

    fn into_users(self) -> Users {
        let tenant = self.tenant_id;
        let user = |entry: UserEntry| User {
            name: entry.name,
            object_id: entry.object_id,
            tenant_id: entry.tenant_id.unwrap_or(tenant),
            roles: entry.roles,
            kind: entry.kind,
        };
        Users {
            tenant,
            audience: self.audience,
            client: self.client_id,
            scopes: self.scopes,
            excluded: self.excluded_paths,
            members: self.users.into_iter().map(user).collect(),
        }
    }
}

/// A name appears on command lines and in a header, so it needs no quoting in either.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}
