//! From text to tree.

use tree_sitter::{Node as Parsed, Parser};

use super::{
    read::Reader,
    syntax::{Declaration, File, What},
};

/// The text is no Bicep.
#[derive(Debug, thiserror::Error)]
#[error("line {line} cannot be read: {text}")]
pub struct SyntaxError {
    /// Counted from one.
    pub line: usize,
    /// The beginning of what stands there.
    pub text: String,
}

/// Reads one file.
///
/// # Errors
/// When the grammar finds an error anywhere in it, or a declaration is of a kind that this project does not write.
///
/// # Panics
/// When parser and grammar are of versions that do not fit, which the tests would show.
pub fn parse(text: &str) -> Result<File, SyntaxError> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_bicep::LANGUAGE.into()).expect("parser and grammar are of one version");
    let tree = parser.parse(text, None).expect("a language is set, and nothing stops the parser");
    let root = tree.root_node();
    if let Some(wrong) = first_error(root) {
        return Err(error(wrong, text));
    }
    let reader = Reader::new(text);
    let mut file = File::default();
    for node in Reader::children(root) {
        match node.kind() {
            "target_scope_assignment" | "decorators" => {}
            _ => file.declarations.push(declaration(&reader, node).ok_or_else(|| error(node, text))?),
        }
    }
    Ok(file)
}

fn first_error(node: Parsed<'_>) -> Option<Parsed<'_>> {
    if node.is_error() || node.is_missing() {
        return Some(node);
    }
    if !node.has_error() {
        return None;
    }
    let mut cursor = node.walk();
    let children: Vec<_> = node.children(&mut cursor).collect();
    children.into_iter().find_map(first_error).or(Some(node))
}

fn error(node: Parsed<'_>, text: &str) -> SyntaxError {
    let rest = text.get(node.start_byte()..).unwrap_or_default();
    let line = node.start_position().row + 1;
    SyntaxError { line, text: rest.lines().next().unwrap_or_default().to_owned() }
}

fn declaration(reader: &Reader<'_>, node: Parsed<'_>) -> Option<Declaration> {
    let children = Reader::children(node);
    let children: Vec<_> = children.into_iter().filter(|child| child.kind() != "decorators").collect();
    let name = reader.text(*children.first()?).to_owned();
    let last = *children.last()?;
    let what = match node.kind() {
        "parameter_declaration" => {
            let default = (children.len() > 2).then(|| reader.node(last));
            What::Parameter(reader.text(*children.get(1)?).to_owned(), default)
        }
        "variable_declaration" => What::Variable(reader.node(last)),
        "output_declaration" => What::Output(reader.node(last)),
        "resource_declaration" => {
            let named = reader.unquoted(*children.get(1)?);
            let (kind, version) = named.split_once('@')?;
            let whole = reader.text(node);
            let head = whole.split('=').next().unwrap_or_default();
            let existing = head.trim_end().ends_with("existing");
            let (kind, version) = (kind.to_owned(), version.to_owned());
            What::Resource { kind, version, existing, body: reader.body(last)? }
        }
        "module_declaration" => {
            What::Module { path: reader.unquoted(*children.get(1)?), body: reader.body(last)? }
        }
        _ => return None,
    };
    let start = children.first()?.start_byte();
    let from_keyword = reader.line_start(start);
    Some(Declaration { name, what, span: from_keyword..node.end_byte() })
}
