//! Shows a page in the browser.

use std::process::{Command, Stdio};

/// What opens a page here; both find the browser that the user has chosen.
const OPENER: &str = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };

/// Opens the page of a host, or says where it is.
pub(super) fn page(url: &str) {
    let page = format!("{url}/_local/");
    let opened = Command::new(OPENER).arg(&page).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    if opened.is_err() {
        eprintln!("there is no {OPENER} here; open {page} yourself");
    }
}
