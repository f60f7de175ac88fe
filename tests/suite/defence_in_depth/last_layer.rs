//! Layers that no flag and no setting can leave out: each refuses an attack when every other layer is gone, and lets
//! the rightful caller do the same.

use super::{
    Cell, NOTHING, Running, WHOLE,
    attacks::{HEADER, claims, header},
    is_reviewed, table,
};
use crate::support::{Client, Mode, Reply, a_revision};

struct Trespass {
    name: &'static str,
    who: &'static str,
    /// The user who may do it.
    rightful: &'static str,
    call: Call,
    evidence: Shown,
}

#[derive(Clone, Copy)]
enum Call {
    ReadOrder,
    ChangeOrder,
    ProcessOrder,
    ReadLetters,
}

/// The credential beside the caller's honest header.
#[derive(Clone, Copy)]
enum Shown {
    Token,
    NoToken,
    TwoTokens,
}

const TRESPASSES: [Trespass; 6] = [
    trespass("A header and no token", "admin", "admin", Call::ReadLetters, Shown::NoToken),
    trespass("A header and two tokens", "admin", "admin", Call::ReadLetters, Shown::TwoTokens),
    trespass("A stranger's order, by its id", "neighbour", "buyer", Call::ReadOrder, Shown::Token),
    trespass("To change an order that one may read", "clerk", "buyer", Call::ChangeOrder, Shown::Token),
    trespass("To process one's own order", "buyer", "clerk", Call::ProcessOrder, Shown::Token),
    trespass("What administrators may ask", "clerk", "admin", Call::ReadLetters, Shown::Token),
];

const fn trespass(
    name: &'static str,
    who: &'static str,
    rightful: &'static str,
    call: Call,
    evidence: Shown,
) -> Trespass {
    Trespass { name, who, rightful, call, evidence }
}

impl Running {
    async fn shown(&self, person: &str, evidence: Shown) -> Client {
        let client = self.world.attacker(&self.app, true).await;
        let client = client.with(HEADER, &header(&claims(&self.app, person)));
        let token = self.app.token_of(person);
        match evidence {
            Shown::Token => client.bearer(&token),
            Shown::NoToken => client,
            Shown::TwoTokens => client.bearer(&token).bearer(&token),
        }
    }
}

impl Call {
    async fn by(self, client: &Client, order: &str) -> Reply {
        match self {
            Self::ReadOrder => client.get(order).await,
            Self::ChangeOrder => client.with("if-match", "\"1\"").put(order, &a_revision("BEANS")).await,
            Self::ProcessOrder => client.post_nothing(&format!("{order}/process")).await,
            Self::ReadLetters => client.get("/api/dead-letters").await,
        }
    }
}

#[tokio::test]
async fn the_last_layer_cannot_be_disabled() {
    let mut columns: Vec<Vec<Cell>> = Vec::new();
    for world in [WHOLE, NOTHING] {
        let mut running = Running::start(world, Mode::Proxy).await.expect("it starts");
        let (mut refusals, mut rightful) = (Vec::new(), Vec::new());
        for Trespass { name, who, rightful: other, call, evidence } in &TRESPASSES {
            let order = running.honest("buyer").place("BEANS").await;
            let reply = call.by(&running.shown(who, *evidence).await, &order).await;
            refusals.push(running.outcome(reply).await);
            let reply = call.by(&running.shown(other, Shown::Token).await, &order).await;
            assert!((200..300).contains(&reply.status), "{name}: {reply:?}");
            rightful.push(format!("{other}: {}", reply.status));
        }
        columns.extend([refusals, rightful]);
    }
    let heads = ["all on", "the rightful caller", "everything off", "the rightful caller"];
    let row = |(at, trespass): (usize, &Trespass)| {
        (trespass.name, columns.iter().map(|column| column[at].clone()).collect())
    };
    is_reviewed(&table("Trespass", &heads, &TRESPASSES.iter().enumerate().map(row).collect::<Vec<_>>()));
}
