//! Puts a few products into the table, through the API, as the admin among the users.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use functions_emulator::{
    issuer::TokenOptions,
    users::{PrincipalKind, User, Users},
};
use project::Project;
use reqwest::{Client, RequestBuilder, Response, StatusCode, redirect::Policy};
use serde::Deserialize;
use serde_json::json;
use tokio::time::sleep;

use crate::token;

/// The role that may put products: `docs/reference/api.md#access`.
const ROLE: &str = "OrderAdmin";
const PRODUCTS: [(&str, &str, i64); 3] = [
    ("ESPRESSO-1KG", "Espresso beans, 1 kg", 1290),
    ("FILTER-250G", "Filter coffee, 250 g", 540),
    ("GRINDER-2", "Burr grinder", 8900),
];

const TRIES: u32 = 100;
const PAUSE: Duration = Duration::from_millis(100);

#[derive(Deserialize)]
struct Page {
    items: Vec<Product>,
}

#[derive(Deserialize)]
struct Product {
    sku: String,
}

/// Creates each product that is not there yet; one that is, stays as it is.
pub(crate) async fn products(project: &Project, users: &Users, url: &str) -> anyhow::Result<()> {
    let Some(admin) = users.iter().find(|person| is_admin(person)) else {
        println!("no user in functions-emulator.json has the role {ROLE}, so no products were put");
        return Ok(());
    };
    let token = token::issue(project, users, url, &admin.name, &TokenOptions::default())?;
    let client = Client::builder()
        .timeout(Duration::from_secs(10))
        .redirect(Policy::none())
        .no_proxy()
        .build()
        .context("cannot make an HTTP client")?;
    let there = answered(client.get(format!("{url}/api/products?limit=100")).bearer_auth(&token)).await?;
    let there: Page =
        there.error_for_status()?.json().await.context("the list of products is of another form")?;
    for (sku, name, price) in PRODUCTS {
        if there.items.iter().any(|product| product.sku == sku) {
            continue;
        }
        let product = json!({"name": name, "currency": "EUR", "unitPrice": price});
        let request = client
            .put(format!("{url}/api/products/{sku}"))
            .bearer_auth(&token)
            .header("if-none-match", "*")
            .json(&product);
        let status = answered(request).await.with_context(|| format!("cannot put {sku}"))?.status();
        let put = matches!(status, StatusCode::CREATED | StatusCode::PRECONDITION_FAILED);
        ensure!(put, "putting {sku} as {} was answered {status}: see the log lines above", admin.name);
    }
    Ok(())
}

/// Asks again while the worker's database is being made.
async fn answered(request: RequestBuilder) -> anyhow::Result<Response> {
    for _ in 0..TRIES {
        let again = request.try_clone().context("the body is in memory")?;
        let answer = again.send().await?;
        if answer.status() != StatusCode::SERVICE_UNAVAILABLE {
            return Ok(answer);
        }
        sleep(PAUSE).await;
    }
    bail!("the worker's database is not ready: see the log lines above")
}

fn is_admin(person: &User) -> bool {
    // Apps never put products, whatever their roles.
    person.kind == PrincipalKind::User && person.roles.iter().any(|role| role == ROLE)
}
