//! Names and types that the host takes.

/// A name of a function (`FunctionNameValidationRegex` of the host).
pub(super) fn is_function(name: &str) -> bool {
    is_identifier(name, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        && !name.eq_ignore_ascii_case("host")
}

/// A name of a binding. `$return`, which the host takes too, is an output that no handler names.
pub(super) fn is_binding(name: &str) -> bool {
    is_identifier(name, |byte| byte.is_ascii_alphanumeric())
}

fn is_identifier(name: &str, fits: impl Fn(u8) -> bool) -> bool {
    let begins = name.starts_with(|first: char| first.is_ascii_alphabetic());
    begins && name.len() <= 128 && name.bytes().all(fits)
}

/// A name of a storage queue
/// (<https://learn.microsoft.com/rest/api/storageservices/naming-queues-and-metadata#queue-names>), or one that an app setting
/// or a binding expression gives.
pub(super) fn is_queue(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_plain = (3..=63).contains(&name.len())
        && name.bytes().all(fits)
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--");
    is_plain || is_expression(name)
}

/// Whether the host fills something in (<https://learn.microsoft.com/azure/azure-functions/functions-bindings-expressions-patterns>).
pub(super) fn is_expression(text: &str) -> bool {
    text.matches('%').count() >= 2 || (text.contains('{') && text.contains('}'))
}

/// Why a generic trigger cannot have this type.
pub(super) fn reserved_trigger_reason(kind: &str) -> Option<&'static str> {
    match kind.to_ascii_lowercase().as_str() {
        "httptrigger" => Some("register it with `Functions::http`"),
        "queuetrigger" => Some("register it with `Functions::queue`"),
        "timertrigger" => Some("register it with `Functions::timer`"),
        kind if kind.len() > "trigger".len() && kind.ends_with("trigger") => None,
        _ => Some("the type of a trigger ends with `Trigger`, as `blobTrigger` does"),
    }
}

/// Why a generic output cannot have this type.
pub(super) fn reserved_output_reason(kind: &str) -> Option<&'static str> {
    match kind.to_ascii_lowercase().as_str() {
        "" => Some("name one, such as `blob`"),
        "http" => Some("the answer of an HTTP function is its output `res`"),
        "queue" => Some("register it with `queue_output`"),
        kind if kind.ends_with("trigger") => Some("it is the type of a trigger"),
        _ => None,
    }
}
