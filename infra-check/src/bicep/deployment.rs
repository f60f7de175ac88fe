//! What would be deployed for one choice of parameters: the modules taken apart, conditions decided, loops unrolled.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use super::{
    Sources, Value,
    evaluate::{Locals, Scope},
    sources::beside,
    syntax::{Body, Declaration, Node, What},
};

/// A resource that would be deployed.
#[derive(Debug, Clone)]
pub struct Resource {
    /// Such as `Microsoft.Web/sites`.
    pub kind: String,
    /// Such as `2024-11-01`.
    pub version: String,
    /// Its whole name, those of its parents before it, with slashes between.
    pub name: String,
    /// Everything that stands in its object, `name`, `parent` and `scope` included.
    pub body: Value,
    /// The file that declares it.
    pub file: String,
    /// Its name within that file.
    pub symbol: String,
    /// The file and the name of the module declaration that brought that file in; `None` for the main file.
    pub through: Option<(String, String)>,
}

/// Everything that would be deployed, and what the compiler would complain of.
#[derive(Debug, Clone, Default)]
pub struct Deployment {
    /// In the sequence of the files, modules where they are called.
    pub resources: Vec<Resource>,
    /// Unknown names, missing and superfluous arguments, conditions that cannot be decided.
    pub faults: Vec<String>,
}

/// A file with arguments.
pub(super) struct Instance<'s> {
    pub(super) sources: &'s Sources,
    pub(super) path: String,
    through: Option<(String, String)>,
    pub(super) declarations: HashMap<&'s str, &'s Declaration>,
    pub(super) parameters: BTreeMap<String, Value>,
    pub(super) known: RefCell<HashMap<String, Option<Value>>>,
    modules: RefCell<HashMap<String, Option<Rc<Instance<'s>>>>>,
    pub(super) faults: Rc<RefCell<Vec<String>>>,
}

/// Works out what `main` would deploy with these parameters.
#[must_use]
pub fn deploy(sources: &Sources, main: &str, parameters: &BTreeMap<String, Value>) -> Deployment {
    let faults = Rc::new(RefCell::new(Vec::new()));
    let root = Instance::new(sources, main.to_owned(), parameters.clone(), None, Rc::clone(&faults));
    let mut resources = Vec::new();
    root.collect(&mut resources);
    let mut faults = faults.borrow().clone();
    faults.sort();
    faults.dedup();
    Deployment { resources, faults }
}

impl<'s> Instance<'s> {
    fn new(
        sources: &'s Sources,
        path: String,
        mut parameters: BTreeMap<String, Value>,
        through: Option<(String, String)>,
        faults: Rc<RefCell<Vec<String>>>,
    ) -> Self {
        let file = sources.file(&path);
        if file.is_none() {
            faults.borrow_mut().push(format!("{path}: there is no such file"));
        }
        let list = file.map(|file| file.declarations.as_slice()).unwrap_or_default();
        let declared = list.iter().filter(|one| !matches!(one.what, What::Output(_)));
        let declarations: HashMap<_, _> = declared.map(|one| (one.name.as_str(), one)).collect();
        for name in parameters.keys() {
            if !matches!(declarations.get(name.as_str()), Some(Declaration { what: What::Parameter(..), .. }))
            {
                faults.borrow_mut().push(format!("{path}: there is no parameter `{name}`"));
            }
        }
        parameters.retain(|name, _| declarations.contains_key(name.as_str()));
        let (known, modules) = (RefCell::default(), RefCell::default());
        let made = Self { sources, path, through, declarations, parameters, known, modules, faults };
        made.check_parameters();
        made
    }

    fn check_parameters(&self) {
        for declaration in self.declarations.values() {
            let What::Parameter(kind, default) = &declaration.what else { continue };
            let name = &declaration.name;
            match self.parameters.get(name) {
                None if default.is_none() => self.fault(&format!("`{name}` is not given")),
                Some(value) if !fits(kind, value) => self.fault(&format!("`{name}` is no {kind}")),
                _ => {}
            }
        }
    }

    pub(super) fn fault(&self, what: &str) {
        self.faults.borrow_mut().push(format!("{}: {what}", self.path));
    }

