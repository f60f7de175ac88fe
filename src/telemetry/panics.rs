//! Panics: a line of log each, but for those of a library that are caught where they happen.

use std::{
    cell::Cell,
    fmt::Display,
    panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind},
    pin::pin,
    task::Poll,
};

use super::Event;

thread_local! {
    /// Whether this thread runs something whose panics are caught and returned as an error.
    static CATCHING: Cell<bool> = const { Cell::new(false) };
}

/// A library panicked; its object must not be used again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Panicked;

/// Runs a future of a library that panics where it should fail. Its panics become errors without a log line: the
/// caller knows what they mean and logs them.
///
/// # Errors
/// [`Panicked`], when it did.
pub(crate) async fn catch_panic<F: Future>(future: F) -> Result<F::Output, Panicked> {
    let mut future = pin!(future);
    std::future::poll_fn(move |context| {
        let before = CATCHING.replace(true);
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        CATCHING.set(before);
        match polled {
            Ok(polled) => polled.map(Ok),
            Err(_panic) => Poll::Ready(Err(Panicked)),
        }
    })
    .await
}

/// What the process does at a panic. Names its place in the source and not its message, which may quote what a caller
/// sent.
pub(super) fn log_panic(panic: &PanicHookInfo<'_>) {
    if CATCHING.get() {
        return;
    }
    let location = panic.location();
    Event::WorkerPanicked { location: location.as_ref().map(|place| place as &dyn Display) }.log();
}
