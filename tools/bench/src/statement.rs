//! The worker's own statements, for programs that give their parameters in other ways.

use crate::requests::Operation;

/// A statement as the worker sends it, with `$1`, `$2` and so on.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) text: String,
    /// The types of its parameters, which the worker's driver sends along.
    types: &'static [&'static str],
}

/// What the worker sends for each operation that is measured over HTTP.
pub(crate) struct Statements {
    pub(crate) get: Statement,
    pub(crate) list: Statement,
    pub(crate) create: Statement,
}

impl Statements {
    pub(crate) fn of(&self, operation: Operation) -> &Statement {
        match operation {
            Operation::GetOrder => &self.get,
            Operation::ListOrders => &self.list,
            Operation::CreateOrder | Operation::CreateOrderWithKey => &self.create,
        }
    }
}

const ID: &str = "uuid";
const TEXT: &str = "text";
const NUMBER: &str = "bigint";

/// An order's id and its owner.
pub(crate) const OF_GET: &[&str] = &[ID; 3];
/// The owner, the last id of the page before, the size of a page.
pub(crate) const OF_LIST: &[&str] = &[ID, ID, ID, NUMBER];
/// What an order is made of, its history row, and its key.
pub(crate) const OF_CREATE: &[&str] =
    &[ID, ID, ID, TEXT, TEXT, TEXT, NUMBER, "text[]", "bigint[]", TEXT, ID, ID, TEXT, "bytea", NUMBER];

impl Statement {
    pub(crate) fn new(text: String, types: &'static [&'static str]) -> Self {
        Self { text, types }
    }

    /// The same for drivers that send no types: each parameter says its own.
    pub(crate) fn typed(&self) -> String {
        self.with(|number, of| format!("CAST(${number} AS {of})"))
    }

    /// The same with these expressions for its parameters.
    pub(crate) fn filled(&self, values: &[&str]) -> String {
        self.with(|number, of| {
            let value = values.get(number.wrapping_sub(1)).copied().unwrap_or("NULL");
            format!("CAST({value} AS {of})")
        })
    }

    fn with(&self, write: impl Fn(usize, &str) -> String) -> String {
        let mut parts = self.text.split('$');
        let mut written = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let digits = part.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(part.len());
            let (number, rest) = part.split_at(digits);
            let number: usize = number.parse().unwrap_or_default();
            let of = self.types.get(number.wrapping_sub(1)).copied().unwrap_or(TEXT);
            written.push_str(&write(number, of));
            written.push_str(rest);
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_carry_explicit_types() {
        let statement = Statement::new("SELECT $1, $4 FROM t WHERE id < $4".to_owned(), OF_LIST);
        let typed = "SELECT CAST($1 AS uuid), CAST($4 AS bigint) FROM t WHERE id < CAST($4 AS bigint)";
        assert_eq!(statement.typed(), typed);
    }

    #[test]
    fn two_digit_parameters_are_recognized() {
        let statement = Statement::new("$1 $15 $13".to_owned(), OF_CREATE);
        let values: Vec<String> = (1..=15).map(|number| format!(":v{number}")).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        assert_eq!(statement.filled(&values), "CAST(:v1 AS uuid) CAST(:v15 AS bigint) CAST(:v13 AS text)");
    }
}
