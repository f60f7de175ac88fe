//! The elements and attributes that the gateway knows, as far as this project uses them.

use super::Element;

/// An element, its attributes (`!` before those that are needed) and the elements in it.
type Known = (&'static str, &'static [&'static str], &'static [&'static str]);

const KNOWN: [Known; 42] = [
    ("policies", &[], &["inbound", "backend", "outbound", "on-error"]),
    ("inbound", &[], POLICIES),
    ("backend", &[], POLICIES),
    ("outbound", &[], POLICIES),
    ("on-error", &[], POLICIES),
    ("base", &[], &[]),
    ("choose", &[], &["when", "otherwise"]),
    ("when", &["!condition"], POLICIES),
    ("otherwise", &[], POLICIES),
    ("ip-filter", &["!action"], &["address", "address-range"]),
    ("address", &[], &[]),
    ("address-range", &["!from", "!to"], &[]),
    (
        "check-header",
        &["!name", "failed-check-httpcode", "failed-check-error-message", "ignore-case"],
        &["value"],
    ),
    ("value", &[], &[]),
    (
        "validate-azure-ad-token",
        &[
            "!tenant-id",
            "header-name",
            "failed-validation-httpcode",
            "failed-validation-error-message",
            "output-token-variable-name",
        ],
        &["client-application-ids", "audiences", "required-claims"],
    ),
    ("client-application-ids", &[], &["application-id"]),
    ("application-id", &[], &[]),
    ("audiences", &[], &["audience"]),
    ("audience", &[], &[]),
    ("required-claims", &[], &["claim"]),
    ("claim", &["!name", "match", "separator"], &["value"]),
    ("rate-limit-by-key", &["!calls", "!renewal-period", "!counter-key", "retry-after-header-name"], &[]),
    ("quota", &["calls", "bandwidth", "!renewal-period"], &[]),
    (
        "validate-parameters",
        &["!specified-parameter-action", "!unspecified-parameter-action", "errors-variable-name"],
        &["headers", "query", "path"],
    ),
    ("headers", &["!specified-parameter-action", "!unspecified-parameter-action"], &[]),
    (
        "validate-content",
        &["!unspecified-content-type-action", "!max-size", "!size-exceeded-action", "errors-variable-name"],
        &["content"],
    ),
    ("content", &["type", "!validate-as", "!action", "allow-additional-properties"], &[]),
    ("set-header", &["!name", "!exists-action"], &["value"]),
    ("set-variable", &["!name", "!value"], &[]),
    (
        "cache-lookup",
        &[
            "!vary-by-developer",
            "!vary-by-developer-groups",
            "caching-type",
            "downstream-caching-type",
            "must-revalidate",
            "allow-private-response-caching",
        ],
        &["vary-by-header", "vary-by-query-parameter"],
    ),
    ("vary-by-query-parameter", &[], &[]),
    ("cache-store", &["!duration", "cache-response"], &[]),
    ("forward-request", &["timeout", "follow-redirects"], &[]),
    (
        "validate-client-certificate",
        &[
            "validate-revocation",
            "validate-trust",
            "validate-not-before",
            "validate-not-after",
            "ignore-error",
        ],
        &["identities"],
    ),
    ("return-response", &[], &["set-status", "set-header"]),
    ("set-status", &["!code", "!reason"], &[]),
    (
        "cors",
        &["allow-credentials", "terminate-unmatched-request"],
        &["allowed-origins", "allowed-methods", "allowed-headers", "expose-headers"],
    ),
    ("allowed-origins", &[], &["origin"]),
    ("allowed-methods", &["preflight-result-max-age"], &["method"]),
    ("allowed-headers", &[], &["header"]),
    ("expose-headers", &[], &["header"]),
    ("origin", &[], &[]),
];

const LEAVES: [&str; 2] = ["method", "header"];

const POLICIES: &[&str] = &[
    "base",
    "choose",
    "ip-filter",
    "check-header",
    "validate-azure-ad-token",
    "rate-limit-by-key",
    "quota",
    "validate-parameters",
    "validate-content",
    "set-header",
    "set-variable",
    "cache-lookup",
    "cache-store",
    "forward-request",
    "validate-client-certificate",
    "return-response",
    "cors",
];

/// Elements and attributes that the gateway does not know, and required ones that are missing; empty if there is no
/// error.
#[must_use]
pub fn find_unsupported(element: &Element) -> Vec<String> {
    let name = element.name.as_str();
    let Some((_, attributes, children)) = KNOWN.iter().find(|(known, ..)| *known == name) else {
        return if LEAVES.contains(&name) { Vec::new() } else { vec![format!("<{name}> is not known")] };
    };
    let mut found = Vec::new();
    for (key, _) in &element.attributes {
        if !attributes.iter().any(|known| known.trim_start_matches('!') == key) {
            found.push(format!("<{name}> has no attribute `{key}`"));
        }
    }
    for needed in attributes.iter().filter_map(|known| known.strip_prefix('!')) {
        if element.attribute(needed).is_none() {
            found.push(format!("<{name}> lacks `{needed}`"));
        }
    }
    for child in &element.children {
        if children.contains(&child.name.as_str()) {
            found.extend(find_unsupported(child));
        } else {
            found.push(format!("<{name}> holds <{}>", child.name));
        }
    }
    found
}
