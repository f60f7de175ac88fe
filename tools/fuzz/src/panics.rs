//! Hears panics that somebody else catches: a server survives those of its calls, and a fuzzer must not.

use std::{
    cell::RefCell,
    panic::{self, AssertUnwindSafe, PanicHookInfo},
    sync::Once,
};

thread_local! {
    /// The first panic of the run on this thread; none outside of a run.
    static HEARD: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

static LISTENING: Once = Once::new();

/// Runs work on this thread.
///
/// # Errors
/// The first panic and its place, even where the work continued.
pub(crate) fn listen<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    LISTENING.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !hear(panic) {
                before(panic);
            }
        }));
    });
    HEARD.set(Some(Vec::new()));
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    let heard = HEARD.take().unwrap_or_default();
    match (done, heard.into_iter().next()) {
        (Ok(done), None) => Ok(done),
        (_, Some(first)) => Err(first),
        (Err(_), None) => Err("a panic that was not recorded".to_owned()),
    }
}

/// Notes a panic if it is of work that somebody listens to.
fn hear(panic: &PanicHookInfo<'_>) -> bool {
    HEARD.with_borrow_mut(|heard| {
        let Some(heard) = heard else { return false };
        heard.push(panic.to_string());
        true
    })
}
