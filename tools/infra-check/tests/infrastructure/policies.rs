//! What the gateway does to each operation, all scopes put together.

mod broken;
mod gaps;
mod wanted;

use std::{collections::BTreeMap, fs};

use infra_check::{
    deployment::Deployment,
    openapi_import::operation_name,
    policy::{AppliedPolicy, Element, effective_policies, find_unsupported, read},
    value::{Value, steps},
    variants::{FeatureSet, Variant},
};

use serde_json::Value as Json;

use crate::{deployments, root};
use gaps::gaps;

const GLOBAL: &str = "Microsoft.ApiManagement/service/policies";
const PRODUCT: &str = "Microsoft.ApiManagement/service/products/policies";
const API: &str = "Microsoft.ApiManagement/service/apis/policies";
const OPERATION: &str = "Microsoft.ApiManagement/service/apis/operations/policies";

/// The policies that would be deployed, by scope: global, product, api, and each operation that has one.
struct Policies {
    around: Vec<Element>,
    operations: BTreeMap<String, Element>,
}

impl Policies {
    fn of(deployment: &Deployment) -> Self {
        let of_kind = |kind| deployment.resources_of_type(kind);
        let element = |value: Option<&Value>| {
            let text = value.and_then(Value::text).expect("a policy is a text that is known");
            read(text).expect("a policy is XML")
        };
        let one = |kind| {
            let mut all = of_kind(kind);
            let only = all.next().expect("there is one");
            assert!(all.next().is_none(), "two policies of one scope: {kind}");
            element(only.body.at("properties.value"))
        };
        let operation =
            |name: &str| name.split('/').nth(2).expect("service, api, operation, policy").to_owned();
        let operations = of_kind(OPERATION);
        let operations =
            operations.map(|one| (operation(&one.name), element(one.body.at("properties.value"))));
        Self { around: vec![one(GLOBAL), one(PRODUCT), one(API)], operations: operations.collect() }
    }

    /// Every variation of these policies that has one error in one policy.
    fn broken(&self) -> Vec<(String, Self)> {
        let mut all = Vec::new();
        for (place, policy) in self.around.iter().enumerate() {
            all.extend(broken::ways(policy).into_iter().map(|(what, changed)| {
                let mut around = self.around.clone();
                around[place] = changed;
                (what, Self { around, operations: self.operations.clone() })
            }));
        }
        for (name, policy) in &self.operations {
            all.extend(broken::ways(policy).into_iter().map(|(what, changed)| {
                let mut operations = self.operations.clone();
                operations.insert(name.clone(), changed);
                (format!("{name}: {what}"), Self { around: self.around.clone(), operations })
            }));
        }
        all
    }

    /// The policies that an operation passes, from the outermost to its own.
    fn scopes(&self, operation: &str) -> impl Iterator<Item = &Element> {
        self.around.iter().chain(self.operations.get(&operation.to_lowercase()))
    }

    fn steps(&self, operation: &str, section: &str) -> Vec<AppliedPolicy> {
        let scopes: Vec<&Element> = self.scopes(operation).collect();
        effective_policies(&scopes, section)
    }
}

/// The worker's own description, which the gateway imports.
fn description() -> Json {
    let text = fs::read_to_string(root().join("docs/openapi.json")).expect("the description is committed");
    serde_json::from_str(&text).expect("the description is JSON")
}

/// Path, method and what the description says of them.
fn described(description: &Json) -> Vec<(String, &Json)> {
    let paths = description["paths"].as_object().expect("paths");
    let each = paths.values().flat_map(|path| path.as_object().expect("methods").values());
    each.map(|operation| (operation["operationId"].as_str().expect("an id").to_owned(), operation)).collect()
}

/// Every operation that the gateway publishes: those of the description, which are the functions that have a route.
fn operations() -> Vec<String> {
    let mut described: Vec<_> = described(&description()).into_iter().map(|(name, _)| name).collect();
    described.sort();
    let mut routed = routed();
    routed.sort();
    assert_eq!(described, routed);
    described
}

