//! What to call, who to be, and lines to paste.

use std::{iter, path::Path};

use functions_emulator::users::{PrincipalKind, User, Users};

use super::functions::{FunctionInfo, offered};

/// Prints the functions, the users and a first walk through them.
pub(super) fn print_welcome(app: &Path, users: &Users, url: &str) -> anyhow::Result<()> {
    print!("{}", text(&offered(app, url)?, users, url));
    Ok(())
}

/// Prints how to hold what is served against the controls.
pub(super) fn offer_doctor(app: &Path, settings: &Path, users: &Users, url: &str) {
    let Some(buyer) =
        users.iter().find(|person| person.kind == PrincipalKind::User && person.roles.is_empty())
    else {
        return;
    };
    println!(
        "\nhold it against the controls\n  DOCTOR_TOKEN=\"$(cargo -q xtask token {})\" {}/orders-worker doctor --settings {} --url {url}",
        buyer.name,
        app.display(),
        settings.display(),
    );
}

fn text(functions: &[FunctionInfo], users: &Users, url: &str) -> String {
    let functions =
        functions.iter().map(|FunctionInfo { name, how, at }| format!("  {name:<24} {how:<6} {at}"));
    let persons = users.iter().map(|person| {
        let line = format!("  {:<24} {:<6} {}", person.name, kind(person), person.roles.join(", "));
        line.trim_end().to_owned()
    });
    let functions = iter::once("\nfunctions".to_owned()).chain(functions);
    let persons =
        iter::once("\npeople: `cargo xtask token NAME` prints a bearer token".to_owned()).chain(persons);
    let lines: Vec<String> = functions.chain(persons).chain(tour(users, url)).collect();
    lines.join("\n") + "\n"
}

/// Lines for a shell in this folder: place an order, look at it, process it, look again.
fn tour(users: &Users, url: &str) -> Option<String> {
    let buyer = users.iter().find(|person| person.kind == PrincipalKind::User && person.roles.is_empty())?;
    let clerk = users.iter().find(|person| person.roles.iter().any(|role| role == "OrderProcessor"))?;
    let bearer =
        |person: &User| format!("-H \"Authorization: Bearer $(cargo -q xtask token {})\"", person.name);
    let (buyer, clerk) = (bearer(buyer), bearer(clerk));
    let new = r#"{"reference":"PO-17","currency":"EUR","lines":[{"sku":"ESPRESSO-1KG","quantity":2}]}"#;
    let lines = [
        "\ntry it: paste into another terminal, in this folder or another of the repository".to_owned(),
        format!(
            "  ORDER=$(curl -sS {url}/api/orders {buyer} -H 'Content-Type: application/json' -d '{new}'); echo \"$ORDER\""
        ),
        r#"  ID=$(echo "$ORDER" | sed 's/^{"id":"\([^"]*\)".*/\1/')"#.to_owned(),
        format!("  curl -sS {url}/api/orders/$ID {buyer}; echo"),
        format!("  curl -sS -X POST {url}/api/orders/$ID/process {clerk}; echo"),
        format!("  curl -sS {url}/api/orders/$ID {buyer}; echo"),
    ];
    Some(lines.join("\n"))
}

fn kind(person: &User) -> &'static str {
    match person.kind {
        PrincipalKind::User => "user",
        PrincipalKind::App => "app",
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_tour_uses_permitted_users() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("users.json");
        let text = r#"{
            "tenantId": "0f5c4b6e-6f0b-4a2f-9d27-4f3b7c1f5a10", "audience": "a",
            "clientId": "9d3f0a77-1c55-4c1e-9a0c-6b7a4a3e2f02", "scopes": ["Orders.ReadWrite"],
            "users": [
                {"name": "admin", "objectId": "a1a1a1a1-0000-4000-8000-000000000001", "roles": ["OrderAdmin"]},
                {"name": "clerk", "objectId": "a1a1a1a1-0000-4000-8000-000000000002", "roles": ["OrderProcessor"]},
                {"name": "buyer", "objectId": "a1a1a1a1-0000-4000-8000-000000000003"}
            ]}"#;
        fs::write(&file, text).unwrap();
        let users = Users::load(&file).unwrap();
        let greet = FunctionInfo {
            name: "Greet".into(),
            how: "GET".into(),
            at: "http://localhost:1/api/greet".into(),
        };
        let shown = super::text(&[greet], &users, "http://localhost:1");
        assert!(
            shown.contains("  Greet                    GET    http://localhost:1/api/greet\n"),
            "{shown}"
        );
        let tour: Vec<&str> = shown.lines().filter(|line| line.contains("curl")).collect();
        let walkers = tour.iter().map(|line| if line.contains("token buyer") { "buyer" } else { "clerk" });
        assert!(walkers.eq(["buyer", "buyer", "clerk", "buyer"]), "{shown}");
        assert!(tour[2].contains("/process"), "{shown}");
    }
}
