//! Lists, a page at a time.

/// Asks for a page of a list: what comes after the last item that the caller has seen.
#[derive(Clone, Debug)]
pub struct PageRequest<K> {
    /// The key of the last item seen; none for the first page.
    pub after: Option<K>,
    /// At most this many items, 1 to 100.
    pub limit: u32,
}

/// A page of a list. The next page is asked for by the key of this page's last item.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The items, in the list's sequence.
    pub items: Vec<T>,
    /// Whether more follow.
    pub has_more: bool,
}
