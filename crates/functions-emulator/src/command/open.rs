//! Shows a page in the browser.

/// Opens a page in the browser that the user has chosen, or prints its address.
pub(super) fn page(page: &str) {
    if let Err(error) = open::that_detached(page) {
        eprintln!("cannot open a browser: {error}; open {page} yourself");
    }
}
