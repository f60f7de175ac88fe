//! Parameter values that are not allowed and that Bicep cannot refuse, because it cannot compare address ranges.

use std::net::{IpAddr, Ipv4Addr};

use block::Block;

use crate::value::Value;

mod block;

/// Checks parameters before `azd provision`: each error says what to do. `parameters` is the object of that name in
/// `infra/main.parameters.json`, with the environment put in.
#[must_use]
pub fn find_errors(parameters: &Value) -> Vec<String> {
    let mut found = Vec::new();
    clients(parameters.at("allowedClients.value"), &mut found);
    origins(parameters.at("corsOrigins.value"), &mut found);
    let mut needed = vec!["environmentName", "location"];
    if parameters.at("size.value").and_then(Value::text) == Some("small") {
        needed.extend(["deployerId", "deployerName"]);
        deployer(parameters.at("deployerAddress.value"), &mut found);
    } else {
        needed.extend(["alertEmail", "budgetStart"]);
        callers(parameters, &mut found);
        partners(parameters.at("partnerCertificates.value"), &mut found);
        backend(parameters, &mut found);
    }
    for needed in needed {
        let value = parameters.at(&format!("{needed}.value")).and_then(Value::text);
        if value.is_none_or(str::is_empty) {
            found.push(format!("{needed} is empty: give it a value"));
        }
    }
    if !parameters.at("apiClientId.value").and_then(Value::text).is_some_and(is_id) {
        found.push(
            "apiClientId is no client id: take the one that infra/scripts/register.sh printed".to_owned(),
        );
    }
    found
}

/// Replaces `${NAME}` and `${NAME=default}` by environment variables, as azd does; a name that is not set and has no
/// default becomes empty.
#[must_use]
pub fn expand_variables(text: &str, environment: impl Fn(&str) -> Option<String>) -> String {
    let mut whole = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (hole, after) = after.split_once('}').unwrap_or((after, ""));
        let (name, default) = hole.split_once('=').unwrap_or((hole, ""));
        let value = environment(name).unwrap_or_else(|| default.to_owned());
        // The placeholder is within a JSON string.
        let quoted = serde_json::Value::from(value).to_string();
        whole.push_str(before);
        whole.push_str(quoted.trim_matches('"'));
        rest = after;
    }
    whole + rest
}

fn texts(list: Option<&Value>) -> Option<Vec<&str>> {
    let Some(Value::List(items)) = list else { return None };
    items.iter().map(Value::text).collect()
}

fn clients(clients: Option<&Value>, found: &mut Vec<String>) {
    let users = texts(clients.and_then(|clients| clients.get("users")));
    let apps = texts(clients.and_then(|clients| clients.get("apps")));
    let (Some(users), Some(apps)) = (users, apps) else {
        found.push("allowedClients is not { users: [ids], apps: [ids] }: write it so".to_owned());
        return;
    };
    for id in users.iter().chain(&apps).filter(|id| !is_id(id)) {
        found.push(format!("allowedClients: `{id}` is no client id"));
    }
}

/// A rule of the database's firewall allows this address; the unspecified address would allow all of Azure.
fn deployer(address: Option<&Value>, found: &mut Vec<String>) {
    let address = address.and_then(Value::text).unwrap_or_default();
    let is_one = address.parse::<Ipv4Addr>().is_ok_and(|address| !address.is_unspecified());
    if !address.is_empty() && !is_one {
        found.push(format!(
            "deployerAddress: `{address}` is no IPv4 address: write the one that you come from"
        ));
    }
}

fn callers(parameters: &Value, found: &mut Vec<String>) {
    let Some(Value::List(ranges)) = parameters.at("allowedCallers.value") else {
        found.push("allowedCallers is no list of { from, to, cidr }".to_owned());
        return;
    };
    let is_direct =
        parameters.at("directCallers.value").and_then(Value::text).is_some_and(|to| !to.is_empty());
    if ranges.is_empty() && !is_direct {
        found.push(
            "allowedCallers is empty: no caller could reach the app; name the addresses that may".to_owned(),
        );
    }
    for range in ranges {
        if let Err(why) = caller(range) {
            found.push(format!("allowedCallers: {range} {why}"));
        }
    }
}

/// The gateway reads `from` and `to`, Front Door reads `cidr`, so the block bounds both.
fn caller(range: &Value) -> Result<(), &'static str> {
    let part = |name| range.get(name).and_then(Value::text).unwrap_or_default();
    let no_range = "is no range of addresses: write { from, to, cidr }";
    let block = Block::read(part("cidr")).ok_or(no_range)?;
    let [from, to] = ["from", "to"].map(|name| part(name).parse::<IpAddr>());
    let (from, to) = (from.map_err(|_| no_range)?, to.map_err(|_| no_range)?);
    if !block.has_at_most(16) {
        return Err("lets in more than 65536 addresses: name smaller ranges");
    }
    if !block.holds(from, to) {
        return Err("leaves its cidr, or ends before it begins: make all three agree");
    }
    Ok(())
}

fn origins(origins: Option<&Value>, found: &mut Vec<String>) {
    let Some(origins) = texts(origins) else {
        found.push("corsOrigins is no list of origins".to_owned());
        return;
    };
    for origin in origins {
        let host = origin.strip_prefix("https://").unwrap_or_default();
        if host.is_empty() || host.contains(['*', '/', '?', '#', '<', '"', ' ']) {
            found.push(format!(
                "corsOrigins: `{origin}` is no origin: write https:// and one host, no `*` and no path"
            ));
        }
    }
}

fn partners(pairs: Option<&Value>, found: &mut Vec<String>) {
    let pairs = pairs.and_then(Value::text).unwrap_or_default();
    for pair in pairs.split(';').filter(|pair| *pair != "none=none") {
        let (client, thumbprint) = pair.split_once('=').unwrap_or_default();
        let is_thumbprint = thumbprint.len() == 40 && thumbprint.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_id(client) || !is_thumbprint {
            found.push(format!("partnerCertificates: `{pair}` is not <client id>=<thumbprint of 40 digits>"));
        }
    }
}

fn backend(parameters: &Value, found: &mut Vec<String>) {
    let given =
        |name: &str| parameters.at(&format!("{name}.value")).and_then(Value::text).unwrap_or_default();
    let prefix = given("fulfilmentAddressPrefix");
    if !given("fulfilmentUrl").is_empty() && !Block::read(prefix).is_some_and(|block| block.has_at_most(8)) {
        found.push(format!("fulfilmentAddressPrefix: `{prefix}` is no range of at most 256 addresses"));
    }
    let callers = given("directCallers");
    if !callers.is_empty() && !Block::read(callers).is_some_and(|block| block.has_at_most(24)) {
        found.push(format!("directCallers: `{callers}` is no range of your own network"));
    }
}

fn is_id(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let lengths = parts.iter().map(|part| part.len());
    lengths.eq([8, 4, 4, 4, 12]) && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
