//! Scopes put into one another: `<base />` is where the outer scope's policies go, and without it they are dropped.

use super::Element;

/// A policy that a request passes, and its conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedPolicy {
    /// The policy.
    pub policy: Element,
    /// The conditions around it, the outermost first.
    pub conditions: Vec<String>,
}

/// The steps of one section (`inbound`, `backend`, `outbound` or `on-error`), scopes from the outermost to the
/// innermost.
#[must_use]
pub fn effective_policies(scopes: &[&Element], section: &str) -> Vec<AppliedPolicy> {
    let mut outer = Vec::new();
    for scope in scopes {
        let Some(own) = scope.child(section) else { continue };
        let mut whole = Vec::new();
        flatten(own, &[], &outer, &mut whole);
        outer = whole;
    }
    outer
}

fn flatten(
    element: &Element,
    conditions: &[String],
    outer: &[AppliedPolicy],
    whole: &mut Vec<AppliedPolicy>,
) {
    for child in &element.children {
        match child.name.as_str() {
            "base" => whole.extend(outer.iter().cloned().map(|step| {
                let conditions = [conditions, &step.conditions].concat();
                AppliedPolicy { conditions, ..step }
            })),
            "choose" => {
                for branch in &child.children {
                    let condition = branch.attribute("condition").unwrap_or("otherwise").to_owned();
                    flatten(branch, &[conditions, &[condition]].concat(), outer, whole);
                }
            }
            _ => whole.push(AppliedPolicy { policy: child.clone(), conditions: conditions.to_vec() }),
        }
    }
}
