//! Unreplayed dead letters: a warning comes before they are too old, and each deletion has an audit line.

use std::collections::BTreeSet;

use orders_worker::limits::LIMITS;
use serde_json::Value;

use crate::support::{EventLog, Mode, Setup, TestApp, deliver, repository};

/// The ids of the dead letters that an administrator sees.
async fn letters(app: &TestApp) -> BTreeSet<String> {
    let listed = app.user("admin").get("/api/dead-letters?limit=100").await.json();
    let items = listed["items"].as_array().cloned().unwrap_or_default();
    items.iter().map(|letter| letter["id"].as_str().unwrap_or_default().to_owned()).collect()
}

async fn purge(app: &TestApp) {
    app.host.fire_timer("PurgeExpired").await.expect("the timer runs");
}

#[tokio::test]
async fn expiring_dead_letters_are_reported_before_and_after() {
    let mut app = Setup::in_mode(Mode::Proxy).start().await;
    for rubbish in ["one", "another"] {
        deliver(&app, "orders-incoming", rubbish).await;
    }
    let kept = letters(&app).await;
    assert_eq!(kept.len(), 2);
    let mut heard = EventLog::default();
    let (days, near) = (LIMITS.dead_letters.max_age.num_days(), LIMITS.dead_letters.warning_days());

    app.age_letters(near - 1).await;
    purge(&app).await;
    app.age_letters(1).await;
    purge(&app).await;
    app.host.fire_timer("RelayOutbox").await.expect("the timer runs");
    heard.until(&mut app, "the gauges", |heard| !heard.events("metrics").is_empty()).await;
    let [warning] = heard.events("dead-letters-near-ceiling")[..] else { panic!("one warning") };
    assert_eq!((&warning["unreplayed"], &warning["oldest_days"]), (&2.into(), &near.into()), "{warning}");
    assert_eq!(heard.events("metrics")[0]["oldest_dead_letter_days"], near);
    assert_eq!(letters(&app).await, kept, "a warning drops nothing");

    deliver(&app, "orders-incoming", "a third").await;
    app.age_letters(days - near).await;
    deliver(&app, "orders-incoming", "a fourth").await;
    app.age_letters(1).await;
    purge(&app).await;
    let is_told = |heard: &EventLog| heard.events("dead-letter-dropped").len() == 2;
    heard.until(&mut app, "each letter that goes", is_told).await;
    let dropped = heard.events("dead-letter-dropped");
    let ids: BTreeSet<_> =
        dropped.iter().filter_map(|line| line["letter_id"].as_str()).map(str::to_owned).collect();
    assert_eq!(ids, kept);
    let said = |line: &&Value| (line["why"].clone(), line["queue"].clone(), line["reason"].clone());
    assert_eq!(said(&dropped[0]), ("age".into(), "orders-incoming".into(), "malformed".into()));
    let left = letters(&app).await;
    assert!(left.len() == 2 && left.is_disjoint(&kept), "{left:?}");
}

#[test]
fn the_alert_and_the_worker_use_the_same_threshold() {
    let query = repository().join("infra/queries/dead-letters-ceiling.kql");
    let query = std::fs::read_to_string(query).expect("the query is there");
    let limits = LIMITS.dead_letters;
    let wanted =
        format!("| where letters >= {} or days >= {}", limits.warning_unreplayed(), limits.warning_days());
    assert!(query.contains(&wanted), "{wanted}\n{query}");
}
