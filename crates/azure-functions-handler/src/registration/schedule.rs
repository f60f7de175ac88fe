//! Whether the host reads a schedule
//! (<https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions>).

use super::names::is_expression;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const DAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/// The least and the greatest value of each field, and its names: second, minute, hour, day, month, day of the week.
const FIELDS: [(u32, u32, &[&str]); 6] =
    [(0, 59, &[]), (0, 59, &[]), (0, 23, &[]), (1, 31, &[]), (1, 12, &MONTHS), (0, 6, &DAYS)];

/// NCRONTAB of six fields, or of five without seconds; a time span above zero; or the name of an app setting.
pub(super) fn is_valid(schedule: &str) -> bool {
    let words: Vec<&str> = schedule.split(' ').filter(|word| !word.is_empty()).collect();
    let fields = match words.len() {
        5 => &FIELDS[1..],
        6 => &FIELDS[..],
        _ => return is_expression(schedule) || is_span(schedule),
    };
    is_expression(schedule)
        || words.iter().zip(fields).all(|(word, field)| word.split(',').all(|part| fits(part, *field)))
}

fn fits(part: &str, field: (u32, u32, &[&str])) -> bool {
    let (base, step) = part.split_once('/').map_or((part, None), |(base, step)| (base, Some(step)));
    if step.is_some_and(|step| step.parse::<u32>().is_err()) {
        return false;
    }
    let ends = base.split_once('-').map_or((base, None), |(first, last)| (first, Some(last)));
    base == "*" || (is_value(ends.0, field) && ends.1.is_none_or(|last| is_value(last, field)))
}

/// A number within the bounds, or the beginning of a name in any case.
fn is_value(text: &str, (least, most, names): (u32, u32, &[&str])) -> bool {
    let is_name = || names.iter().any(|name| name.starts_with(&text.to_ascii_lowercase()));
    match text.parse::<u32>() {
        Ok(value) => (least..=most).contains(&value),
        Err(_) => !text.is_empty() && is_name(),
    }
}

/// A time span such as `00:05:00`.
fn is_span(text: &str) -> bool {
    let fits = |char: char| char.is_ascii_digit() || matches!(char, ':' | '.');
    !text.is_empty() && text.chars().all(fits) && text.contains(|char: char| matches!(char, '1'..='9'))
}

#[cfg(test)]
mod tests {
    use super::is_valid;

    #[test]
    fn valid_schedules_are_recognized() {
        for good in [
            "0 */5 * * * *",
            "*/5 * * * *",
            "0 30 9 * JAN Mon-Fri",
            "0 0 9-17 * * *",
            "0 0,30 8/2 1 1 sun",
            "00:05:00",
            "1.00:00:00",
            "%SCHEDULE%",
        ] {
            assert!(is_valid(good), "{good}");
        }
        for bad in [
            "every minute",
            "",
            "0 * * *",
            "60 * * * * *",
            "* * 24 * * *",
            "0 0 0 0 * *",
            "0 0 0 1 13 *",
            "0 0 0 * * 7",
            "x * * * * *",
            "0 */x * * * *",
            "0 1-x * * * *",
            "00:00:00",
            "0 1,,2 * * * *",
        ] {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}
