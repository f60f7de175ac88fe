//! Query parameters and pagination cursors: unknown and repeated parameters are refused. See
//! `docs/reference/api.md#query-parameters`.

use std::convert::Infallible;

use axum::{extract::FromRequestParts, http::request::Parts};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use percent_encoding::percent_decode_str;
use uuid::Uuid;

use crate::{
    orders::{OrderId, PageRequest, Sku},
    problem::Problem,
};

const FOREIGN_CURSOR: Problem =
    Problem::Malformed("`cursor` must be one that this list returned. Leave it out for the first page.");
/// How many items a page has by default: `docs/reference/api.md#pagination`.
pub const DEFAULT_PAGE_LIMIT: u32 = 25;
/// The most items of a page.
pub const MAX_PAGE_LIMIT: u32 = 100;

/// A query, decoded. `code` may hold the function key, which the host checks: the worker never reads it.
#[derive(Debug)]
pub struct Query(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

impl Query {
    /// Decodes a raw query.
    #[must_use]
    pub fn parse(raw: &str) -> Self {
        let decode = |text: &str| {
            percent_decode_str(&text.replace('+', " "))
                .decode_utf8()
                .map_or_else(|_| "\u{fffd}".to_owned(), Into::into)
        };
        let pairs = raw.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        });
        Self(pairs.filter(|(name, _)| name != "code").collect())
    }

    /// The value of a parameter that occurs once.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        values.next().filter(|_| values.next().is_none())
    }

    /// Requires that there are only these parameters, each at most once.
    ///
    /// # Errors
    /// `malformed`.
    pub fn allow_only(&self, known: &[&str]) -> Result<(), Problem> {
        for (at, (name, _)) in self.0.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                return Err(Problem::Malformed(
                    "The query has a parameter that this function does not accept. Remove it.",
                ));
            }
            if self.0[..at].iter().any(|(earlier, _)| earlier == name) {
                return Err(Problem::Malformed("Each query parameter must be sent at most once."));
            }
        }
        Ok(())
    }

    /// Reads `limit` and `cursor` of a list whose other parameters are `others`.
    ///
    /// # Errors
    /// `malformed`.
    pub fn page<K: CursorKey>(&self, list: PagedList, others: &[&str]) -> Result<PageRequest<K>, Problem> {
        let known: Vec<&str> = ["limit", "cursor"].iter().chain(others).copied().collect();
        self.allow_only(&known)?;
        let limit = match self.value("limit") {
            None => DEFAULT_PAGE_LIMIT,
            Some(text) => digits(text)
                .filter(|limit| (1..=MAX_PAGE_LIMIT).contains(limit))
                .ok_or(Problem::Malformed("`limit` must be between 1 and 100."))?,
        };
        let after =
            self.value("cursor").map(|text| list.parse_cursor(text).ok_or(FOREIGN_CURSOR)).transpose()?;
        Ok(PageRequest { after, limit })
    }
}

/// Turns the page request of a history cursor into one for this order's versions.
///
/// # Errors
/// `malformed`, when the cursor is another order's.
pub fn history_page(order: OrderId, page: &PageRequest<HistoryKey>) -> Result<PageRequest<u64>, Problem> {
    let after = match page.after {
        Some(key) if key.order != order => return Err(FOREIGN_CURSOR),
        after => after.map(|key| key.version),
    };
    Ok(PageRequest { after, limit: page.limit })
}

fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// A list that gives out cursors. A cursor of one list is refused by every other list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PagedList {
    /// A caller's own orders.
    OwnOrders,
    /// Everybody's orders.
    AllOrders,
    /// Products.
    Products,
    /// Dead letters.
    DeadLetters,
    /// The changes of one order.
    History,
}

/// The key of a list's items. A cursor grants nothing: the caller's own predicate always applies.
pub trait CursorKey: Sized {
    /// The key as text, without blanks.
    fn encode(&self) -> String;
    /// Parses the text that [`Self::encode`] writes; `None` for any other text.
    fn decode(text: &str) -> Option<Self>;
}

impl PagedList {
    const fn tag(self) -> &'static str {
        match self {
            Self::OwnOrders => "own",
            Self::AllOrders => "all",
            Self::Products => "products",
            Self::DeadLetters => "letters",
            Self::History => "history",
        }
    }

    /// The shortest and the longest key, in bytes.
    const fn key_lengths(self) -> (usize, usize) {
        const ID: usize = 36;
        const VERSION: usize = 20;
        match self {
            Self::OwnOrders | Self::AllOrders | Self::DeadLetters => (ID, ID),
            Self::Products => (1, 32),
            Self::History => (ID + 2, ID + 1 + VERSION),
        }
    }

    /// A regular expression that every cursor of this list matches, and no cursor of another list.
    #[must_use]
    pub fn cursor_pattern(self) -> String {
        let tag = format!("{} ", self.tag());
        // Of base64 the characters that the tag alone decides.
        let begin = &URL_SAFE_NO_PAD.encode(&tag)[..tag.len() * 8 / 6];
        let rest = |key: usize| ((tag.len() + key) * 8).div_ceil(6) - begin.len();
        let (shortest, longest) = self.key_lengths();
        format!("{begin}[A-Za-z0-9_-]{{{},{}}}", rest(shortest), rest(longest))
    }

    /// The opaque text that names the page after `key`.
    #[must_use]
    pub fn cursor<K: CursorKey>(self, key: &K) -> String {
        URL_SAFE_NO_PAD.encode(format!("{} {}", self.tag(), key.encode()))
    }

    fn parse_cursor<K: CursorKey>(self, cursor: &str) -> Option<K> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
        let (tag, key) = text.split_once(' ')?;
        let parsed = K::decode(key).filter(|_| tag == self.tag())?;
        (parsed.encode() == key).then_some(parsed)
    }
}

