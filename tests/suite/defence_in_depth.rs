//! Defence in depth (control C56): each attack against all layers, against each single layer left out, and against
//! enough of them left out that it succeeds. The layer that refuses is read from the refusal and the log, and compared
//! with `docs/defence-in-depth.md`.

use std::{collections::BTreeSet, fs};

use functions_emulator::Event;
use serde_json::Value;
use test_servers::Authority;

use crate::support::{Client, EventLog, Mode, Reply, TestApp, id, repository};

mod attacks;
mod last_layer;
mod layers;

use attacks::{ATTACKS, Attack, FORGED, HEADER, Scene, claims, header};
use layers::{MORE_OFF, NOTHING, ONE_OFF, WHOLE, World, with_key};

/// How an attack ended, in the table's words.
type Cell = String;

const THROUGH: &str = "**through**";

/// A running world, and its log.
struct Running {
    app: TestApp,
    world: World,
    heard: EventLog,
    authority: Authority,
}

impl Running {
    /// None where the worker refuses to start, because there is no EasyAuth.
    async fn start(world: World, mode: Mode) -> Option<Self> {
        let authority = Authority::new("partners").expect("an authority");
        let mut app = world.launch(mode, &authority).await;
        if app.host.ready().await.is_err() {
            let said = std::iter::from_fn(|| app.heard.try_recv().ok());
            let mut errors = said.filter_map(|event| match event {
                Event::Output { stderr: true, line } => Some(line),
                _ => None,
            });
            assert!(errors.any(|line| line.contains("WEBSITE_AUTH_ENABLED")), "{}", world.name);
            return None;
        }
        Some(Self { app, world, heard: EventLog::default(), authority })
    }

    /// A client of an honest user of the users file, with all that this world demands of callers.
    fn honest(&self, person: &str) -> Client {
        let client = with_key(&self.app.user(person));
        if self.world.wants_header() {
            return client.with(HEADER, &header(&claims(&self.app, person)));
        }
        client
    }

    /// Tries one attack on a fresh order of the buyer's.
    async fn attacked(&mut self, attack: Attack) -> Cell {
        let order = self.honest("buyer").place("BEANS").await;
        let Self { app, world, authority, .. } = &*self;
        let reply = attack.on(&Scene { app, world: *world, order: &order, authority }).await;
        self.outcome(reply).await
    }

    /// Which layer answered, and why.
    async fn outcome(&mut self, reply: Reply) -> Cell {
        let (status, body) = inner(&reply);
        if (200..300).contains(&status) {
            return THROUGH.to_owned();
        }
        let Some(instance) = body["instance"].as_str().and_then(|text| text.strip_prefix("urn:uuid:")) else {
            let is_challenge = reply.header("www-authenticate").is_some();
            return match status {
                401 if is_challenge => "EasyAuth 401".to_owned(),
                403 => "EasyAuth 403".to_owned(),
                _ => format!("host {status}"),
            };
        };
        let invocation = id(&Value::from(instance));
        let ended = |heard: &EventLog| heard.ended().contains_key(&invocation);
        self.heard.until(&mut self.app, "the end of the invocation", ended).await;
        let lines = self.heard.ended();
        let line = lines[&invocation][0];
        line["denied"].as_str().map_or_else(|| format!("worker {status}"), |reason| format!("`{reason}`"))
    }
}

/// The worker's own status and body: in an envelope they are inside.
fn inner(reply: &Reply) -> (u16, Value) {
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let Some(wrapped) = body["Outputs"].get("res") else { return (reply.status, body) };
    let status = wrapped["statusCode"].as_u64().and_then(|status| status.try_into().ok());
    let text = wrapped["body"].as_str().unwrap_or_default();
    (status.expect("a status"), serde_json::from_str(text).unwrap_or_default())
}

/// The column of a world: a cell for each attack.
async fn column(world: World, mode: Mode) -> Vec<Cell> {
    let Some(mut running) = Running::start(world, mode).await else {
        return vec!["no start".to_owned(); ATTACKS.len()];
    };
    let mut cells = Vec::new();
    for attack in ATTACKS {
        cells.push(running.attacked(attack).await);
    }
    let orders = running.honest("buyer").get("/api/orders?limit=100").await.json();
    let is_placed = orders.to_string().contains(FORGED);
    let mut told = ATTACKS.iter().zip(&cells).filter(|(attack, _)| attack.orders_something());
    assert_eq!(
        is_placed,
        told.any(|(_, cell)| cell == THROUGH),
        "{}: what is told is what happened",
        world.name
    );
    cells
}

