//! The variants of the deployment parameters. Every assertion is checked in each variant that it concerns.

use std::{fs, io, path::Path};

use crate::{deployment::Deployment, snapshot};

/// The hosting plan Flex Consumption.
pub const FLEX_PLAN: &str = "flex";
/// The hosting plan Premium v3, or Isolated v2 in an App Service Environment.
pub const DEDICATED_PLAN: &str = "dedicated";
/// A network choice: storage, vaults and apps are behind private endpoints.
pub const PRIVATE_ENDPOINTS_NETWORK: &str = "privateEndpoints";
/// A network choice: storage, vaults and apps are behind service endpoints and default deny.
pub const SERVICE_ENDPOINTS_NETWORK: &str = "serviceEndpoints";

/// A network choice: no virtual network, so that only identities protect storage, vaults and apps.
pub const NO_NETWORK: &str = "open";

/// The suffix that makes resource names unique: `uniqueString` of the made-up subscription, environment and region.
pub const RESOURCE_TOKEN: &str = "bgtmmfwj4uny4";

/// The folder of the parameter files and of their snapshots, from the repository's root.
pub const VARIANTS_FOLDER: &str = "infra/variants";

/// A choice of deployment parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variant {
    /// The name of its files in `infra/variants`, without the extension.
    pub name: &'static str,
    /// Whether it is a small or a production deployment.
    pub size: Size,
    /// `flex` or `dedicated`.
    pub plan: &'static str,
    /// `privateEndpoints`, `serviceEndpoints`, or `open` where it is small.
    pub network: &'static str,
    /// Its optional parts.
    pub features: FeatureSet,
}

/// The size of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// To try it: no network, no gateway.
    Small,
    /// With its own network and a gateway.
    Production,
}

/// The optional parts that a variant deploys beside its plan and network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeatureSet {
    /// No optional part.
    Plain,
    /// Customer-managed keys, Defender, Sentinel and a runner.
    Full,
    /// Front Door before the gateway.
    FrontDoor,
    /// An App Service Environment around the apps.
    AppServiceEnvironment,
    /// Programs that call the api app without the gateway; the gateway has no API.
    DirectCallers,
    /// The first provision, which has less: no host name and no backend, and the apps have never run.
    FirstProvision,
}

/// A snapshot cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotFileError {
    /// The file cannot be read.
    #[error("cannot read {0}: run `cargo xtask infra snapshot`")]
    Unreadable(String, #[source] io::Error),
    /// The file has another format.
    #[error("{0} is no snapshot: run `cargo xtask infra snapshot`")]
    Form(String, #[source] snapshot::SnapshotError),
}

/// Every variant.
#[must_use]
pub fn all_variants() -> Vec<Variant> {
    let variant =
        |name, plan, network, features| Variant { name, size: Size::Production, plan, network, features };
    vec![
        Variant { size: Size::Small, ..variant("flex-small", FLEX_PLAN, NO_NETWORK, FeatureSet::Plain) },
        variant("flex-first", FLEX_PLAN, PRIVATE_ENDPOINTS_NETWORK, FeatureSet::FirstProvision),
        variant("flex-private-plain", FLEX_PLAN, PRIVATE_ENDPOINTS_NETWORK, FeatureSet::Plain),
        variant("flex-private-full", FLEX_PLAN, PRIVATE_ENDPOINTS_NETWORK, FeatureSet::Full),
        variant("flex-front", FLEX_PLAN, PRIVATE_ENDPOINTS_NETWORK, FeatureSet::FrontDoor),
        variant("dedicated-private-plain", DEDICATED_PLAN, PRIVATE_ENDPOINTS_NETWORK, FeatureSet::Plain),
        variant("dedicated-private-full", DEDICATED_PLAN, PRIVATE_ENDPOINTS_NETWORK, FeatureSet::Full),
        variant(
            "dedicated-isolated",
            DEDICATED_PLAN,
            PRIVATE_ENDPOINTS_NETWORK,
            FeatureSet::AppServiceEnvironment,
        ),
        variant("dedicated-direct", DEDICATED_PLAN, PRIVATE_ENDPOINTS_NETWORK, FeatureSet::DirectCallers),
        variant("dedicated-service-plain", DEDICATED_PLAN, SERVICE_ENDPOINTS_NETWORK, FeatureSet::Plain),
        variant("dedicated-service-full", DEDICATED_PLAN, SERVICE_ENDPOINTS_NETWORK, FeatureSet::Full),
    ]
}

impl Variant {
    /// The path of its parameter file, from the repository's root.
    #[must_use]
    pub fn parameters_path(&self) -> String {
        format!("{VARIANTS_FOLDER}/{}.bicepparam", self.name)
    }

    /// The path of its snapshot, from the repository's root.
    #[must_use]
    pub fn snapshot_path(&self) -> String {
        format!("{VARIANTS_FOLDER}/{}.snapshot.json", self.name)
    }

    /// Whether there is an API on the gateway.
    #[must_use]
    pub fn has_api(&self) -> bool {
        self.size == Size::Production && self.features != FeatureSet::DirectCallers
    }

    /// The deployment, read from the committed snapshot.
    ///
    /// # Errors
    /// When the snapshot cannot be read.
    pub fn read_deployment(&self, root: &Path) -> Result<Deployment, SnapshotFileError> {
        let path = self.snapshot_path();
        let text = fs::read_to_string(root.join(&path))
            .map_err(|error| SnapshotFileError::Unreadable(path.clone(), error))?;
        snapshot::read(&text).map_err(|error| SnapshotFileError::Form(path, error))
    }
}
