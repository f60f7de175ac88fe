//! The life of an order: each call with the answer that every host has to give.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::caller::{Call, Caller};

/// How long an order may take through the queue.
const FULFILMENT: Duration = Duration::from_mins(2);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(100);

/// Tells all of it; the part that needs queues comes last.
pub(super) async fn tell(caller: &mut Caller, has_queues: bool) -> anyhow::Result<()> {
    let mut story = Story { caller };
    let order = story.place().await?;
    story.keep_from_others(&order).await?;
    story.change(&order).await?;
    if has_queues {
        story.fulfil().await?;
    }
    Ok(())
}

struct Story<'a> {
    caller: &'a mut Caller,
}

impl Story<'_> {
    async fn place(&mut self) -> anyhow::Result<String> {
        self.refused("", "GET /api/orders", &[], None, (401, "unauthenticated")).await?;
        let beans = json!({"name": "Beans", "currency": "EUR", "unitPrice": 1290});
        self.refused("buyer", "PUT /api/products/BEANS", &[], Some(&beans), (403, "forbidden")).await?;
        self.answered("admin", "PUT /api/products/BEANS", &[], Some(&beans), 201).await?;
        self.answered("neighbour", "GET /api/products", &[], None, 200).await?;
        let key = [("idempotency-key", "story-1")];
        let (wanted, place) = (order("PO-17", "BEANS", 2), "POST /api/orders");
        let placed = self.answered("buyer", place, &key, Some(&wanted), 201).await?;
        self.has("location", "/api/orders/…")?;
        self.has("etag", "\"1\"")?;
        let again = self.answered("buyer", place, &key, Some(&wanted), 201).await?;
        ensure!(again == placed, "the same request under the same key has to be the same order");
        self.has("idempotency-replayed", "true")?;
        let other = order("PO-18", "BEANS", 1);
        self.refused("buyer", place, &key, Some(&other), (422, "key-reused")).await?;
        let unknown = order("PO-17", "TEA", 2);
        self.refused("buyer", place, &[], Some(&unknown), (422, "invalid-fields")).await?;
        path(&placed)
    }

    async fn keep_from_others(&mut self, order: &str) -> anyhow::Result<()> {
        let get = format!("GET {order}");
        let cancel = format!("POST {order}/cancel");
        self.answered("buyer", &get, &[], None, 200).await?;
        self.refused("neighbour", &get, &[], None, (404, "not-found")).await?;
        self.refused("neighbour", &cancel, &[], None, (404, "not-found")).await?;
        let listed = self.answered("buyer", "GET /api/orders", &[], None, 200).await?;
        ensure!(listed["items"].as_array().map(Vec::len) == Some(1), "buyer has one order");
        let listed = self.answered("neighbour", "GET /api/orders", &[], None, 200).await?;
        ensure!(listed["items"] == json!([]), "neighbour has no order");
        self.refused("neighbour", "GET /api/orders?scope=all", &[], None, (403, "forbidden")).await?;
        self.answered("clerk", "GET /api/orders?scope=all", &[], None, 200).await?;
        self.refused("buyer", "GET /api/dead-letters", &[], None, (403, "forbidden")).await?;
        self.answered("admin", "GET /api/dead-letters", &[], None, 200).await?;
        Ok(())
    }

    async fn change(&mut self, order: &str) -> anyhow::Result<()> {
        let revision =
            json!({"reference": "PO-18", "lines": [{"sku": "BEANS", "quantity": 3}], "note": null});
        let (put, revision) = (format!("PUT {order}"), Some(&revision));
        self.refused("buyer", &put, &[], revision, (428, "precondition-required")).await?;
        self.refused("buyer", &put, &[("if-match", "\"9\"")], revision, (412, "stale")).await?;
        self.refused("admin", &put, &[("if-match", "\"1\"")], revision, (404, "not-found")).await?;
        let changed = self.answered("buyer", &put, &[("if-match", "\"1\"")], revision, 200).await?;
        ensure!((&changed["total"], &changed["version"]) == (&json!(3870), &json!(2)), "the new total");
        let cancelled = self.answered("buyer", &format!("POST {order}/cancel"), &[], None, 200).await?;
        ensure!(cancelled["status"] == "cancelled", "a cancelled order says so");
        self.refused("buyer", &put, &[("if-match", "\"3\"")], revision, (409, "conflict")).await?;
        self.answered("buyer", &format!("GET {order}/history"), &[], None, 200).await?;
        Ok(())
    }

    async fn fulfil(&mut self) -> anyhow::Result<()> {
        let wanted = order("PO-19", "BEANS", 1);
        let placed = self.answered("buyer", "POST /api/orders", &[], Some(&wanted), 201).await?;
        let order = path(&placed)?;
        let process = format!("POST {order}/process");
        self.refused("buyer", &process, &[], None, (403, "forbidden")).await?;
        let queued = self.answered("clerk", &process, &[], None, 202).await?;
        ensure!(queued["status"] == "queued", "an order that is processed is queued");
        let get = format!("GET {order}");
        let look = Call { who: "buyer", what: &get, headers: &[], body: None };
        let started = Instant::now();
        while self.caller.send(look).await?.1["status"] != "fulfilled" {
            ensure!(started.elapsed() < FULFILMENT, "the order does not come out of the queue");
            tokio::time::sleep(PAUSE).await;
        }
        self.answered("buyer", &get, &[], None, 200).await?;
        Ok(())
    }

    /// A call that succeeds.
    async fn answered(
        &mut self,
        who: &str,
        what: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
        status: u16,
    ) -> anyhow::Result<Value> {
        self.caller.expect(Call { who, what, headers, body }, status, "").await
    }

    /// A call that is refused with a problem.
    async fn refused(
        &mut self,
        who: &str,
        what: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
        (status, problem): (u16, &str),
    ) -> anyhow::Result<()> {
        self.caller.expect(Call { who, what, headers, body }, status, problem).await.map(drop)
    }

    /// Whether the last answer has this header.
    fn has(&self, name: &str, value: &str) -> anyhow::Result<()> {
        let last = self.caller.last().context("no call was made")?;
        ensure!(last.header(name) == Some(value), "{name} has to be {value}, but the answer was {last:#?}");
        Ok(())
    }
}

fn order(reference: &str, sku: &str, quantity: u32) -> Value {
    json!({"reference": reference, "currency": "EUR", "lines": [{"sku": sku, "quantity": quantity}]})
}

fn path(order: &Value) -> anyhow::Result<String> {
    Ok(format!("/api/orders/{}", order["id"].as_str().context("an order has an id")?))
}
