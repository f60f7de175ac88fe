//! Whether those who are measured do the same job: a peer that answers less is fast and proves nothing.

use anyhow::{Context as _, ensure};
use serde_json::Value;
use test_servers::Handler;

use crate::{
    http::Connection,
    requests::{Caller, NEW_ORDER, READER, WRITER, stored_id},
    server::Peer,
};

/// A request, and whether its answer is compared as a whole; else only its status is.
struct Probe {
    first: String,
    caller: Caller,
    body: &'static str,
    whole: bool,
}

/// What is measured, and what must be refused.
fn probes() -> Vec<Probe> {
    let ask = |first: &str, caller: Caller, body: &'static str, whole: bool| Probe {
        first: first.to_owned(),
        caller,
        body,
        whole,
    };
    let get = format!("GET /api/orders/{}", stored_id(17));
    let (list, create) = ("GET /api/orders", "POST /api/orders");
    let (reader, writer) = (|| Caller::of(READER), || Caller::of(WRITER));
    let forged = "Authorization: Bearer abc\r\nX-MS-CLIENT-PRINCIPAL: bm8gSlNPTg==\r\n";
    vec![
        ask(&get, reader(), "", true),
        ask(list, reader(), "", true),
        ask(create, writer(), NEW_ORDER, true),
        ask(&get, Caller::with(""), "", false),
        ask(&get, Caller::with(forged), "", false),
        ask(&get, writer(), "", false),
        ask("GET /api/orders/17", reader(), "", false),
        ask("GET /api/orders?limit=0", reader(), "", false),
        ask("GET /api/orders?limt=5", reader(), "", false),
        ask(create, writer(), "{", false),
        ask(create, writer(), r#"{"reference":"","currency":"eur","lines":[],"extra":1}"#, false),
        ask(
            create,
            writer(),
            r#"{"reference":"A","currency":"EUR","lines":[{"sku":"NONE","quantity":1}]}"#,
            false,
        ),
        ask(
            create,
            writer(),
            r#"{"reference":"A","currency":"EUR","lines":[{"sku":"CUP-6","quantity":1},{"sku":"CUP-6","quantity":2}]}"#,
            false,
        ),
    ]
}

/// Asks the worker and a peer the same and compares. The bare program knows no caller and refuses nothing, and writes
/// times as numbers: of it only what is read is compared, but for the times.
///
/// # Errors
/// The first answer that differs.
pub(crate) async fn check(worker: &Handler, peer: Peer, server: &Handler) -> anyhow::Result<()> {
    let bare = matches!(peer, Peer::BareAxum | Peer::SamePool);
    let probes = probes();
    let asked = probes.iter().filter(|question| !bare || (question.whole && question.body.is_empty()));
    for Probe { first, caller, body, whole } in asked {
        let (mut ours, mut theirs) =
            (ask(worker, first, caller, body).await?, ask(server, first, caller, body).await?);
        let summary = format!("{first} {body}: the worker answers {ours:?}, {peer} {theirs:?}");
        if *whole {
            let times = bare || !body.is_empty();
            for answer in [&mut ours.1, &mut theirs.1] {
                without_chance(answer, times);
            }
            ensure!(ours == theirs, "{summary}");
        } else {
            ensure!(ours.0 == theirs.0, "{summary}");
        }
    }
    Ok(())
}

async fn ask(server: &Handler, first: &str, caller: &Caller, body: &str) -> anyhow::Result<(u16, Value)> {
    let mut connection = Connection::open(server.address()).await?;
    let mut request = Vec::new();
    caller.write(&mut request, first, "00000000-0000-4000-8000-000000000001", "", body);
    let answer = connection.exchange(&request).await.with_context(|| format!("{first} was not answered"))?;
    Ok((answer.status, serde_json::from_slice(answer.body).unwrap_or(Value::Null)))
}

/// Takes out what differs from answer to answer: new ids and times, and the spelling of cursors.
fn without_chance(answer: &mut Value, times: bool) {
    match answer {
        Value::Object(members) => {
            members.remove("next");
            if times {
                for name in ["createdAt", "updatedAt"] {
                    members.remove(name);
                }
            }
            if members.get("id").and_then(Value::as_str).is_some_and(|id| !id.starts_with("01000000")) {
                members.remove("id");
            }
            members.values_mut().for_each(|member| without_chance(member, times));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| without_chance(item, times)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_random_fields_are_ignored() {
        let mut page = json!({"items": [{"id": stored_id(1), "total": 5, "createdAt": "now"}], "next": "x"});
        without_chance(&mut page, false);
        assert_eq!(page, json!({"items": [{"id": stored_id(1), "total": 5, "createdAt": "now"}]}));
        let mut new = json!({"id": "0199-new", "total": 5, "createdAt": "now", "updatedAt": "now"});
        without_chance(&mut new, true);
        assert_eq!(new, json!({"total": 5}));
    }
}