fn routed() -> Vec<String> {
    let folders = fs::read_dir(root().join("functions")).expect("the functions are there");
    let mut names = Vec::new();
    for folder in folders {
        let folder = folder.expect("an entry").path();
        let text = fs::read_to_string(folder.join("function.json")).expect("a function has its file");
        if text.contains("\"httpTrigger\"") {
            names.push(folder.file_name().expect("a name").to_string_lossy().into_owned());
        }
    }
    assert!(names.len() >= 12, "{names:?}");
    names
}

/// What our Front Door calls itself, where there is one.
fn front_door(variant: Variant) -> Option<&'static str> {
    const PROFILE: &str = "‹/subscriptions/00000000-0000-4000-8000-000000000002/resourceGroups/rg-test/providers/Microsoft.Cdn/profiles/afd-bgtmmfwj4uny4›.frontDoorId";
    (variant.features == FeatureSet::FrontDoor).then_some(PROFILE)
}

/// Every choice in which the gateway has the API.
fn with_api() -> impl Iterator<Item = (Variant, &'static Deployment)> {
    let all = deployments().iter().filter(|(variant, _)| variant.has_api());
    all.map(|(variant, deployment)| (*variant, deployment))
}

fn gaps_of(variant: Variant, deployment: &Deployment) -> Vec<String> {
    let policies = Policies::of(deployment);
    operations().iter().flat_map(|operation| gaps(&policies, operation, front_door(variant))).collect()
}

#[test]
fn every_operation_runs_all_checks_in_order() {
    for (variant, deployment) in with_api() {
        assert_eq!(gaps_of(variant, deployment), Vec::<String>::new(), "{}", variant.name);
    }
}

#[test]
fn every_policy_value_is_checked() {
    let operations = operations();
    let mut unnoticed = Vec::new();
    let mut made = 0;
    for (variant, deployment) in with_api() {
        let policies = Policies::of(deployment);
        for (what, broken) in policies.broken() {
            let noticed = operations.iter().any(|one| !gaps(&broken, one, front_door(variant)).is_empty());
            made += 1;
            if !noticed {
                unnoticed.push(format!("{variant:?}: {what}"));
            }
        }
    }
    assert!(made > 500, "{made}");
    assert_eq!(unnoticed, Vec::<String>::new());
}

#[test]
fn every_policy_element_is_supported_by_apim() {
    for (_, deployment) in with_api() {
        let policies = Policies::of(deployment);
        for policy in policies.around.iter().chain(policies.operations.values()) {
            assert_eq!(find_unsupported(policy), Vec::<String>::new());
        }
    }
}

#[test]
fn every_operation_policy_matches_an_imported_operation() {
    let imported: Vec<String> = operations().iter().map(|id| operation_name(id)).collect();
    for (variant, deployment) in with_api() {
        let policies = Policies::of(deployment);
        assert_eq!(policies.operations.len(), 2, "{}", variant.name);
        assert!(policies.operations.keys().all(|name| imported.contains(name)), "{}", variant.name);
    }
}

#[test]
fn broken_policies_are_detected() {
    let (api, list, global, partners) = (API, OPERATION, GLOBAL, PRODUCT);
    let cors = "<allowed-origins><origin>https://shop.example</origin></allowed-origins>";
    let key = "<set-header name=\"x-functions-key\" exists-action=\"override\">\n            <value>{{function-key}}</value>\n        </set-header>\n";
    let changes = [
        (
            api,
            "        <base />\n        <validate-parameters",
            "        <validate-parameters",
            "no validate-azure-ad-token as",
        ),
        (list, "<inbound>\n        <base />", "<inbound>", "ListProducts: no ip-filter"),
        (partners, "<inbound>\n        <base />", "<inbound>", "no rate-limit-by-key"),
        (partners, "<quota calls=\"500000\" renewal-period=\"604800\" />", "", "no quota"),
        (global, "<ip-filter action=\"allow\">", "<ip-filter action=\"forbid\">", "no ip-filter"),
        (api, cors, "<allowed-origins><origin>*</origin></allowed-origins>", "no cors"),
        (api, "</cors>\n        <base />", "</cors>", "no validate-azure-ad-token"),
        (api, "<inbound>\n        ", "<inbound><base />\n        ", "comes too early"),
        (api, key, "", "no set-header x-functions-key"),
        (api, "max-size=\"65536\"", "max-size=\"102400\"", "no validate-content"),
        (
            api,
            "        <set-header name=\"X-ARR-ClientCert\" exists-action=\"delete\" />\n",
            "",
            "no set-header X-ARR-ClientCert",
        ),
        (global, "<set-header name=\"Server\" exists-action=\"delete\" />", "", "no set-header Server"),
        (
            list,
            "<inbound>\n        <base />",
            "<inbound>\n<cache-lookup vary-by-developer=\"false\" vary-by-developer-groups=\"false\" /><base />",
            "from the cache",
        ),
        (
            api,
            "</inbound>",
            "<authentication-managed-identity resource=\"x\" /></inbound>",
            "does not reach the worker",
        ),
    ];
    let (variant, deployment) = with_api().next().expect("a variant");
    for (kind, old, new, want) in changes {
        let mut other = deployment.clone();
        let mut found = 0;
        for policy in other.resources.iter_mut().filter(|one| one.kind == kind) {
            let text = policy.body.at("properties.value").and_then(Value::text).expect("a text");
            found += text.matches(old).count();
            let text = Value::exact(text.replacen(old, new, 1));
            policy.body = policy.body.with(&steps("properties.value"), text);
        }
        assert!(found > 0, "{kind}: {old}");
        let gaps = gaps_of(variant, &other);
        assert!(gaps.iter().any(|gap| gap.contains(want)), "{want}: {gaps:?}");
    }
}

