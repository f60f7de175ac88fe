//! What a statement does, and with which table.

/// The operation and the table of a statement; of its values it has none, because each of them is bound.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Statement<'s> {
    pub(super) operation: &'s str,
    pub(super) table: Option<&'s str>,
}

/// Reads the first words of a statement, and of one that begins with `WITH` the words of its last part.
pub(super) fn parse(sql: &str) -> Option<Statement<'_>> {
    let words: Vec<&str> = sql.split_whitespace().collect();
    let first = words.first()?.trim_end_matches(';');
    let at = if first.eq_ignore_ascii_case("WITH") { main_operation(&words)? } else { 0 };
    let operation = words[at].trim_matches(|letter| matches!(letter, '(' | ';'));
    let rest = &words[at + 1..];
    let table = match operation.to_ascii_uppercase().as_str() {
        "INSERT" => after(rest, "INTO").map(name),
        // What is called like a function is none.
        "DELETE" | "SELECT" => after(rest, "FROM").filter(|word| !word.contains('(')).map(name),
        "UPDATE" => rest.first().copied().map(name),
        _ => None,
    };
    Some(Statement { operation, table })
}

/// Where the part that changes something begins, or else the last `SELECT`.
fn main_operation(words: &[&str]) -> Option<usize> {
    let is = |word: &str, other: &str| word.trim_start_matches('(').eq_ignore_ascii_case(other);
    let changes = |at: &usize| {
        let locks = *at > 0 && (is(words[at - 1], "FOR") || is(words[at - 1], "DO"));
        !locks && ["INSERT", "UPDATE", "DELETE"].iter().any(|operation| is(words[*at], operation))
    };
    (0..words.len()).rfind(changes).or_else(|| (0..words.len()).rfind(|at| is(words[*at], "SELECT")))
}

fn after<'s>(words: &[&'s str], keyword: &str) -> Option<&'s str> {
    let at = words.iter().position(|word| word.eq_ignore_ascii_case(keyword))?;
    words.get(at + 1).copied()
}

/// The name that a word begins with.
fn name(word: &str) -> &str {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.');
    word.find(|letter| !is_part(letter)).map_or(word, |end| &word[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operation_and_table_of_a_statement_are_read() {
        for (sql, operation, table) in [
            ("SELECT id, note FROM orders WHERE id = $1", "SELECT", Some("orders")),
            ("SELECT 1", "SELECT", None),
            ("SELECT * FROM unnest($1)", "SELECT", None),
            ("SELECT a FROM (SELECT 1) b", "SELECT", None),
            ("INSERT INTO orders (id) VALUES ($1) ON CONFLICT DO UPDATE SET a = 1", "INSERT", Some("orders")),
            ("INSERT INTO outbox(id) VALUES ($1)", "INSERT", Some("outbox")),
            ("UPDATE outbox SET sent = 1", "UPDATE", Some("outbox")),
            ("DELETE FROM inbox;", "DELETE", Some("inbox")),
            ("BEGIN IMMEDIATE", "BEGIN", None),
            ("COMMIT;", "COMMIT", None),
            (
                "WITH due AS (SELECT id FROM outbox FOR UPDATE SKIP LOCKED)\n UPDATE outbox SET sent = 1",
                "UPDATE",
                Some("outbox"),
            ),
            ("WITH a AS (SELECT 1) SELECT b FROM products", "SELECT", Some("products")),
        ] {
            assert_eq!(parse(sql), Some(Statement { operation, table }), "{sql}");
        }
        assert_eq!(parse(" "), None);
    }
}
