//! What the second layer of identity costs: the same requests to two workers, one of which believes the platform's
//! header and does not read the token.

use std::path::Path;

use anyhow::Context as _;

use crate::{
    alternating::{self, CLIENTS, ROUNDS},
    app::App,
    database::Database,
    load::{Load, Requests},
    requests::{Caller, READER, STORED_ORDERS, TENANT, stored_id},
    rounds::Size,
    sample::Sample,
    server::{self, Peer, Programs},
};

/// What has to be left of the rate.
const GOAL: f64 = 0.8;

/// Measures `GetOrder` by both in turn, and prints the medians and whether the goal is met.
pub(crate) async fn run(
    root: &Path,
    programs: &Programs,
    database: &Database,
    size: Size,
) -> anyhow::Result<()> {
    // For its issuer alone; its own worker has nothing to do.
    let app = App::start(root, &programs.worker, &database.url(), 1).await?;
    let token = app.token("buyer")?;
    let authority = format!("{}/_emulator/issuer", app.host.url());
    let checked = [
        ("ORDERS_IDENTITY", "easyauth+jwt"),
        ("ORDERS_ENTRA_TENANT_ID", TENANT),
        ("ORDERS_ENTRA_AUDIENCE", app.audience()),
        ("ORDERS_ENTRA_AUTHORITY", &authority),
    ];
    let start = |settings: &[(&str, &str)]| {
        server::start_with(Peer::Worker, programs, &database.url(), CLIENTS, None, settings)
    };
    let workers = [start(&[])?, start(&checked)?];
    let load = Load { clients: CLIENTS, warm_up: size.warm_up, time: size.time, every: None };
    let samples = alternating::measure(async |round, which| {
        let requests = |client| requests(&token, client);
        let sample = load.on(workers[which].address(), 200, requests).await?;
        println!("  round {} of {ROUNDS}, {:<16} {:>7.0}/s", round + 1, NAMES[which], sample.rate);
        Ok(sample)
    });
    let samples = samples.await?;
    app.stop().await;
    let [header, both] = samples.map(|samples| Sample::median(&samples));
    println!("\n{}", summary(header.context("nothing was measured")?, both.context("nothing was measured")?));
    Ok(())
}

const NAMES: [&str; 2] = ["header alone", "header and token"];

/// As EasyAuth would pass them on: with the token, whether or not it is read.
fn requests(token: &str, client: u32) -> Requests {
    let caller = Caller::with_token(READER, token);
    let mut turn = client.wrapping_mul(7919);
    Box::new(move |request| {
        turn = turn.wrapping_add(4801);
        let path = format!("GET /api/orders/{}", stored_id(turn % STORED_ORDERS));
        caller.write(request, &path, &format!("fffffffe-{client:04x}-4000-8000-{turn:012x}"), "", "");
    })
}

fn summary(header: Sample, both: Sample) -> String {
    let ratio = both.rate / header.rate;
    let verdict = if ratio >= GOAL { "met" } else { "NOT MET" };
    let line = |name: &str, Sample { rate, p50, p99 }: Sample| {
        format!("{name:<18}{rate:>8.0}/s  p50 {p50:.2} ms  p99 {p99:.2} ms")
    };
    format!(
        "GetOrder, {CLIENTS} clients, median of {ROUNDS}\n{}\n{}\n{verdict:<9}header and token, of header alone {ratio:>9.2}  (≥ {GOAL})",
        line(NAMES[0], header),
        line(NAMES[1], both),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_goal_is_relative_to_the_single_layer_rate() {
        let sample = |rate| Sample { rate, p50: 1.0, p99: 2.0 };
        assert!(
            summary(sample(1000.0), sample(800.0)).contains("\nmet      header and token, of header alone")
        );
        assert!(summary(sample(1000.0), sample(799.0)).contains("\nNOT MET  "));
    }
}
