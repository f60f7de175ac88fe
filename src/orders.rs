//! The domain model: orders, products, messages and dead letters. It uses no HTTP, SQL, Azure or clock.

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
mod string_enum;
pub mod text;

pub use actor::{Actor, ActorKind, Owner};
pub use dead_letter::{DeadLetter, Reason};
pub use digest::Digest;
pub use draft::{IncomingOrder, InvalidLine, LineDraft, LineError, OrderDraft, OrderRevision};
pub use history::{Action, HistoryEntry, HistoryItem};
pub(crate) use id::{parse_non_nil_uuid, parse_uuid};
pub use message::FulfilmentMessage;
pub use money::{Currency, Money, Quantity, UnitPrice};
pub use order::{Line, Order, OrderId, Status};
pub use page::{Page, PageRequest};
pub use precondition::Precondition;
pub use product::{Product, ProductDraft};
pub use string_enum::UnknownVariant;
pub use text::{IdempotencyKey, Name, Note, Reference, Sku};
