//! The required properties of every deployment: control → type → property → expected.

mod check;
mod table;
mod expectation;

pub use check::{Violation, check};
pub(crate) use expectation::is_made_up;
pub use expectation::{Expectation, ReferencingResource};
pub use table::table;

use crate::variants::{FeatureSet, Size, Variant};

/// One assertion about a type of resource. It holds if every resource that it is about has the property, and fails
/// when there is no such resource.
#[derive(Debug, Clone)]
pub struct Assertion {
    /// The id of the assertion in `docs/controls.md`: the control, a dash, a word.
    pub id: &'static str,
    /// The type of the resources, such as `Microsoft.Web/sites`.
    pub kind: &'static str,
    /// Restricts the resources of that type: paths and their required values, all of them.
    pub only: &'static [(&'static str, &'static str)],
    /// The property, such as `properties.subnets[*].properties.natGateway`; `[*]` is every item, of which there has to be
    /// one.
    pub path: &'static str,
    /// The expected value.
    pub want: Expectation,
    /// The sizes of deployments in which it is checked.
    pub sizes: &'static [Size],
    /// The variants in which it is checked.
    pub when: VariantFilter,
    /// The least number of resources.
    pub least: usize,
}

impl Assertion {
    /// Whether this assertion is checked for a variant.
    #[must_use]
    pub fn applies_to(&self, variant: Variant) -> bool {
        self.sizes.contains(&variant.size) && self.when.is(variant)
    }
}

/// The variants of the deployment for which an assertion is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariantFilter {
    /// All.
    Always,
    /// Variants with one of the two plans.
    Plan(&'static str),
    /// Variants with one of the two networks.
    Network(&'static str),
    /// Variants with these optional parts.
    WithFeatures(FeatureSet),
    /// Variants without these optional parts.
    WithoutFeatures(FeatureSet),
    /// Variants whose gateway has the API.
    WithApi,
    /// Variants whose gateway has the API and its own host name.
    WithHostName,
    /// Variants with a plan, but not in an App Service Environment.
    PlanWithoutAse(&'static str),
    /// Variants with a network, but not in an App Service Environment.
    NetworkWithoutAse(&'static str),
}

impl VariantFilter {
    fn is(self, variant: Variant) -> bool {
        match self {
            Self::Always => true,
            Self::Plan(plan) => variant.plan == plan,
            Self::Network(network) => variant.network == network,
            Self::WithFeatures(features) => variant.features == features,
            Self::WithoutFeatures(features) => variant.features != features,
            Self::WithApi => variant.has_api(),
            Self::WithHostName => variant.has_api() && variant.features != FeatureSet::FirstProvision,
            Self::NetworkWithoutAse(network) => {
                variant.network == network && variant.features != FeatureSet::AppServiceEnvironment
            }
            Self::PlanWithoutAse(plan) => {
                variant.plan == plan && variant.features != FeatureSet::AppServiceEnvironment
            }
        }
    }
}
