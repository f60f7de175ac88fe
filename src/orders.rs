//! Orders, products and what becomes of them. Knows nothing of HTTP, SQL or Azure, and has no clock.

pub mod actor;
pub mod dead_letter;
mod digest;
pub mod draft;
pub mod history;
mod id;
pub mod message;
pub mod money;
pub mod order;
pub mod page;
pub mod precondition;
pub mod product;
pub mod text;
mod words;

pub use actor::{Actor, ActorKind, Owner};
pub use dead_letter::{DeadLetter, Reason};
pub use digest::Digest;
pub use draft::{IncomingOrder, LineDraft, LineFault, OrderDraft, OrderRevision, RefusedLine};
pub use history::{Action, HistoryItem, Recorded};
pub(crate) use id::{hyphenated, non_nil_uuid};
pub use message::FulfilmentMessage;
pub use money::{Currency, Money, Quantity, UnitPrice};
pub use order::{Line, Order, OrderId, Status};
pub use page::{Page, PageRequest};
pub use precondition::Precondition;
pub use product::{Product, ProductDraft};
pub use text::{Name, Note, Reference, RequestKey, Sku};
pub use words::UnknownWord;