impl CursorKey for OrderId {
    fn encode(&self) -> String {
        self.to_string()
    }

    fn decode(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// The key of an item in the history of an order: the order and the version that the change made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HistoryKey {
    /// The order.
    pub order: OrderId,
    /// The version that the change made.
    pub version: u64,
}

impl CursorKey for HistoryKey {
    fn encode(&self) -> String {
        format!("{} {}", self.order, self.version)
    }

    fn decode(text: &str) -> Option<Self> {
        let (order, version) = text.split_once(' ')?;
        Some(Self { order: order.parse().ok()?, version: version.parse().ok()? })
    }
}

impl CursorKey for Sku {
    fn encode(&self) -> String {
        self.to_string()
    }

    fn decode(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl CursorKey for Uuid {
    fn encode(&self) -> String {
        self.to_string()
    }

    fn decode(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

    use super::*;

    const LISTS: [PagedList; 4] =
        [PagedList::OwnOrders, PagedList::AllOrders, PagedList::Products, PagedList::DeadLetters];

    fn cursor<K: CursorKey>(list: PagedList, text: &str) -> Result<Option<K>, Problem> {
        let query = format!("cursor={}", utf8_percent_encode(text, NON_ALPHANUMERIC));
        Query::parse(&query).page(list, &[]).map(|page| page.after)
    }

    /// Texts that hold a tag, a key, or something like either, plain or encoded.
    fn texts() -> impl Strategy<Value = String> {
        let tag = prop_oneof![
            Just("own".to_owned()),
            Just("all".to_owned()),
            Just("products".to_owned()),
            ".{0,4}"
        ];
        let id = any::<u128>().prop_map(|id| Uuid::from_u128(id).to_string());
        let key =
            prop_oneof![id.clone(), id.prop_map(|id| id.to_uppercase()), "[A-Z0-9-]{0,34}", any::<String>()];
        let plain = (tag, "[ ]{0,2}", key).prop_map(|(tag, blanks, key)| format!("{tag}{blanks}{key}"));
        let encoded = plain.clone().prop_map(|text| URL_SAFE_NO_PAD.encode(text));
        let padded = encoded.clone().prop_map(|text| format!("{text}="));
        prop_oneof![5 => encoded, 1 => padded, 1 => plain, 1 => any::<String>()]
    }

    fn is_given_out_or_refused<K: CursorKey>(list: PagedList, text: &str) -> Result<(), TestCaseError> {
        match cursor::<K>(list, text) {
            Ok(after) => prop_assert_eq!(after.map(|key| list.cursor(&key)), Some(text.to_owned())),
            Err(problem) => prop_assert!(matches!(problem, Problem::Malformed(_))),
        }
        Ok(())
    }

    #[test]
    fn each_lists_pattern_matches_only_its_cursors() {
        let (order, letter) = (OrderId::new(chrono::DateTime::UNIX_EPOCH), Uuid::max());
        let skus = ["A", "A-9", &"Z".repeat(32)].map(|sku| sku.parse::<Sku>().unwrap());
        let mut cursors = vec![
            (PagedList::OwnOrders, PagedList::OwnOrders.cursor(&order)),
            (PagedList::AllOrders, PagedList::AllOrders.cursor(&order)),
            (PagedList::DeadLetters, PagedList::DeadLetters.cursor(&letter)),
            (PagedList::History, PagedList::History.cursor(&HistoryKey { order, version: 0 })),
            (PagedList::History, PagedList::History.cursor(&HistoryKey { order, version: u64::MAX })),
        ];
        cursors.extend(skus.iter().map(|sku| (PagedList::Products, PagedList::Products.cursor(sku))));
        for list in LISTS.into_iter().chain([PagedList::History]) {
            let form = serde_json::json!({"pattern": format!("^(?:{})$", list.cursor_pattern())});
            let form = jsonschema::validator_for(&form).unwrap();
            let matches = |text: &str| form.is_valid(&text.into());
            for (of, cursor) in &cursors {
                assert_eq!(matches(cursor), *of == list, "{list:?}: {cursor}");
            }
            assert!(!matches("") && !matches(&list.cursor(&order)[..4]));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_an_own_cursor_or_malformed(text in texts()) {
            for list in LISTS {
                is_given_out_or_refused::<OrderId>(list, &text)?;
                is_given_out_or_refused::<Sku>(list, &text)?;
                is_given_out_or_refused::<Uuid>(list, &text)?;
            }
        }

        #[test]
        fn a_cursor_is_valid_in_its_own_list_only(id in any::<u128>()) {
            let id = Uuid::from_u128(id);
            for (list, other) in LISTS.iter().flat_map(|list| LISTS.map(|other| (*list, other))) {
                let read = cursor::<Uuid>(other, &list.cursor(&id)).ok().flatten();
                prop_assert_eq!(read, (list == other).then_some(id));
            }
        }
    }
}
