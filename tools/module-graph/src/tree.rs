use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::PathBuf,
};

/// The number of a module in its [`Tree`].
pub(crate) type Id = usize;

/// The root of every tree.
pub(crate) const ROOT: Id = 0;

/// All modules of a crate, the root first.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) modules: Vec<Module>,
}

/// A module: what it defines, what it imports and what its code names.
#[derive(Debug, Default)]
pub(crate) struct Module {
    pub(crate) name: String,
    pub(crate) file: PathBuf,
    pub(crate) parent: Option<Id>,
    pub(crate) children: BTreeMap<String, Id>,
    /// The names of the items that it defines, macros too.
    pub(crate) items: HashSet<String>,
    /// The macros that are defined above its children, which use them without a path.
    pub(crate) macros: HashSet<String>,
    /// The items of each imported name. A name may be a type and a function.
    pub(crate) imports: HashMap<String, Vec<Vec<String>>>,
    /// The modules that it imports with `*`.
    pub(crate) globs: Vec<Vec<String>>,
    pub(crate) named: Vec<Named>,
}

/// A path that the code of a module names.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
    /// Whether it is in a `pub use`, of any visibility.
    pub(crate) exported: bool,
}

impl Tree {
    /// Adds a module below another one.
    pub(crate) fn add(&mut self, parent: Option<Id>, name: &str, file: PathBuf) -> Id {
        let id = self.modules.len();
        self.modules.push(Module { name: name.to_owned(), file, parent, ..Module::default() });
        if let Some(parent) = parent {
            self.modules[parent].children.insert(name.to_owned(), id);
        }
        id
    }

    /// A module, its parent, and so on to the root.
    pub(crate) fn ancestry(&self, module: Id) -> impl Iterator<Item = Id> {
        std::iter::successors(Some(module), |&id| self.modules[id].parent)
    }

    /// The path of a module from the root: `crate`, `store::sqlite`.
    pub(crate) fn path(&self, module: Id) -> String {
        let mut names: Vec<&str> =
            self.ancestry(module).filter(|&id| id != ROOT).map(|id| self.modules[id].name.as_str()).collect();
        if names.is_empty() {
            return "crate".to_owned();
        }
        names.reverse();
        names.join("::")
    }
}
