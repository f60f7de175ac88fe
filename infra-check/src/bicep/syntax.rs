//! The tree of one file. Every node knows its place in the text, so that a test can change it there.

use std::ops::Range;

/// One parsed file.
#[derive(Debug, Clone, Default)]
pub struct File {
    /// In the sequence of the file.
    pub declarations: Vec<Declaration>,
}

/// A parameter, variable, output, resource or module.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// The name that other expressions of the file use.
    pub name: String,
    /// What it declares.
    pub what: What,
    /// Where it stands, decorators not included.
    pub span: Range<usize>,
}

/// The kinds of declarations.
#[derive(Debug, Clone)]
pub enum What {
    /// The declared type and the default.
    Parameter(String, Option<Node>),
    /// What the name stands for.
    Variable(Node),
    /// What the parent module reads.
    Output(Node),
    /// A resource to deploy, or one that is there.
    Resource {
        /// Such as `Microsoft.Web/sites`.
        kind: String,
        /// Such as `2024-11-01`.
        version: String,
        /// Whether it is only looked up.
        existing: bool,
        /// Its properties.
        body: Body,
    },
    /// Another file with arguments.
    Module {
        /// Relative to the folder of this file.
        path: String,
        /// Its name, scope and arguments.
        body: Body,
    },
}

/// An object, perhaps once for each item of a list, perhaps under a condition.
#[derive(Debug, Clone)]
pub struct Body {
    /// The loop around it.
    pub each: Option<Each>,
    /// The condition before it.
    pub condition: Option<Node>,
    /// The object itself.
    pub object: Node,
}

/// The head of a loop.
#[derive(Debug, Clone)]
pub struct Each {
    /// The name of the item.
    pub item: String,
    /// The name of its index.
    pub index: Option<String>,
    /// What is gone through.
    pub list: Box<Node>,
}

/// An expression and where it stands.
#[derive(Debug, Clone)]
pub struct Node {
    /// What it says.
    pub expression: Expression,
    /// Where.
    pub span: Range<usize>,
}

/// One property of an object.
#[derive(Debug, Clone)]
pub struct Property {
    /// Its name, which may hold expressions.
    pub key: Vec<Piece>,
    /// Its value.
    pub value: Node,
    /// Name and value.
    pub span: Range<usize>,
}

/// A part of a string.
#[derive(Debug, Clone)]
pub enum Piece {
    /// As written, escapes resolved.
    Text(String),
    /// `${…}`.
    Hole(Node),
}

/// The forms of an expression.
#[derive(Debug, Clone)]
pub enum Expression {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number.
    Int(i64),
    /// A string with its holes.
    Text(Vec<Piece>),
    /// `[…]`.
    List(Vec<Node>),
    /// `{…}`.
    Object(Vec<Property>),
    /// A name.
    Name(String),
    /// `a.b`.
    Member(Box<Node>, String),
    /// `a[b]`.
    Index(Box<Node>, Box<Node>),
    /// `f(…)`.
    Call(String, Vec<Node>),
    /// `!a`, `-a`.
    Unary(String, Box<Node>),
    /// `a == b` and the like.
    Binary(String, Box<Node>, Box<Node>),
    /// `a ? b : c`.
    Choice(Box<Node>, Box<Node>, Box<Node>),
    /// `[for x in list: …]`.
    For(Each, Box<Node>),
    /// What this project does not write.
    Other(String),
}
