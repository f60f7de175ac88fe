//! What happened to orders.

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

use crate::{
    identity::Caller,
    orders::{
        Action, Actor, ActorKind, HistoryEntry, OrderId, OrderRevision, Page, PageRequest, Precondition,
        Status,
    },
    store::{Decision, Store, WriteError},
};

use super::{
    administrator, at, creator, draft, incoming, letter, line, look, message_for, namesake_in_another_tenant,
    permit, placed, processor, queue_with, staff_of_another_tenant, stock, stranger, write_context,
};

store_contract!(
    every_change_has_its_actor_and_statuses,
    history_pages_are_newest_first,
    a_foreign_history_is_indistinguishable_from_a_missing_one,
    every_history_is_a_path_of_the_state_machine,
);

async fn history(
    store: &dyn Store,
    caller: &Caller,
    id: OrderId,
    page: &PageRequest<u64>,
) -> Option<Page<HistoryEntry>> {
    store.order_history(&permit(caller), id, page).await.unwrap()
}

async fn whole(store: &dyn Store, id: OrderId) -> Vec<HistoryEntry> {
    let page = PageRequest { after: None, limit: 100 };
    let mut items = history(store, &creator(), id, &page).await.unwrap().items;
    items.reverse();
    items
}

/// A change of an order, allowed or refused.
#[derive(Clone, Copy, Debug)]
enum Step {
    Update,
    Cancel,
    Queue,
    Decide(Decision),
    GiveUp,
    Replay,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        1 => Just(Step::Update),
        1 => Just(Step::Cancel),
        3 => Just(Step::Queue),
        1 => Just(Step::Decide(Decision::Fulfilled)),
        1 => Just(Step::Decide(Decision::Rejected)),
        3 => Just(Step::GiveUp),
        3 => Just(Step::Replay),
    ];
    prop::collection::vec(step, 1..12)
}

/// The write was done or refused: which of them, the history tells.
fn answered<T>(written: Result<T, WriteError>) {
    if let Err(WriteError::Store(error)) = written {
        panic!("{error}");
    }
}

async fn take(store: &dyn Store, id: OrderId, step: Step, seconds: i64) {
    let (context, message) = (write_context(seconds), message_for(id, seconds));
    match step {
        Step::Update => {
            let revision =
                OrderRevision { reference: "PO".parse().unwrap(), lines: vec![line("CUP", 1)], note: None };
            let version = Precondition::Version(look(store, id).await.version);
            answered(store.update_order(&permit(&creator()), id, &revision, version, context).await);
        }
        Step::Cancel => answered(store.cancel_order(&permit(&creator()), id, context).await),
        Step::Queue => answered(queue_with(store, &message, seconds).await),
        Step::Decide(decision) => {
            // Only a `queued` order can be fulfilled or rejected.
            let _decided = store.record_decision(&message, decision, context).await.unwrap();
        }
        Step::GiveUp => {
            let mut letter = letter(&message.encode(), seconds).with_message(&message);
            letter.queue = "orders-fulfilment".to_owned();
            store.record_dead_letter(&letter, Some(&message), context).await.unwrap();
        }
        Step::Replay => {
            let page = PageRequest { after: None, limit: 100 };
            let letters = store.list_dead_letters(&permit(&administrator()), &page).await.unwrap().items;
            if let Some(letter) = letters.iter().find(|letter| letter.order_id == Some(id)) {
                answered(store.replay_dead_letter(&permit(&administrator()), letter.id, context).await);
            }
        }
    }
}

/// Where an action leads from where; nothing else happens to an order: `docs/reference/api.md#order-status`.
fn is_allowed(HistoryEntry { item, .. }: &HistoryEntry) -> bool {
    use Status::{Cancelled, Failed, Fulfilled, Placed, Queued, Rejected};
    matches!(
        (item.action, item.from, item.to),
        (Action::Place, None, Placed)
            | (Action::Update, Some(Placed), Placed)
            | (Action::Cancel, Some(Placed), Cancelled)
            | (Action::Process, Some(Placed), Queued)
            | (Action::Fulfil, Some(Queued), Fulfilled)
            | (Action::Reject, Some(Queued), Rejected)
            | (Action::Fail, Some(Queued), Failed)
            | (Action::Replay, Some(Failed), Queued)
    )
}