async fn columns(worlds: &[World], mode: Mode) -> Vec<Vec<Cell>> {
    let mut columns = Vec::new();
    for world in worlds {
        columns.push(column(*world, mode).await);
    }
    columns
}

/// A Markdown table: worlds across, attacks down.
fn table(first: &str, heads: &[&str], rows: &[(&str, Vec<Cell>)]) -> String {
    let line = |first: &str, cells: &[&str]| format!("| {first} | {} |\n", cells.join(" | "));
    let mut text = line(first, heads) + &line("---", &vec!["---"; heads.len()]);
    for (name, cells) in rows {
        text += &line(name, &cells.iter().map(String::as_str).collect::<Vec<_>>());
    }
    text
}

fn attacks_by_worlds(worlds: &[World], columns: &[Vec<Cell>]) -> String {
    let heads: Vec<_> = worlds.iter().map(|world| world.name).collect();
    let row = |(at, attack): (usize, &Attack)| {
        (attack.name, columns.iter().map(|column| column[at].clone()).collect())
    };
    table("Attack", &heads, &ATTACKS.iter().enumerate().map(row).collect::<Vec<_>>())
}

fn document() -> String {
    fs::read_to_string(repository().join("docs/defence-in-depth.md")).expect("it is there")
}

/// Prints what was found, and holds it against what was reviewed.
fn is_reviewed(found: &str) {
    println!("{found}");
    assert!(
        document().contains(found),
        "docs/defence-in-depth.md says otherwise; this is what happened:\n{found}"
    );
}

/// Attacks and the one missing layer that lets them through, with what an operator has to do: the rows of the document.
fn advised() -> BTreeSet<(String, String)> {
    let document = document();
    let (_, section) =
        document.split_once("\n### What one layer alone keeps out\n").expect("there is such a section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| ")).skip(1);
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [attack, layer, advice] = cells[..] else { panic!("three cells: {row}") };
        assert!(advice.len() > 20, "what an operator has to do: {row}");
        (attack.to_owned(), layer.to_owned())
    })
    .collect()
}

/// The attacks that came through, with the world in which they did.
fn successes(worlds: &[World], columns: &[Vec<Cell>]) -> BTreeSet<(String, String)> {
    let cells = worlds.iter().zip(columns).flat_map(|(world, column)| {
        ATTACKS.iter().zip(column).map(move |(attack, cell)| (attack.name, world.name, cell))
    });
    let through = cells.filter(|(_, _, cell)| *cell == THROUGH);
    through.map(|(attack, world, _)| (attack.to_owned(), world.to_owned())).collect()
}

#[tokio::test]
async fn removing_one_layer_exposes_only_documented_attacks() {
    let worlds = [&[WHOLE][..], &ONE_OFF].concat();
    let columns = columns(&worlds, Mode::Proxy).await;
    is_reviewed(&attacks_by_worlds(&worlds, &columns));
    assert!(!columns[0].contains(&THROUGH.to_owned()), "with every layer on nothing comes through");
    assert_eq!(successes(&worlds, &columns), advised());
}

#[tokio::test]
async fn every_attack_succeeds_without_enough_layers() {
    let columns = columns(&MORE_OFF, Mode::Proxy).await;
    is_reviewed(&attacks_by_worlds(&MORE_OFF, &columns));
    for (at, attack) in ATTACKS.iter().enumerate() {
        let succeeds = columns.iter().any(|column| column[at] == THROUGH);
        assert!(succeeds, "{} never succeeds, so its refusals prove nothing", attack.name);
    }
}

#[tokio::test]
async fn every_invocation_mode_blocks_the_same_attacks() {
    for mode in [Mode::Forward, Mode::Envelope] {
        let worlds = [&[WHOLE][..], &ONE_OFF].concat();
        assert_eq!(successes(&worlds, &columns(&worlds, mode).await), advised(), "{mode:?}");
        for (attack, cell) in ATTACKS.iter().zip(column(NOTHING, mode).await) {
            let expected = if attack.is_of_another_tenant() { "`tenant-foreign`" } else { THROUGH };
            assert_eq!(cell, expected, "{}, {mode:?}", attack.name);
        }
    }
}
