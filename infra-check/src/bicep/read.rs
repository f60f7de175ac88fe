//! The expressions of the parser's tree, as ours.

use tree_sitter::Node as Parsed;

use super::syntax::{Body, Each, Expression, Node, Piece, Property};

/// Reads nodes of one text.
pub(super) struct Reader<'t> {
    text: &'t str,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text }
    }

    pub(super) fn text(&self, node: Parsed<'_>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    pub(super) fn line_start(&self, place: usize) -> usize {
        self.text.get(..place).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1)
    }

    /// The named children that are no comments.
    pub(super) fn children(node: Parsed<'_>) -> Vec<Parsed<'_>> {
        let mut cursor = node.walk();
        let named = node.named_children(&mut cursor);
        named.filter(|child| !matches!(child.kind(), "comment" | "diagnostic_comment")).collect()
    }

    pub(super) fn unquoted(&self, node: Parsed<'_>) -> String {
        self.text(node).trim_matches('\'').to_owned()
    }

    /// What follows the equals sign of a resource or module.
    pub(super) fn body(&self, node: Parsed<'_>) -> Option<Body> {
        match node.kind() {
            "for_statement" => {
                let (each, inner) = self.each(node)?;
                Some(Body { each: Some(each), ..self.body(inner)? })
            }
            "if_statement" => {
                let children = Self::children(node);
                let condition = Some(self.node(*children.first()?));
                Some(Body { each: None, condition, object: self.node(*children.get(1)?) })
            }
            "object" => Some(Body { each: None, condition: None, object: self.node(node) }),
            _ => None,
        }
    }

    fn each<'n>(&self, node: Parsed<'n>) -> Option<(Each, Parsed<'n>)> {
        let children = Self::children(node);
        let [head, list, body] = children.as_slice() else { return None };
        let names = self.text(*head).trim_matches(['(', ')']);
        let (item, index) = match names.split_once(',') {
            Some((item, index)) => (item.trim(), Some(index.trim().to_owned())),
            None => (names.trim(), None),
        };
        Some((Each { item: item.to_owned(), index, list: Box::new(self.node(*list)) }, *body))
    }

    /// Any expression.
    pub(super) fn node(&self, node: Parsed<'_>) -> Node {
        let expression = self.expression(node).unwrap_or_else(|| Expression::Other(node.kind().to_owned()));
        Node { expression, span: node.byte_range() }
    }

    fn boxed(&self, node: Parsed<'_>) -> Box<Node> {
        Box::new(self.node(node))
    }

    fn expression(&self, node: Parsed<'_>) -> Option<Expression> {
        let field = |name| node.child_by_field_name(name);
        let children = Self::children(node);
        Some(match node.kind() {
            "null" => Expression::Null,
            "boolean" => Expression::Bool(self.text(node) == "true"),
            "number" => Expression::Int(self.text(node).parse().ok()?),
            "string" => Expression::Text(self.pieces(node)),
            "identifier" => Expression::Name(self.text(node).to_owned()),
            "parenthesized_expression" => return self.expression(*children.first()?),
            "array" => Expression::List(children.into_iter().map(|item| self.node(item)).collect()),
            "object" => {
                let properties = children.into_iter().map(|child| self.property(child));
                Expression::Object(properties.collect::<Option<_>>()?)
            }
            "member_expression" => {
                Expression::Member(self.boxed(field("object")?), self.text(field("property")?).to_owned())
            }
            "subscript_expression" => {
                Expression::Index(self.boxed(field("object")?), self.boxed(field("index")?))
            }
            "call_expression" => {
                let arguments = Self::children(field("arguments")?);
                let arguments = arguments.into_iter().map(|argument| self.node(argument)).collect();
                Expression::Call(self.text(field("function")?).to_owned(), arguments)
            }
            "unary_expression" => {
                let operator = self.text(node).get(..1)?.to_owned();
                Expression::Unary(operator, self.boxed(field("argument")?))
            }
            "binary_expression" => Expression::Binary(
                self.text(field("operator")?).to_owned(),
                self.boxed(field("left")?),
                self.boxed(field("right")?),
            ),
            "ternary_expression" => Expression::Choice(
                self.boxed(field("condition")?),
                self.boxed(field("consequence")?),
                self.boxed(field("alternative")?),
            ),
            "for_statement" => {
                let (each, body) = self.each(node)?;
                Expression::For(each, self.boxed(body))
            }
            _ => return None,
        })
    }

    fn property(&self, node: Parsed<'_>) -> Option<Property> {
        let children = Self::children(node);
        let [key, value] = children.as_slice() else { return None };
        let key = match key.kind() {
            "string" => self.pieces(*key),
            _ => vec![Piece::Text(self.text(*key).to_owned())],
        };
        Some(Property { key, value: self.node(*value), span: node.byte_range() })
    }

    fn pieces(&self, node: Parsed<'_>) -> Vec<Piece> {
        let quotes = |index| node.child(index).map(|quote| quote.byte_range());
        let last = node.child_count().saturating_sub(1);
        let mut place = quotes(0).map_or(node.start_byte(), |quote| quote.end);
        let mut pieces = Vec::new();
        for child in Self::children(node) {
            self.gap(place, child.start_byte(), &mut pieces);
            place = child.end_byte();
            match child.kind() {
                "interpolation" => {
                    pieces.extend(Self::children(child).first().map(|hole| Piece::Hole(self.node(*hole))));
                }
                "escape_sequence" => pieces.push(Piece::Text(unescaped(self.text(child)))),
                _ => pieces.push(Piece::Text(self.text(child).to_owned())),
            }
        }
        self.gap(place, quotes(last).map_or(place, |quote| quote.start), &mut pieces);
        pieces
    }

    /// The grammar has no node for an escaped dollar.
    fn gap(&self, from: usize, to: usize, pieces: &mut Vec<Piece>) {
        let between = self.text.get(from..to).filter(|between| !between.is_empty());
        pieces.extend(between.map(|between| Piece::Text(unescaped(between))));
    }
}

fn unescaped(escape: &str) -> String {
    match escape {
        "\\n" => "\n".to_owned(),
        "\\r" => "\r".to_owned(),
        "\\t" => "\t".to_owned(),
        other => other.trim_start_matches('\\').to_owned(),
    }
}
