//! Whether the arrays of an answer can be read. sqlx trusts their lengths: it makes room for as many elements as they
//! claim, which can end the process, and reads beyond their end.

use sqlx::{
    Column as _, Row as _,
    postgres::{PgRow, PgTypeKind, PgValueFormat},
};

/// Whether each array of a row has as many elements as it claims.
pub(super) fn are_complete(row: &PgRow) -> bool {
    row.columns().iter().all(|column| {
        if !matches!(column.type_info().kind(), PgTypeKind::Array(_)) {
            return true;
        }
        let Ok(value) = row.try_get_raw(column.ordinal()) else { return false };
        match (value.format(), value.as_bytes()) {
            (PgValueFormat::Binary, Ok(bytes)) => is_complete(bytes).is_some(),
            // Null, or text, in which each element ends where the next one begins.
            _ => true,
        }
    })
}

/// Some, when the array is whole: in the binary format the number of dimensions, flags, the type, then for one
/// dimension the number of elements and the first index, then each element behind its length, -1 for null.
fn is_complete(mut bytes: &[u8]) -> Option<()> {
    let dimensions = number(&mut bytes)?;
    if dimensions != 1 {
        // The array has no element, or more dimensions than sqlx reads.
        return Some(());
    }
    let (_flags, _type) = (number(&mut bytes)?, number(&mut bytes)?);
    let elements = number(&mut bytes)?;
    let _first = number(&mut bytes)?;
    for _ in 0..elements {
        if let Ok(length) = usize::try_from(number(&mut bytes)?) {
            bytes = bytes.get(length..)?;
        }
    }
    Some(())
}

fn number(bytes: &mut &[u8]) -> Option<i32> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(i32::from_be_bytes(*first))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `{"ab", null}` as the server writes it, claiming `elements` elements, the first of length `first`.
    fn array(elements: i32, first: i32) -> Vec<u8> {
        let numbers = [1, 1, 25, elements, 1, first];
        let mut bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
        bytes.extend(b"ab");
        bytes.extend((-1_i32).to_be_bytes());
        bytes
    }

    #[test]
    fn an_array_that_holds_what_it_claims_is_whole() {
        assert!(is_complete(&array(2, 2)).is_some() && is_complete(&0_i32.to_be_bytes()).is_some());
    }

    #[test]
    fn an_array_that_claims_more_than_it_holds_is_not() {
        for (elements, first) in [(3, 2), (i32::MAX, 2), (2, 7), (2, i32::MAX)] {
            assert!(is_complete(&array(elements, first)).is_none(), "{elements} {first}");
        }
        let whole = array(2, 2);
        assert!((0..whole.len()).all(|length| is_complete(&whole[..length]).is_none()));
    }
}
