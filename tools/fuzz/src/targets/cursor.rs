//! Queries of lists, and the cursors in them.

use std::fmt::Debug;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use orders_worker::{
    orders::{OrderId, Sku},
    problem::Problem,
    validation::{CursorKey, HistoryKey, PagedList, Query, history_page},
};
use uuid::Uuid;

use super::path;

pub(super) const WORDS: &[&str] = &[
    "limit=",
    "cursor=",
    "scope=",
    "code=",
    "&",
    "=",
    "own ",
    "all ",
    "products ",
    "letters ",
    "history ",
    "%00",
    "%2B",
    "+",
    "100",
    "101",
    "BEANS",
    "0197a3c5-7b1e-7c3a-9f00-0123456789ab",
    "18446744073709551615",
    "018446744073709551615",
    "own%20",
    "YWxsIA",
];

/// The input is a query, and the content of a cursor.
pub(super) fn run(input: &[u8]) -> u64 {
    let wrapped = format!("limit=7&cursor={}", URL_SAFE_NO_PAD.encode(input));
    path((query(&String::from_utf8_lossy(input)), query(&wrapped)))
}

fn query(raw: &str) -> [u64; 6] {
    let query = Query::parse(raw);
    [
        page::<OrderId>(&query, PagedList::OwnOrders),
        page::<OrderId>(&query, PagedList::AllOrders),
        page::<Sku>(&query, PagedList::Products),
        page::<Uuid>(&query, PagedList::DeadLetters),
        page::<HistoryKey>(&query, PagedList::History),
        history(&query),
    ]
}

/// A cursor that a list accepts is one that it gives out, byte for byte, and no other list accepts it.
fn page<K: CursorKey + Debug>(query: &Query, list: PagedList) -> u64 {
    match query.page::<K>(list, &["scope"]) {
        Ok(page) => {
            assert!((1..=100).contains(&page.limit));
            assert_eq!(query.value("cursor").is_some(), page.after.is_some());
            if let Some(key) = &page.after {
                let cursor = list.cursor(key);
                assert_eq!(query.value("cursor"), Some(cursor.as_str()));
                let others = [
                    PagedList::OwnOrders,
                    PagedList::AllOrders,
                    PagedList::Products,
                    PagedList::DeadLetters,
                    PagedList::History,
                ];
                for other in others.into_iter().filter(|other| *other != list) {
                    assert!(query.page::<K>(other, &["scope"]).is_err(), "{other:?} takes it too");
                }
            }
            path(("page", page.after.is_some(), query.value("limit").is_some()))
        }
        Err(Problem::Malformed(detail)) => path(detail),
        Err(other) => panic!("a query alone is never refused as {other:?}"),
    }
}

/// A cursor of one history is none of another.
fn history(query: &Query) -> u64 {
    let Ok(page) = query.page::<HistoryKey>(PagedList::History, &["scope"]) else { return 0 };
    let Some(HistoryKey { order, version }) = page.after else { return 1 };
    let own = history_page(order, &page).expect("a cursor of this history");
    assert_eq!(own.after, Some(version));
    let other: OrderId = "0197a3c5-7b1e-7c3a-9f00-000000000000".parse().expect("an id");
    assert!(order == other || history_page(other, &page).is_err());
    2
}