#[test]
fn only_scoped_non_admin_users_use_the_cache() {
    for (_, deployment) in with_api() {
        let policies = Policies::of(deployment);
        let inbound = policies.steps("ListProducts", "inbound");
        let shared = inbound.iter().find(|step| step.policy.attribute("name") == Some("shared"));
        let rule = shared.and_then(|step| step.policy.attribute("value")).expect("who shares is worked out");
        for word in [
            "if (!token.Claims.ContainsKey(\"scp\")) { return false; }",
            ".Contains(\" Orders.ReadWrite \")) { return false; }",
            "\"idtyp\", \"user\") == \"app\") { return false; }",
            "return !token.Claims[\"roles\"].Contains(\"OrderAdmin\");",
        ] {
            assert!(rule.contains(word), "{word}");
        }
        let lookup = inbound.last().expect("the look-up is last");
        assert_eq!(lookup.policy.name, "cache-lookup");
        assert_eq!(lookup.conditions, ["@((bool)context.Variables[\"shared\"])"]);
        assert_eq!(lookup.policy.attribute("allow-private-response-caching"), Some("true"));
        let varies: Vec<_> = lookup.policy.children.iter().map(|child| child.text.as_str()).collect();
        assert_eq!(varies, ["limit", "cursor"]);
        let outbound = policies.steps("ListProducts", "outbound");
        let store = outbound.iter().find(|step| step.policy.name == "cache-store").expect("it is stored");
        assert_eq!(
            store.conditions,
            ["@((bool)context.Variables[\"shared\"])", "@(context.Response.StatusCode == 200)"]
        );
    }
}

#[test]
fn processing_programs_need_their_own_certificate() {
    for (_, deployment) in with_api() {
        let policies = Policies::of(deployment);
        let inbound = policies.steps("ProcessOrder", "inbound");
        let check = inbound.iter().position(|step| step.policy.name == "validate-client-certificate");
        let check = check.expect("the certificate is looked at");
        let no_person = "@(!((Jwt)context.Variables[\"token\"]).Claims.ContainsKey(\"scp\"))";
        let [looked, refused] = inbound.get(check..).expect("from there") else {
            panic!("and nothing after it")
        };
        assert_eq!(looked.conditions, [no_person]);
        assert_eq!(looked.policy.attribute("ignore-error"), Some("false"));
        assert_eq!(looked.policy.attribute("validate-not-after"), Some("true"));
        let [outer, pair] = refused.conditions.as_slice() else { panic!("two conditions") };
        assert_eq!(outer, no_person);
        for word in
            ["context.Request.Certificate == null", "{{partner-certificates}}", "\"azp\"", "Thumbprint"]
        {
            assert!(pair.contains(word), "{word}");
        }
        assert_eq!(refused.policy.name, "return-response");
        assert_eq!(
            refused.policy.child("set-status").and_then(|status| status.attribute("code")),
            Some("403")
        );
    }
}
