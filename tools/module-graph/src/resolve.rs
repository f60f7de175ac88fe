use std::collections::HashSet;

use crate::tree::{Id, Named, ROOT, Tree};

/// What a path resolves to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Target {
    /// To an item that this module defines.
    Item(Id),
    /// To the module itself.
    Module(Id),
}

/// The imports that were followed: the module and the name.
type Seen = HashSet<(Id, String)>;

impl Tree {
    /// The module that defines what a path of another one names; none if that lies outside the crate or is a module.
    pub(crate) fn defining_module(&self, module: Id, named: &Named) -> Option<Id> {
        match self.resolve(module, &named.segments, &mut HashSet::new()) {
            Some(Target::Item(at)) => Some(at),
            Some(Target::Module(_)) => None,
            None => match named.segments.as_slice() {
                [single] => self.ancestry(module).find(|&at| self.modules[at].macros.contains(single)),
                _ => None,
            },
        }
    }

    fn resolve(&self, module: Id, path: &[String], seen: &mut Seen) -> Option<Target> {
        let (first, rest) = path.split_first()?;
        let start = match first.as_str() {
            "crate" => ROOT,
            "self" => module,
            "super" => self.modules[module].parent?,
            _ => return self.look_up(module, first, rest, seen),
        };
        match rest.split_first() {
            None => Some(Target::Module(start)),
            Some((next, _)) if next == "super" => self.resolve(start, rest, seen),
            Some((next, rest)) => self.look_up(start, next, rest, seen),
        }
    }

    fn look_up(&self, at: Id, name: &str, rest: &[String], seen: &mut Seen) -> Option<Target> {
        if name == "self" {
            // `use a::{self}` names the module and no function of its name.
            return match rest.split_first() {
                Some((next, rest)) => self.look_up(at, next, rest, seen),
                None => Some(Target::Module(at)),
            };
        }
        let module = &self.modules[at];
        if let Some(&child) = module.children.get(name) {
            let inside = rest.split_first().and_then(|(next, rest)| self.look_up(child, next, rest, seen));
            if inside.is_some() {
                return inside;
            }
        }
        if module.items.contains(name) {
            return Some(Target::Item(at));
        }
        let child = module.children.get(name).filter(|_| rest.is_empty()).map(|&child| Target::Module(child));
        // Imports may name each other, and a crate from outside may have the name of an import.
        if !seen.insert((at, name.to_owned())) {
            return child;
        }
        let imported = module.imports.get(name).into_iter().flatten().find_map(|path| {
            let whole: Vec<String> = path.iter().chain(rest).cloned().collect();
            self.resolve(at, &whole, seen)
        });
        let by_glob = || {
            module.globs.iter().find_map(|glob| match self.resolve(at, glob, &mut seen.clone())? {
                Target::Module(whole) => self.look_up(whole, name, rest, &mut seen.clone()),
                Target::Item(_) => None,
            })
        };
        imported.or_else(|| child.or_else(by_glob))
    }
}
