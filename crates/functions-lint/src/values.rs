//! Texts of the host's configuration as .NET's type converters read them (`ConfigurationBinder.TryConvertValue`).

/// `true` or `false` in any case, with blanks around it.
#[must_use]
pub fn parse_flag(text: &str) -> Option<bool> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// A 32-bit integer, decimal or hexadecimal with `0x`, `&h` or `#` before it, with blanks around it.
#[must_use]
pub fn parse_integer(text: &str) -> Option<i32> {
    let text = text.trim();
    let hexadecimal = ["0x", "0X", "&h", "&H", "#"].into_iter().find_map(|prefix| text.strip_prefix(prefix));
    match hexadecimal {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            u32::from_str_radix(digits, 16).ok().map(u32::cast_signed)
        }
        Some(_) => None,
        None => text.parse().ok(),
    }
}

/// One of an enumeration's names in any case, or its number: the position among the names.
#[must_use]
pub fn variant_index(text: &str, names: &[&str]) -> Option<usize> {
    let text = text.trim();
    let found = names.iter().position(|name| name.eq_ignore_ascii_case(text));
    found.or_else(|| text.parse().ok().filter(|number| *number < names.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_and_integers_are_read_as_dotnet_reads_them() {
        assert_eq!(
            [" TRUE ", "False", "1", "", "yes"].map(parse_flag),
            [Some(true), Some(false), None, None, None]
        );
        let integers = [" 16 ", "0x10", "&H10", "#10", "+16", "-1", "1.0", "", "0x", "99999999999"];
        let expected = [Some(16), Some(16), Some(16), Some(16), Some(16), Some(-1), None, None, None, None];
        assert_eq!(integers.map(parse_integer), expected);
    }

    #[test]
    fn variants_are_named_in_any_case_or_by_number() {
        let names = ["None", "Base64"];
        assert_eq!(
            ["base64", "0", "1", "2", "utf8", ""].map(|text| variant_index(text, &names)),
            [Some(1), Some(0), Some(1), None, None, None]
        );
    }
}
