//! The parameters and headers of a request.

use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use crate::{
    orders::{IdempotencyKey, OrderId, Sku},
    validation::{DEFAULT_PAGE_LIMIT, MAX_PAGE_LIMIT, PagedList},
};

/// A sku that the products of `cargo xtask dev` leave free.
const UNUSED_SKU: &str = "MUG-350ML";

/// A strong entity tag of visible ASCII ([RFC 9110 §8.8.3](https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3)).
const STRONG_ETAG: &str = "^\"[!#-~]*\"$";

/// A parameter of a function, beyond those of its route.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Parameter {
    Limit,
    /// The cursor of these lists.
    Cursor(&'static [PagedList]),
    Scope,
    SecretName,
    IdempotencyKey,
    IfMatch,
    /// The `If-Match` header of a resource that may not exist yet.
    OptionalIfMatch,
    IfNoneMatch,
}

impl Parameter {
    pub(super) fn to_openapi(self) -> Value {
        let (place, name, required, about, schema) = match self {
            Self::Limit => (
                "query",
                "limit",
                false,
                "The most items of the page.",
                json!({"type": "integer", "minimum": 1, "maximum": MAX_PAGE_LIMIT, "default": DEFAULT_PAGE_LIMIT}),
            ),
            Self::Cursor(lists) => {
                ("query", "cursor", false, "The `next` of the page before.", cursor_schema(lists))
            }
            Self::Scope => (
                "query",
                "scope",
                false,
                "The caller's own orders, or everybody's for those whose role reads them.",
                json!({"type": "string", "enum": ["own", "all"], "default": "own"}),
            ),
            Self::SecretName => (
                "query",
                "secretName",
                false,
                "The secret; the one that the deployment names without it, or where it is empty.",
                json!({"type": "string", "pattern": "^[0-9A-Za-z-]{0,127}$"}),
            ),
            Self::IdempotencyKey => (
                "header",
                "Idempotency-Key",
                false,
                "Names the request, so that it can be sent again within 24 hours and carried out once.",
                schema::<IdempotencyKey>(),
            ),
            Self::IfMatch => (
                "header",
                "If-Match",
                true,
                "The ETag of the version that is to be replaced.",
                json!({"type": "string", "pattern": STRONG_ETAG}),
            ),
            Self::OptionalIfMatch => (
                "header",
                "If-Match",
                false,
                "The ETag of the version that is to be replaced; needed where there is one.",
                json!({"type": "string", "pattern": STRONG_ETAG}),
            ),
            Self::IfNoneMatch => (
                "header",
                "If-None-Match",
                false,
                "Creates, and never replaces.",
                json!({"type": "string", "enum": ["*"]}),
            ),
        };
        let mut object =
            json!({"name": name, "in": place, "required": required, "description": about, "schema": schema});
        if let Self::IfMatch = self {
            object["example"] = "\"1\"".into();
        }
        object
    }
}

/// What the cursors of these lists look like.
fn cursor_schema(lists: &[PagedList]) -> Value {
    let forms: Vec<String> = lists.iter().map(|list| list.cursor_pattern()).collect();
    json!({"type": "string", "pattern": format!("^(?:{})$", forms.join("|"))})
}

/// The parameters of a route template.
pub(super) fn route_parameters(route: &str) -> impl Iterator<Item = Value> {
    let names = route.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    names.map(|name| {
        let mut object = json!({"name": name, "in": "path", "required": true});
        if name == "sku" {
            object["schema"] = schema::<Sku>();
            object["example"] = UNUSED_SKU.into();
        } else {
            object["schema"] = schema::<OrderId>();
        }
        object
    })
}

/// The schema of a value that is no object.
fn schema<T: JsonSchema>() -> Value {
    T::json_schema(&mut SchemaGenerator::default()).to_value()
}
