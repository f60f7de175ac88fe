//! The choices of parameters that every assertion is held in.

use std::collections::BTreeMap;

use crate::bicep::{Deployment, Sources, Value, deploy};

/// The main file.
pub const MAIN: &str = "infra/main.bicep";

/// Flex Consumption.
pub const FLEX: &str = "flex";
/// A Premium v3 plan.
pub const DEDICATED: &str = "dedicated";
/// Storage, vaults and apps behind private endpoints.
pub const PRIVATE_ENDPOINTS: &str = "privateEndpoints";
/// Storage, vaults and apps behind service endpoints and default deny.
pub const SERVICE_ENDPOINTS: &str = "serviceEndpoints";

/// One choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct World {
    /// `flex` or `dedicated`.
    pub plan: &'static str,
    /// `privateEndpoints` or `serviceEndpoints`.
    pub network: &'static str,
    /// Whether everything that is optional is there.
    pub options: bool,
}

/// Both plans, both networks, with and without what is optional.
#[must_use]
pub fn all() -> Vec<World> {
    let mut worlds = Vec::new();
    for plan in [FLEX, DEDICATED] {
        for network in [PRIVATE_ENDPOINTS, SERVICE_ENDPOINTS] {
            worlds.extend([false, true].map(|options| World { plan, network, options }));
        }
    }
    worlds
}

impl World {
    /// What an operator who makes this choice would give.
    #[must_use]
    pub fn parameters(&self) -> BTreeMap<String, Value> {
        let mut parameters = given();
        parameters.insert("plan".to_owned(), Value::exact(self.plan));
        parameters.insert("network".to_owned(), Value::exact(self.network));
        for option in ["customerManagedKeys", "front", "defender", "sentinel", "runner"] {
            parameters.insert(option.to_owned(), Value::Bool(self.options));
        }
        if self.is_direct() {
            parameters.insert("directCallers".to_owned(), Value::exact("203.0.113.0/24"));
            parameters.insert(
                "directCertificates".to_owned(),
                Value::exact("33333333-3333-4333-8333-333333333333=partner.example"),
            );
        }
        if self.options && self.plan == DEDICATED {
            let environment = Value::exact("/subscriptions/s/hostingEnvironments/e");
            parameters.insert("appServiceEnvironmentId".to_owned(), environment);
        }
        parameters
    }

    /// Whether programs call the api app itself.
    #[must_use]
    pub fn is_direct(&self) -> bool {
        self.options && self.plan == DEDICATED && self.network == PRIVATE_ENDPOINTS
    }

    /// What it deploys.
    #[must_use]
    pub fn deploy(&self, sources: &Sources) -> Deployment {
        deploy(sources, MAIN, &self.parameters())
    }
}

fn given() -> BTreeMap<String, Value> {
    let json = serde_json::json!({
        "environmentName": "test",
        "location": "westeurope",
        "apiClientId": "11111111-1111-4111-8111-111111111111",
        "allowedClients": {
            "users": ["22222222-2222-4222-8222-222222222222"],
            "apps": ["33333333-3333-4333-8333-333333333333"],
        },
        "allowedCallers": [{ "from": "192.0.2.1", "to": "192.0.2.9", "cidr": "192.0.2.0/28" }],
        "corsOrigins": ["https://shop.example"],
        "partnerCertificates": "33333333-3333-4333-8333-333333333333=00FF",
        "publish": true,
        "gatewayHostName": "api.example.com",
        "publisherName": "Example",
        "alertEmail": "operators@example.com",
        "fulfilmentUrl": "https://fulfilment.example.com",
        "fulfilmentAddressPrefix": "198.51.100.7/32",
        "databaseAdministratorsId": "44444444-4444-4444-8444-444444444444",
        "databaseAdministratorsName": "database administrators",
        "repository": "example/orders-worker",
        "budgetStart": "2026-01-01",
        "runnerSshKey": "ssh-ed25519 AAAA",
    });
    match Value::from(&json) {
        Value::Object(given) => given.into_iter().collect(),
        _ => BTreeMap::new(),
    }
}
