//! What a command needs that rebuilds its app on every save: the files that are saved, and builds that are shown and
//! heard. [`LocalHost::tell_build`](crate::LocalHost::tell_build) and [`LocalHost::reload`](crate::LocalHost::reload) do
//! the rest.

mod build;
mod saves;

pub use build::{BuildError, again, first};
pub use saves::{Saves, WatchError};
