//! Shows a page in the browser.

use std::process::{Command, Stdio};

/// The program that opens a page; both find the browser that the user has chosen.
const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

/// Opens a page, or prints its address.
pub(super) fn page(page: &str) {
    let opened = Command::new(OPENER).arg(page).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    if opened.is_err() {
        eprintln!("cannot find {OPENER}; open {page} yourself");
    }
}
