//! One field of an NCRONTAB expression, with its meaning in atifaziz/NCrontab (CrontabField.cs, CrontabFieldImpl.cs).

/// What a field counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    pub(super) name: &'static str,
    pub(super) least: u32,
    pub(super) most: u32,
    names: &'static [&'static str],
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Second, minute, hour, day, month, day of the week.
pub(super) const UNITS: [Unit; 6] = [
    Unit { name: "second", least: 0, most: 59, names: &[] },
    Unit { name: "minute", least: 0, most: 59, names: &[] },
    Unit { name: "hour", least: 0, most: 23, names: &[] },
    Unit { name: "day", least: 1, most: 31, names: &[] },
    Unit { name: "month", least: 1, most: 12, names: &MONTHS },
    Unit { name: "day of the week", least: 0, most: 6, names: &DAYS },
];

/// The values that a field lets in.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Field(u64);

impl Field {
    pub(super) fn has(self, value: u32) -> bool {
        self.0 & (1 << value) != 0
    }

    /// The first value from `from` on.
    pub(super) fn first_from(self, from: u32) -> Option<u32> {
        (from..64).find(|value| self.has(*value))
    }

    pub(super) fn count(self) -> u32 {
        self.0.count_ones()
    }

    pub(super) fn is_full(self, unit: Unit) -> bool {
        self.count() == unit.most - unit.least + 1
    }

    /// Reads a field; ranges from high to low are added to `reversed`.
    pub(super) fn parse(text: &str, unit: Unit, reversed: &mut Vec<String>) -> Result<Self, String> {
        let mut field = Self::default();
        // A comma at the very beginning makes no list.
        let parts =
            if text.find(',').is_some_and(|at| at > 0) { text.split(',').collect() } else { vec![text] };
        for part in parts {
            field.add(part, unit, reversed)?;
        }
        Ok(field)
    }

    fn add(&mut self, text: &str, unit: Unit, reversed: &mut Vec<String>) -> Result<(), String> {
        let (base, every) = match text.find('/').filter(|at| *at > 0) {
            Some(at) => (&text[..at], Some(step(&text[at + 1..], unit)?)),
            None => (text, None),
        };
        if base == "*" {
            return self.fill(unit.least, unit.most, every.unwrap_or(1), unit);
        }
        if let Some(at) = base.find('-').filter(|at| *at > 0) {
            let (first, last) = (unit.value(&base[..at])?, unit.value(&base[at + 1..])?);
            if first > last {
                reversed.push(base.to_owned());
            }
            return self.fill(first, last, every.unwrap_or(1), unit);
        }
        let value = unit.value(base)?;
        self.fill(value, if every.is_some() { unit.most } else { value }, every.unwrap_or(1), unit)
    }

    /// A start above the end changes places with it; a step below 1 is 1.
    fn fill(&mut self, start: u32, end: u32, every: u32, unit: Unit) -> Result<(), String> {
        let (start, end) = (start.min(end), start.max(end));
        for value in [start, end] {
            if !(unit.least..=unit.most).contains(&value) {
                let Unit { name, least, most, .. } = unit;
                return Err(format!("the {name} must be between {least} and {most}, not {value}"));
            }
        }
        for value in (start..=end).step_by(usize::try_from(every.max(1)).unwrap_or(usize::MAX)) {
            self.0 |= 1 << value;
        }
        Ok(())
    }
}

impl Unit {
    /// A number, or the beginning of a name in any case; the first name that begins so counts.
    fn value(self, text: &str) -> Result<u32, String> {
        if text.starts_with(|char: char| char.is_ascii_digit()) {
            return text
                .trim_end()
                .parse()
                .map_err(|_| format!("the {} must be a number, not {text:?}", self.name));
        }
        let begins = |name: &&str| name.get(..text.len()).is_some_and(|head| head.eq_ignore_ascii_case(text));
        let found = self.names.iter().position(|name| !text.is_empty() && begins(name));
        let found = found.and_then(|at| u32::try_from(at).ok()).map(|at| at + self.least);
        found.ok_or_else(|| format!("the {} cannot be {text:?}", self.name))
    }
}

/// The number behind a slash; zero and less count as 1.
fn step(text: &str, unit: Unit) -> Result<u32, String> {
    let number: i32 = text
        .trim()
        .parse()
        .map_err(|_| format!("the step of the {} must be a number, not {text:?}", unit.name))?;
    Ok(u32::try_from(number).unwrap_or(0))
}
