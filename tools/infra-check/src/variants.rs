//! The choices of parameters that every assertion is held in.

use std::{fs, io, path::Path};

use crate::{deployment::Deployment, snapshot};

/// Flex Consumption.
pub const FLEX: &str = "flex";
/// A Premium v3 plan, or an Isolated v2 one in an App Service Environment.
pub const DEDICATED: &str = "dedicated";
/// Storage, vaults and apps behind private endpoints.
pub const PRIVATE_ENDPOINTS: &str = "privateEndpoints";
/// Storage, vaults and apps behind service endpoints and default deny.
pub const SERVICE_ENDPOINTS: &str = "serviceEndpoints";

/// No network of our own: identities alone close storage, vaults and apps.
pub const OPEN: &str = "open";

/// What makes names unique: `uniqueString` of the made-up subscription, environment and region.
pub const TOKEN: &str = "bgtmmfwj4uny4";

/// The folder of the parameter files and of their snapshots, from the repository's root.
pub const FOLDER: &str = "infra/variants";

/// One choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    /// What its files are called.
    pub name: &'static str,
    /// Which of the two sizes.
    pub size: Size,
    /// `flex` or `dedicated`.
    pub plan: &'static str,
    /// `privateEndpoints`, `serviceEndpoints`, or `open` where it is small.
    pub network: &'static str,
    /// What it has beyond that.
    pub extras: Extras,
}

/// What is deployed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// To see it run: no network, no gateway.
    Small,
    /// With a network of its own and a gateway.
    Production,
}

/// What a variant has beyond plan and network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extras {
    /// Nothing that is optional.
    Nothing,
    /// Keys of our own, Defender, Sentinel and a runner.
    Options,
    /// Front Door before the gateway.
    Front,
    /// An App Service Environment around the apps.
    Isolated,
    /// Programs that call the api app itself, and no gateway's API.
    Direct,
    /// Less, as the first provision: no host name, no backend, the apps have never run.
    First,
}

/// A snapshot cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum VariantError {
    /// There is no file.
    #[error("cannot read {0}: run `cargo xtask infra snapshot`")]
    Missing(String, #[source] io::Error),
    /// It is of another form.
    #[error("{0} is no snapshot: run `cargo xtask infra snapshot`")]
    Form(String, #[source] snapshot::SnapshotError),
}

/// Every choice.
#[must_use]
pub fn all() -> Vec<Variant> {
    let variant =
        |name, plan, network, extras| Variant { name, size: Size::Production, plan, network, extras };
    vec![
        Variant { size: Size::Small, ..variant("flex-small", FLEX, OPEN, Extras::Nothing) },
        variant("flex-first", FLEX, PRIVATE_ENDPOINTS, Extras::First),
        variant("flex-private-plain", FLEX, PRIVATE_ENDPOINTS, Extras::Nothing),
        variant("flex-private-full", FLEX, PRIVATE_ENDPOINTS, Extras::Options),
        variant("flex-front", FLEX, PRIVATE_ENDPOINTS, Extras::Front),
        variant("dedicated-private-plain", DEDICATED, PRIVATE_ENDPOINTS, Extras::Nothing),
        variant("dedicated-private-full", DEDICATED, PRIVATE_ENDPOINTS, Extras::Options),
        variant("dedicated-isolated", DEDICATED, PRIVATE_ENDPOINTS, Extras::Isolated),
        variant("dedicated-direct", DEDICATED, PRIVATE_ENDPOINTS, Extras::Direct),
        variant("dedicated-service-plain", DEDICATED, SERVICE_ENDPOINTS, Extras::Nothing),
        variant("dedicated-service-full", DEDICATED, SERVICE_ENDPOINTS, Extras::Options),
    ]
}

impl Variant {
    /// Its file of parameters, from the repository's root.
    #[must_use]
    pub fn parameters(&self) -> String {
        format!("{FOLDER}/{}.bicepparam", self.name)
    }

    /// What the compiler made of it, from the repository's root.
    #[must_use]
    pub fn snapshot(&self) -> String {
        format!("{FOLDER}/{}.snapshot.json", self.name)
    }

    /// Whether there is an API on the gateway.
    #[must_use]
    pub fn has_api(&self) -> bool {
        self.size == Size::Production && self.extras != Extras::Direct
    }

    /// What it deploys, read from its committed snapshot.
    ///
    /// # Errors
    /// When there is none.
    pub fn deploy(&self, root: &Path) -> Result<Deployment, VariantError> {
        let path = self.snapshot();
        let text = fs::read_to_string(root.join(&path))
            .map_err(|error| VariantError::Missing(path.clone(), error))?;
        snapshot::read(&text).map_err(|error| VariantError::Form(path, error))
    }
}
