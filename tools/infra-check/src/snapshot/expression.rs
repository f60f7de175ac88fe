//! The expressions that a snapshot leaves: `[format('{0}/x', reference('ID', 'VERSION').name)]`.

/// An expression of Azure's templates, as far as snapshots of this project hold them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    Text(String),
    Int(i64),
    Call(String, Vec<Expression>),
    Member(Box<Expression>, String),
    Index(Box<Expression>, Box<Expression>),
}

/// Parses the text between the outer brackets; `None` where it has another form.
pub(super) fn parse(text: &str) -> Option<Expression> {
    let mut parser = Parser { rest: text };
    let expression = parser.expression()?;
    parser.rest.is_empty().then_some(expression)
}

struct Parser<'t> {
    rest: &'t str,
}

impl Parser<'_> {
    fn expression(&mut self) -> Option<Expression> {
        self.blanks();
        let mut expression = match self.rest.chars().next()? {
            '\'' => Expression::Text(self.text()?),
            one if one == '-' || one.is_ascii_digit() => self.int()?,
            _ => self.call()?,
        };
        loop {
            self.blanks();
            if self.eat('.') {
                expression = Expression::Member(Box::new(expression), self.name()?);
            } else if self.eat('[') {
                let index = self.expression()?;
                self.blanks();
                self.eat(']').then_some(())?;
                expression = Expression::Index(Box::new(expression), Box::new(index));
            } else {
                return Some(expression);
            }
        }
    }

    /// A string in quotes, in which two quotes are one.
    fn text(&mut self) -> Option<String> {
        let mut text = String::new();
        self.eat('\'').then_some(())?;
        loop {
            let (piece, rest) = self.rest.split_once('\'')?;
            text.push_str(piece);
            self.rest = rest;
            if !self.eat('\'') {
                return Some(text);
            }
            text.push('\'');
        }
    }

    fn int(&mut self) -> Option<Expression> {
        let end = self.rest.find(|one: char| one != '-' && !one.is_ascii_digit()).unwrap_or(self.rest.len());
        let (number, rest) = self.rest.split_at(end);
        self.rest = rest;
        number.parse().ok().map(Expression::Int)
    }

    fn call(&mut self) -> Option<Expression> {
        let name = self.name()?;
        self.eat('(').then_some(())?;
        let mut arguments = Vec::new();
        loop {
            self.blanks();
            if self.eat(')') {
                return Some(Expression::Call(name, arguments));
            }
            if !arguments.is_empty() {
                self.eat(',').then_some(())?;
            }
            arguments.push(self.expression()?);
        }
    }

    fn name(&mut self) -> Option<String> {
        let is_name = |one: char| one.is_ascii_alphanumeric() || one == '_';
        let end = self.rest.find(|one| !is_name(one)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!name.is_empty()).then(|| name.to_owned())
    }

    fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, one: char) -> bool {
        let rest = self.rest.strip_prefix(one);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}
