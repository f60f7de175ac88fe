use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// A path in tokens that are not parsed, with its line.
pub(crate) type Found = (Vec<String>, usize);

/// The paths in tokens that are not parsed: `a::b` and single names of types. A string counts if it is a path of more
/// than one segment, as attributes carry them, and if `strings` says so.
pub(crate) fn paths(tokens: TokenStream, strings: bool) -> Vec<Found> {
    let mut found = Vec::new();
    collect(tokens, strings, &mut found);
    found.retain(|(segments, _)| segments.len() > 1 || segments[0].starts_with(char::is_uppercase));
    found
}

fn collect(tokens: TokenStream, strings: bool, found: &mut Vec<Found>) {
    let mut open: Option<Found> = None;
    let mut before = Before::Other;
    for token in tokens {
        let next = match &token {
            TokenTree::Punct(mark) => match (mark.as_char(), mark.spacing(), before) {
                (':', Spacing::Joint, Before::Name) => Before::Colon,
                (':', _, Before::Colon) => Before::Colons,
                (':', Spacing::Joint, _) => Before::Foreign,
                (':', _, Before::Foreign) | ('.' | '\'', ..) => Before::Dot,
                ('$', ..) => Before::Dollar,
                _ => Before::Other,
            },
            TokenTree::Ident(name) => {
                let text = name.to_string();
                match before {
                    Before::Colons => open.get_or_insert_with(|| (Vec::new(), 0)).0.push(text),
                    Before::Dot => {}
                    Before::Dollar if text != "crate" => {}
                    _ => {
                        found.extend(open.take());
                        open = Some((vec![text], name.span().start().line));
                    }
                }
                if open.is_some() { Before::Name } else { Before::Other }
            }
            TokenTree::Group(group) => {
                collect(group.stream(), strings, found);
                if before == Before::Dollar || group.delimiter() == Delimiter::None {
                    before
                } else {
                    Before::Other
                }
            }
            TokenTree::Literal(literal) => {
                if strings && let Some(path) = path_in(&literal.to_string()) {
                    found.push((path, literal.span().start().line));
                }
                Before::Other
            }
        };
        if !matches!(next, Before::Name | Before::Colon | Before::Colons) {
            found.extend(open.take());
        }
        before = next;
    }
    found.extend(open.take());
}

/// The token before a token.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Before {
    Name,
    Colon,
    Colons,
    /// The first colon of `::name`, a path that begins outside the crate.
    Foreign,
    Dot,
    Dollar,
    Other,
}

/// The path in a string literal, if it is one of more than one segment.
fn path_in(literal: &str) -> Option<Vec<String>> {
    let text = literal.strip_prefix('"')?.strip_suffix('"')?;
    let segments: Vec<String> = text.split("::").map(str::to_owned).collect();
    let is_name = |segment: &String| {
        !segment.is_empty() && segment.chars().all(|each| each.is_ascii_alphanumeric() || each == '_')
    };
    (segments.len() > 1 && segments.iter().all(is_name)).then_some(segments)
}
