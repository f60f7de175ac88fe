//! The source of the diagram, line by line; its head explains the lines.

/// A column and a row, both from zero.
pub(super) type Cell = (u16, u16);

/// A diagram: boxes, zones and arrows.
#[derive(Debug, Default)]
pub struct Diagram {
    pub(super) zones: Vec<Zone>,
    pub(super) boxes: Vec<Box>,
    pub(super) arrows: Vec<Arrow>,
    around: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Zone {
    pub(super) first: Cell,
    pub(super) last: Cell,
    pub(super) title: String,
}

#[derive(Debug)]
pub(super) struct Box {
    name: String,
    pub(super) at: Cell,
    modules: Vec<String>,
    pub(super) lines: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Arrow {
    pub(super) from: Cell,
    pub(super) to: Cell,
    pub(super) dashed: bool,
    pub(super) lines: Vec<String>,
}

/// A line of the source that cannot be drawn.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
#[error("line {line} of the diagram cannot be drawn: {why}")]
pub struct DiagramError {
    /// The line's number, from one.
    pub line: usize,
    /// The error.
    pub why: &'static str,
}

impl Diagram {
    /// Reads the source. Boxes come before the arrows between them.
    ///
    /// # Errors
    /// When a line cannot be drawn; the first one is reported.
    pub fn read(text: &str) -> Result<Self, DiagramError> {
        let mut diagram = Self::default();
        for (index, line) in text.lines().enumerate() {
            if !line.is_empty() && !line.starts_with('#') {
                diagram.take(line).map_err(|why| DiagramError { line: index + 1, why })?;
            }
        }
        Ok(diagram)
    }

    /// The modules of `infra/modules` that the diagram shows, without their file extension.
    pub fn modules(&self) -> impl Iterator<Item = &str> {
        self.boxes.iter().flat_map(|one| &one.modules).chain(&self.around).map(String::as_str)
    }

    fn take(&mut self, line: &str) -> Result<(), &'static str> {
        let mut parts = line.split(" : ").map(|part| part.trim().to_owned());
        let head = parts.next().unwrap_or_default();
        let lines: Vec<String> = parts.collect();
        let words: Vec<&str> = head.split_whitespace().collect();
        match words[..] {
            ["zone", first, last] => {
                let title = lines.first().ok_or("a zone has a title")?.clone();
                self.zones.push(Zone { first: cell(first)?, last: cell(last)?, title });
            }
            ["box", name, at, modules] => {
                if lines.is_empty() || self.find(name).is_ok() {
                    return Err("a box has a title, and a name of its own");
                }
                let (name, at, modules) = (name.to_owned(), cell(at)?, joined(modules));
                self.boxes.push(Box { name, at, modules, lines });
            }
            [kind @ ("arrow" | "dashed"), from, to] => {
                let (from, to) = (self.find(from)?, self.find(to)?);
                self.arrows.push(Arrow { from, to, dashed: kind == "dashed", lines });
            }
            ["around", modules] => self.around.extend(joined(modules)),
            _ => return Err("it begins with none of zone, box, arrow, dashed, around, or has other words"),
        }
        Ok(())
    }

    fn find(&self, name: &str) -> Result<Cell, &'static str> {
        let found = self.boxes.iter().find(|one| one.name == name);
        found.map(|one| one.at).ok_or("there is no box of that name above it")
    }
}

fn cell(text: &str) -> Result<Cell, &'static str> {
    let numbers = text.split_once(',').map(|(column, row)| (column.parse(), row.parse()));
    match numbers {
        Some((Ok(column), Ok(row))) => Ok((column, row)),
        _ => Err("a place is a column, a comma and a row"),
    }
}

fn joined(modules: &str) -> Vec<String> {
    modules.split('+').filter(|name| *name != "-").map(ToOwned::to_owned).collect()
}