    fn collect(&self, found: &mut Vec<Resource>) {
        let Some(file) = self.sources.file(&self.path) else { return };
        for declaration in &file.declarations {
            match &declaration.what {
                What::Resource { kind, version, existing: false, body } => {
                    for (locals, object) in self.rounds(declaration, body) {
                        let scope = Scope { instance: self, locals };
                        let value = scope.value(object);
                        let name = Scope::resource_name(&value);
                        found.push(Resource {
                            kind: kind.clone(),
                            version: version.clone(),
                            name,
                            body: value,
                            file: self.path.clone(),
                            symbol: declaration.name.clone(),
                            through: self.through.clone(),
                        });
                    }
                }
                What::Module { body, .. } if self.is_wanted(declaration, body, &Locals::new()) => {
                    if body.each.is_some() {
                        self.fault(&format!("`{}` repeats a module: write the calls out", declaration.name));
                    } else if let Some(module) = self.module(&declaration.name) {
                        module.collect(found);
                    }
                }
                What::Output(node) => {
                    let value = Scope { instance: self, locals: Locals::new() }.value(node);
                    if let Some(why) = value.unknown() {
                        self.fault(&format!("output `{}`: {why}", declaration.name));
                    }
                }
                _ => {}
            }
        }
    }

    /// The object once for each item of its loop, with what the loop calls it.
    fn rounds<'b>(&self, declaration: &Declaration, body: &'b Body) -> Vec<(Locals, &'b Node)> {
        let scope = Scope { instance: self, locals: Locals::new() };
        let rounds = match &body.each {
            None => vec![Locals::new()],
            Some(each) => scope.each(each).unwrap_or_else(|why| {
                self.fault(&format!("`{}` repeats over what is not known: {why}", declaration.name));
                Vec::new()
            }),
        };
        let wanted = rounds.into_iter().filter(|locals| self.is_wanted(declaration, body, locals));
        wanted.map(|locals| (locals, &body.object)).collect()
    }

    fn is_wanted(&self, declaration: &Declaration, body: &Body, locals: &Locals) -> bool {
        let Some(condition) = &body.condition else { return true };
        let scope = Scope { instance: self, locals: locals.clone() };
        if let Value::Bool(wanted) = scope.value(condition) {
            return wanted;
        }
        self.fault(&format!("the condition of `{}` cannot be decided", declaration.name));
        true
    }

    /// The file behind a module's name, with its arguments; `None` while they are being worked out.
    pub(super) fn module(&self, name: &str) -> Option<Rc<Instance<'s>>> {
        if let Some(made) = self.modules.borrow().get(name) {
            return made.clone();
        }
        let declaration = self.declarations.get(name)?;
        let What::Module { path, body } = &declaration.what else { return None };
        self.modules.borrow_mut().insert(name.to_owned(), None);
        let scope = Scope { instance: self, locals: Locals::new() };
        let given = scope.value(&body.object);
        let parameters = match given.get("params") {
            Some(Value::Object(parameters)) => parameters.iter().cloned().collect(),
            _ => BTreeMap::new(),
        };
        let through = Some((self.path.clone(), name.to_owned()));
        let path = beside(&self.path, path);
        let made = Rc::new(Instance::new(self.sources, path, parameters, through, Rc::clone(&self.faults)));
        self.modules.borrow_mut().insert(name.to_owned(), Some(Rc::clone(&made)));
        Some(made)
    }

    /// What a module says of itself.
    pub(super) fn output(&self, name: &str) -> Value {
        let file = self.sources.file(&self.path);
        let mut outputs = file.into_iter().flat_map(|file| &file.declarations);
        let found = outputs.find_map(|one| match &one.what {
            What::Output(node) if one.name == name => Some(node),
            _ => None,
        });
        if let Some(node) = found {
            return Scope { instance: self, locals: Locals::new() }.value(node);
        }
        let why = format!("has no output `{name}`");
        self.fault(&why);
        Value::Unknown(why)
    }
}

fn fits(kind: &str, value: &Value) -> bool {
    match value {
        Value::Null | Value::Unknown(_) => true,
        Value::Bool(_) => kind == "bool",
        Value::Int(_) => kind == "int",
        Value::Text(_) => kind == "string",
        Value::List(_) => kind == "array",
        Value::Object(_) => kind == "object",
    }
}
