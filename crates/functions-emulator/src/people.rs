//! Who one can be: tenant, audience, people and apps with their roles, from a file of the app.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
};

use functions_lint::json::{Document, JsonError};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The app's made-up directory.
#[derive(Clone, Debug)]
pub struct People {
    tenant: Uuid,
    audience: String,
    client: Uuid,
    scopes: Vec<String>,
    excluded: Vec<String>,
    members: Vec<Person>,
}

/// A person or app that the issuer gives tokens to.
#[derive(Clone, Debug)]
pub struct Person {
    /// What one calls them by; letters, digits, `.`, `_` and `-`, unique in the file.
    pub name: String,
    /// Their object id, or that of an app's service principal.
    pub object_id: Uuid,
    /// The tenant they belong to.
    pub tenant_id: Uuid,
    /// App roles that are assigned to them.
    pub roles: Vec<String>,
    /// A user or an app.
    pub kind: Kind,
}

/// What a token speaks for; spelled as the claim `idtyp`.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A human being, through a client.
    #[default]
    User,
    /// An app for itself.
    App,
}

/// Why a people file cannot be used: one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
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
    #[error("{} is not a people file: correct what follows", .path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// Where, and what was expected.
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PeopleFile {
    tenant_id: Uuid,
    audience: String,
    client_id: Uuid,
    scopes: Vec<String>,
    #[serde(default)]
    excluded_paths: Vec<String>,
    people: Vec<PersonEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PersonEntry {
    name: String,
    object_id: Uuid,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    kind: Kind,
    tenant_id: Option<Uuid>,
}

/// The people file of an app, in its folder.
pub const FILE: &str = ".local-host.json";

impl People {
    /// The people of an app: those of the file [`FILE`] in its folder, or, where there is none, somebody of each kind who
    /// fits any app.
    ///
    /// # Errors
    /// As [`Self::load`], for a file that is there.
    pub fn of_app(root: &Path) -> Result<Self, PeopleError> {
        let file = root.join(FILE);
        if file.exists() { Self::load(&file) } else { Ok(Self::anybody()) }
    }

    /// Two users who tell whether one sees what is the other's, an administrator, and a program.
    fn anybody() -> Self {
        let tenant = Uuid::from_u128(0x10ca_1000_0000_4000_8000_0000_0000_0001);
        let person = |number: u128, name: &str, roles: &[&str], kind| Person {
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
                person(1, "user", &[], Kind::User),
                person(2, "other-user", &[], Kind::User),
                person(3, "admin", &["Admin"], Kind::User),
                person(4, "program", &[], Kind::App),
            ],
        }
    }

    /// Reads a people file.
    ///
    /// # Errors
    /// When the file cannot be read, is not of the expected form, or holds a value that cannot be used.
    pub fn load(path: &Path) -> Result<Self, PeopleError> {
        let bytes =
            fs::read(path).map_err(|source| PeopleError::Unreadable { path: path.to_owned(), source })?;
        let read = Document::parse_bytes(&bytes).and_then(|document| document.to::<PeopleFile>());
        let file = read.map_err(|source| PeopleError::Form { path: path.to_owned(), source })?;
        file.check().map_err(|what| PeopleError::Value { path: path.to_owned(), what })?;
        Ok(file.into_people())
    }

    /// Finds a person by the name in the file.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Person> {
        self.members.iter().find(|person| person.name == name)
    }

    /// Everyone, in the file's sequence.
    pub fn iter(&self) -> impl Iterator<Item = &Person> {
        self.members.iter()
    }

    /// The app's own tenant.
    #[must_use]
    pub fn tenant(&self) -> Uuid {
        self.tenant
    }

    /// What the claim `aud` must be.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.audience
    }

    /// The client that asks for tokens: the claim `azp`.
    #[must_use]
    pub fn client(&self) -> Uuid {
        self.client
    }

    /// The scopes that users consent to: the claim `scp`.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// Whether the front lets this path through without a token (`excludedPaths`); compared exactly.
    #[must_use]
    pub fn excludes(&self, path: &str) -> bool {
        self.excluded.iter().any(|excluded| excluded == path)
    }

    /// Whether anyone in the file belongs to this tenant, or the app itself does.
    #[must_use]
    pub fn knows_tenant(&self, tenant: Uuid) -> bool {
        self.tenant == tenant || self.members.iter().any(|person| person.tenant_id == tenant)
    }
}

impl PeopleFile {
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
        for PersonEntry { name, .. } in &self.people {
            if !is_plain(name) {
                return Err(format!("the name `{name}` must consist of letters, digits, `.`, `_` and `-`"));
            }
            if !names.insert(name) {
                return Err(format!("two people are named `{name}`: rename one"));
            }
        }
        Ok(())
    }

    fn into_people(self) -> People {
        let tenant = self.tenant_id;
        let person = |entry: PersonEntry| Person {
            name: entry.name,
            object_id: entry.object_id,
            tenant_id: entry.tenant_id.unwrap_or(tenant),
            roles: entry.roles,
            kind: entry.kind,
        };
        People {
            tenant,
            audience: self.audience,
            client: self.client_id,
            scopes: self.scopes,
            excluded: self.excluded_paths,
            members: self.people.into_iter().map(person).collect(),
        }
    }
}

/// A name stands on command lines and in a header, so it needs no quoting in either.
fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}
