use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
    path::{Path, PathBuf},
};

use crate::{
    error::Error,
    read,
    tree::{Id, Tree},
};

/// The dependencies between the modules of a crate.
#[derive(Debug)]
pub struct Graph {
    tree: Tree,
    edges: Vec<Edge>,
}

/// A module uses a name that another module defines.
#[derive(Clone, Debug)]
pub struct Edge {
    from: Id,
    to: Id,
    /// The module that names: `store::sqlite`, or `crate` for the root.
    pub from_path: String,
    /// The module that defines.
    pub to_path: String,
    /// The path as written.
    pub named: String,
    /// The file that contains it.
    pub file: PathBuf,
    /// Its line.
    pub line: usize,
}

/// Modules of one level that need each other.
#[derive(Debug)]
pub struct Cycle {
    /// The modules, each with everything below it, except a parent of which only its own file counts.
    pub members: Vec<String>,
    /// The shortest way around through each pair of them.
    pub paths: Vec<Vec<Edge>>,
}

impl Graph {
    /// Reads a crate from its `lib.rs` or `main.rs`.
    ///
    /// # Errors
    /// If a file of it cannot be read or parsed.
    pub fn read(root: &Path) -> Result<Self, Error> {
        let tree = read::read(root)?;
        let mut edges = Vec::new();
        for (from, module) in tree.modules.iter().enumerate() {
            for named in &module.named {
                let Some(to) = tree.defining_module(from, named) else { continue };
                let is_reexport = named.exported && tree.ancestry(to).any(|above| above == from);
                if to != from && !is_reexport {
                    edges.push(Edge {
                        from,
                        to,
                        from_path: tree.path(from),
                        to_path: tree.path(to),
                        named: named.segments.join("::"),
                        file: module.file.clone(),
                        line: named.line,
                    });
                }
            }
        }
        Ok(Self { tree, edges })
    }

    /// Leaves out the edges between two modules and everything below them; returns how many there were.
    pub fn remove_edges(&mut self, from: &str, to: &str) -> usize {
        let before = self.edges.len();
        self.edges.retain(|edge| !(is_within(&edge.from_path, from) && is_within(&edge.to_path, to)));
        before - self.edges.len()
    }

    /// The modules that need each other, level by level.
    #[must_use]
    pub fn cycles(&self) -> Vec<Cycle> {
        (0..self.tree.modules.len()).flat_map(|level| self.cycles_at(level)).collect()
    }

    /// The cycles among the file of a module and its children.
    fn cycles_at(&self, level: Id) -> Vec<Cycle> {
        let mut links: Links<'_> = BTreeMap::new();
        for edge in &self.edges {
            if let (Some(from), Some(to)) = (self.part(level, edge.from), self.part(level, edge.to))
                && from != to
            {
                links.entry(from).or_default().entry(to).or_insert(edge);
            }
        }
        let mut cycles = Vec::new();
        let mut open: BTreeSet<Id> = links.keys().copied().collect();
        while let Some(&start) = open.first() {
            let reached = reach(&links, start);
            let members: BTreeSet<Id> =
                reached.into_iter().filter(|&other| reach(&links, other).contains(&start)).collect();
            open.remove(&start);
            open.retain(|id| !members.contains(id));
            if !members.is_empty() {
                cycles.push(Cycle {
                    members: members.iter().map(|&id| self.tree.path(id)).collect(),
                    paths: paths(&links, &members),
                });
            }
        }
        cycles
    }

    /// The child of a module to which another one belongs, or the module itself; none if it lies elsewhere.
    fn part(&self, level: Id, module: Id) -> Option<Id> {
        let mut below = module;
        for above in self.tree.ancestry(module) {
            if above == level {
                return Some(below);
            }
            below = above;
        }
        None
    }
}

impl Cycle {
    /// Whether an edge between two modules, or what lies below them, is part of a cycle.
    #[must_use]
    pub fn contains_edge(&self, from: &str, to: &str) -> bool {
        let is_it = |edge: &Edge| is_within(&edge.from_path, from) && is_within(&edge.to_path, to);
        self.paths.iter().flatten().any(is_it)
    }
}

/// The first edge of each pair.
type Links<'a> = BTreeMap<Id, BTreeMap<Id, &'a Edge>>;

/// The modules that can be reached in at least one step.
fn reach(links: &Links<'_>, start: Id) -> BTreeSet<Id> {
    let mut reached = BTreeSet::new();
    let mut next = vec![start];
    while let Some(at) = next.pop() {
        next.extend(links.get(&at).into_iter().flat_map(BTreeMap::keys).filter(|&&to| reached.insert(to)));
    }
    reached
}

/// For each link among the members, the shortest way around that begins with it; each way once.
fn paths(links: &Links<'_>, members: &BTreeSet<Id>) -> Vec<Vec<Edge>> {
    let mut seen: BTreeSet<BTreeSet<Id>> = BTreeSet::new();
    let mut paths = Vec::new();
    for (&from, targets) in links.iter().filter(|(from, _)| members.contains(from)) {
        for (&to, &first) in targets.iter().filter(|(to, _)| members.contains(to)) {
            let back = shortest_path(links, to, from);
            let nodes = std::iter::once(to).chain(back.iter().map(|&(node, _)| node)).collect();
            if seen.insert(nodes) {
                paths.push(
                    std::iter::once(first).chain(back.into_iter().map(|(_, edge)| edge)).cloned().collect(),
                );
            }
        }
    }
    paths.sort_by_key(Vec::len);
    paths
}

/// The shortest way between two that are tied: each step's end and edge.
fn shortest_path<'a>(links: &Links<'a>, from: Id, to: Id) -> Vec<(Id, &'a Edge)> {
    let mut came: BTreeMap<Id, (Id, &Edge)> = BTreeMap::new();
    let mut queue = VecDeque::from([from]);
    while let Some(at) = queue.pop_front() {
        for (&next, &edge) in links.get(&at).into_iter().flatten() {
            if next != from && !came.contains_key(&next) {
                came.insert(next, (at, edge));
                queue.push_back(next);
            }
        }
    }
    let mut steps = Vec::new();
    let mut at = to;
    while let Some(&(before, edge)) = came.get(&at).filter(|_| at != from) {
        steps.push((at, edge));
        at = before;
    }
    steps.reverse();
    steps
}

/// Whether a module is another one or lies below it.
fn is_within(module: &str, other: &str) -> bool {
    module.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

impl fmt::Display for Cycle {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "need each other: {}", self.members.join(", "))?;
        for cycle in &self.paths {
            writeln!(out, "  a cycle:")?;
            for edge in cycle {
                let Edge { from_path, to_path, named, file, line, .. } = edge;
                writeln!(out, "    {from_path} -> {to_path}  ({named}, {}:{line})", file.display())?;
            }
        }
        Ok(())
    }
}
