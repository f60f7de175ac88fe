//! What .NET takes for a GUID.

/// Whether a text is a GUID for .NET: 32 hexadecimal digits, with hyphens in the usual places or without any, in braces
/// or brackets if it has hyphens.
pub(super) fn is_guid(text: &str) -> bool {
    let text = text.trim();
    let inner = [('{', '}'), ('(', ')')]
        .into_iter()
        .find_map(|(open, close)| text.strip_prefix(open)?.strip_suffix(close));
    match inner {
        Some(inner) => is_hyphened(inner),
        None => is_hyphened(text) || is_hexadecimal(text, 32),
    }
}

fn is_hyphened(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() == 5 && parts.iter().zip([8, 4, 4, 4, 12]).all(|(part, length)| is_hexadecimal(part, length))
}

fn is_hexadecimal(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
