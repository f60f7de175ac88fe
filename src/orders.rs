//! Orders, products and what becomes of them. Knows nothing of HTTP, SQL or Azure, and has no clock.

pub mod actor;
pub mod dead_letter;
pub mod history;
pub mod message;
pub mod money;
pub mod order;
pub mod product;
pub mod text;

pub use actor::{Actor, ActorKind, Owner};
pub use dead_letter::{DeadLetter, Reason};
pub use history::{Action, HistoryItem};
pub use message::FulfilmentMessage;
pub use money::{Currency, Money};
pub use order::{Line, Order, OrderDraft, OrderId, Status};
pub use product::{Product, ProductDraft};
pub use text::{Name, Note, Quantity, Reference, Sku};