async fn every_history_is_a_path_of_the_state_machine(store: &dyn Store) {
    stock(store).await;
    let (mut runner, strategy) = (TestRunner::deterministic(), steps());
    let mut met = std::collections::HashSet::new();
    for case in 0..60 {
        let steps = strategy.new_tree(&mut runner).unwrap().current();
        let id = placed(store, case * 100).await.id;
        for (seconds, step) in (case * 100 + 1..).zip(&steps) {
            take(store, id, *step, seconds).await;
        }
        let (order, changes) = (look(store, id).await, whole(store, id).await);
        assert!(changes.iter().all(is_allowed), "{steps:?}: {changes:?}");
        assert!(changes.is_sorted_by(|one, next| one.version + 1 == next.version), "{steps:?}: {changes:?}");
        assert!(
            changes.is_sorted_by(|one, next| Some(one.item.to) == next.item.from),
            "{steps:?}: {changes:?}"
        );
        let last = changes.last().unwrap();
        assert_eq!(
            (changes[0].version, last.version, last.item.to),
            (1, order.version, order.status),
            "{steps:?}"
        );
        met.extend(changes.iter().map(|change| change.item.action));
    }
    assert_eq!(met.len(), Action::ALL.len(), "every action was met: {met:?}");
}

async fn every_change_has_its_actor_and_statuses(store: &dyn Store) {
    stock(store).await;
    let id = placed(store, 1).await.id;
    let revision =
        OrderRevision { reference: "PO".parse().unwrap(), lines: vec![line("CUP", 1)], note: None };
    store
        .update_order(&permit(&creator()), id, &revision, Precondition::Version(1), write_context(2))
        .await
        .map(drop)
        .unwrap();
    store.cancel_order(&permit(&administrator()), id, write_context(3)).await.map(drop).unwrap();
    let told: Vec<_> = whole(store, id)
        .await
        .iter()
        .map(|change| {
            (change.item.at, change.item.action, change.item.from, change.item.to, change.item.actor)
        })
        .collect();
    let user = |caller: Caller| Actor { kind: ActorKind::User, object: Some(caller.object) };
    assert_eq!(
        told,
        [
            (at(1), Action::Place, None, Status::Placed, user(creator())),
            (at(2), Action::Update, Some(Status::Placed), Status::Placed, user(creator())),
            (at(3), Action::Cancel, Some(Status::Placed), Status::Cancelled, user(administrator())),
        ]
    );
    assert!(
        whole(store, id).await.iter().all(|change| change.item.invocation == write_context(1).invocation)
    );
    let ingested = OrderId::new(at(4));
    store.ingest_order(&incoming(1, draft(), b"m"), ingested, write_context(4)).await.map(drop).unwrap();
    assert_eq!(whole(store, ingested).await[0].item.actor, Actor::SYSTEM);
}

async fn history_pages_are_newest_first(store: &dyn Store) {
    stock(store).await;
    let id = placed(store, 1).await.id;
    for seconds in 2..6 {
        take(store, id, Step::Update, seconds).await;
    }
    placed(store, 6).await;
    let (mut seen, mut after) = (Vec::new(), None);
    for _ in 0..3 {
        let Page { items, has_more } =
            history(store, &creator(), id, &PageRequest { after, limit: 2 }).await.unwrap();
        seen.extend(items.iter().map(|change| change.version));
        after = seen.last().copied();
        assert_eq!(has_more, seen.len() < 5);
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
    let beyond = history(store, &creator(), id, &PageRequest { after: Some(1), limit: 2 }).await.unwrap();
    assert!(beyond.items.is_empty() && !beyond.has_more);
}

async fn a_foreign_history_is_indistinguishable_from_a_missing_one(store: &dyn Store) {
    stock(store).await;
    let (id, page) = (placed(store, 1).await.id, PageRequest { after: None, limit: 9 });
    let foreign = [stranger(), namesake_in_another_tenant(), staff_of_another_tenant(), processor()];
    for other in foreign {
        assert!(history(store, &other, id, &page).await.is_none());
        assert!(history(store, &other, OrderId::new(at(2)), &page).await.is_none());
    }
    assert_eq!(history(store, &administrator(), id, &page).await.unwrap().items.len(), 1);
}
