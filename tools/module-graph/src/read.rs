use std::{
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::TokenStream;
use syn::{
    Attribute, Expr, ExprLit, Field, ImplItem, Item, ItemMod, ItemUse, Lit, Macro, Meta, MetaList, TraitItem,
    UseTree, Visibility,
    spanned::Spanned,
    visit::{self, Visit},
};

use crate::{
    error::Error,
    tokens,
    tree::{Id, Named, Tree},
};

/// Reads a crate from the file at which it begins.
pub(crate) fn read(root: &Path) -> Result<Tree, Error> {
    let mut tree = Tree::default();
    let id = tree.add(None, "crate", root.to_owned());
    let below = root.parent().unwrap_or(Path::new("")).to_owned();
    read_file(&mut tree, id, &below)?;
    Ok(tree)
}

/// Reads the file of a module, and then its children from a folder.
fn read_file(tree: &mut Tree, id: Id, below: &Path) -> Result<(), Error> {
    let path = tree.modules[id].file.clone();
    let text = fs::read_to_string(&path).map_err(|source| Error::Unread { path: path.clone(), source })?;
    let file = syn::parse_file(&text).map_err(|source| Error::Unparsed { path, source })?;
    if file.attrs.iter().any(is_test_only) {
        return Ok(());
    }
    read_items(tree, id, &file.items, below)
}

fn read_items(tree: &mut Tree, id: Id, items: &[Item], below: &Path) -> Result<(), Error> {
    let mut reader = Reader { tree, id };
    for item in items.iter().filter(|item| !item_attributes(item).iter().any(is_test_only)) {
        match item {
            Item::Mod(module) => read_module(reader.tree, id, module, below)?,
            _ => reader.define(item),
        }
        reader.visit_item(item);
    }
    Ok(())
}

fn read_module(tree: &mut Tree, parent: Id, module: &ItemMod, below: &Path) -> Result<(), Error> {
    let name = module.ident.to_string();
    let folder = below.join(&name);
    if let Some((_, items)) = &module.content {
        let file = tree.modules[parent].file.clone();
        let id = tree.add(Some(parent), &name, file);
        return read_items(tree, id, items, &folder);
    }
    let (file, folder) = if let Some(given) = module.attrs.iter().find_map(named_file) {
        let file = tree.modules[parent].file.parent().unwrap_or(Path::new("")).join(given);
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        (file, folder)
    } else {
        let beside = below.join(format!("{name}.rs"));
        (if beside.exists() { beside } else { folder.join("mod.rs") }, folder)
    };
    let id = tree.add(Some(parent), &name, file);
    read_file(tree, id, &folder)
}

/// Collects what one module defines, imports and names.
struct Reader<'a> {
    tree: &'a mut Tree,
    id: Id,
}

impl Reader<'_> {
    fn define(&mut self, item: &Item) {
        let module = &mut self.tree.modules[self.id];
        let name = match item {
            Item::Const(item) => &item.ident,
            Item::Enum(item) => &item.ident,
            Item::Fn(item) => &item.sig.ident,
            Item::Static(item) => &item.ident,
            Item::Struct(item) => &item.ident,
            Item::Trait(item) => &item.ident,
            Item::TraitAlias(item) => &item.ident,
            Item::Type(item) => &item.ident,
            Item::Union(item) => &item.ident,
            Item::Macro(item) => {
                let Some(name) = &item.ident else { return };
                module.macros.insert(name.to_string());
                name
            }
            _ => return,
        };
        module.items.insert(name.to_string());
    }

    fn name(&mut self, segments: Vec<String>, line: usize, exported: bool) {
        self.tree.modules[self.id].named.push(Named { segments, line, exported });
    }

    fn scan(&mut self, stream: TokenStream, strings: bool) {
        for (segments, line) in tokens::paths(stream, strings) {
            self.name(segments, line, false);
        }
    }

    fn import(&mut self, tree: &UseTree, before: &[String], exported: bool) {
        let path = |name: &syn::Ident| before.iter().cloned().chain([name.to_string()]).collect::<Vec<_>>();
        match tree {
            UseTree::Path(step) => self.import(&step.tree, &path(&step.ident), exported),
            UseTree::Group(group) => group.items.iter().for_each(|each| self.import(each, before, exported)),
            UseTree::Glob(_) => self.tree.modules[self.id].globs.push(before.to_vec()),
            UseTree::Name(leaf) => {
                let path = path(&leaf.ident);
                let alias = path.iter().rfind(|name| *name != "self").cloned().unwrap_or_default();
                self.bind(alias, path, leaf.ident.span().start().line, exported);
            }
            UseTree::Rename(leaf) => {
                let line = leaf.ident.span().start().line;
                self.bind(leaf.rename.to_string(), path(&leaf.ident), line, exported);
            }
        }
    }

    fn bind(&mut self, alias: String, path: Vec<String>, line: usize, exported: bool) {
        self.tree.modules[self.id].imports.entry(alias).or_default().push(path.clone());
        self.name(path, line, exported);
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        if !item_attributes(item).iter().any(is_test_only) {
            visit::visit_item(self, item);
        }
    }

    /// A module reads its own content.
    fn visit_item_mod(&mut self, _: &'ast ItemMod) {}

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if item.leading_colon.is_none() {
            let exported = !matches!(item.vis, Visibility::Inherited);
            self.import(&item.tree, &[], exported);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let attributes = match item {
            ImplItem::Const(item) => &item.attrs,
            ImplItem::Fn(item) => &item.attrs,
            ImplItem::Type(item) => &item.attrs,
            _ => return visit::visit_impl_item(self, item),
        };
        if !attributes.iter().any(is_test_only) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &'ast TraitItem) {
        let TraitItem::Fn(function) = item else { return visit::visit_trait_item(self, item) };
        if !function.attrs.iter().any(is_test_only) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_field(&mut self, field: &'ast Field) {
        if !field.attrs.iter().any(is_test_only) {
            visit::visit_field(self, field);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.name(segments, path.span().start().line, false);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.visit_path(&call.path);
        self.scan(call.tokens.clone(), false);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if !attribute.path().is_ident("doc") {
            visit::visit_attribute(self, attribute);
        }
    }

    fn visit_meta_list(&mut self, list: &'ast MetaList) {
        self.scan(list.tokens.clone(), true);
    }
}

fn item_attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// `cfg(test)`, or `cfg(all(…))` with a `test` in it.
fn is_test_only(attribute: &Attribute) -> bool {
    let Meta::List(list) = &attribute.meta else { return false };
    if !list.path.is_ident("cfg") {
        return false;
    }
    match list.parse_args::<Meta>() {
        Ok(Meta::Path(path)) => path.is_ident("test"),
        Ok(Meta::List(all)) if all.path.is_ident("all") => {
            all.tokens.into_iter().any(|token| token.to_string() == "test")
        }
        _ => false,
    }
}

/// The file of `#[path = "…"]`.
fn named_file(attribute: &Attribute) -> Option<PathBuf> {
    let Meta::NameValue(pair) = &attribute.meta else { return None };
    match &pair.value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) if pair.path.is_ident("path") => {
            Some(PathBuf::from(text.value()))
        }
        _ => None,
    }
}
