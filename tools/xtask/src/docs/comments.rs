//! The doc comments of a Rust file, each with the path of what it describes.

use anyhow::Context as _;
use syn::{
    Attribute, Expr, ExprLit, Fields, ForeignItemFn, ImplItemConst, ImplItemFn, ItemConst, ItemEnum, ItemFn,
    ItemImpl, ItemMacro, ItemMod, ItemStatic, ItemStruct, ItemTrait, ItemType, Lit, Meta, TraitItemFn, Type,
    Variant,
    spanned::Spanned as _,
    visit::{self, Visit},
};

/// Line, described path, text.
pub(super) type Comment = (usize, String, String);

/// All doc comments of a file. `place` is the file's path, which names the module of its inner comment.
pub(super) fn all(code: &str, place: &str) -> anyhow::Result<Vec<Comment>> {
    let file = syn::parse_file(code).with_context(|| format!("cannot parse {place}"))?;
    let mut comments = Comments { path: Vec::new(), found: Vec::new() };
    comments.add(&format!("module {place}"), &file.attrs);
    comments.visit_file(&file);
    Ok(comments.found)
}

/// The lines of a doc comment, with their numbers.
pub(super) fn lines(attributes: &[Attribute]) -> impl Iterator<Item = (usize, String)> {
    attributes.iter().filter_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
                Some((attribute.span().start().line, text.value()))
            }
            _ => None,
        },
        _ => None,
    })
}

struct Comments {
    path: Vec<String>,
    found: Vec<Comment>,
}

impl Comments {
    fn add(&mut self, name: &str, attributes: &[Attribute]) {
        let mut lines = lines(attributes);
        if let Some((line, first)) = lines.next() {
            let text = [first].into_iter().chain(lines.map(|(_, text)| text)).collect::<Vec<_>>().join("\n");
            let path = self.path.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join("::");
            self.found.push((line, path, text));
        }
    }

    fn within(&mut self, name: String, visit: impl FnOnce(&mut Self)) {
        self.path.push(name);
        visit(self);
        self.path.pop();
    }

    fn fields(&mut self, fields: &Fields) {
        for (index, field) in fields.iter().enumerate() {
            let name = field.ident.as_ref().map_or_else(|| index.to_string(), ToString::to_string);
            self.add(&name, &field.attrs);
        }
    }
}

/// Adds the comment of each such item; the ones with a second function are visited within.
macro_rules! visit_items {
    ($($method:ident, $item:ty, $name:ident $(. $part:ident)*;)*) => {
        $(fn $method(&mut self, item: &'ast $item) {
            self.add(&item.$name$(.$part)*.to_string(), &item.attrs);
            visit::$method(self, item);
        })*
    };
}

impl<'ast> Visit<'ast> for Comments {
    visit_items! {
        visit_item_fn, ItemFn, sig.ident;
        visit_item_const, ItemConst, ident;
        visit_item_static, ItemStatic, ident;
        visit_item_type, ItemType, ident;
        visit_impl_item_fn, ImplItemFn, sig.ident;
        visit_impl_item_const, ImplItemConst, ident;
        visit_trait_item_fn, TraitItemFn, sig.ident;
        visit_foreign_item_fn, ForeignItemFn, sig.ident;
    }

    fn visit_item_struct(&mut self, item: &'ast ItemStruct) {
        self.add(&item.ident.to_string(), &item.attrs);
        self.within(item.ident.to_string(), |inner| inner.fields(&item.fields));
    }

    fn visit_item_enum(&mut self, item: &'ast ItemEnum) {
        self.add(&item.ident.to_string(), &item.attrs);
        self.within(item.ident.to_string(), |inner| visit::visit_item_enum(inner, item));
    }

    fn visit_variant(&mut self, item: &'ast Variant) {
        self.add(&item.ident.to_string(), &item.attrs);
        self.within(item.ident.to_string(), |inner| inner.fields(&item.fields));
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        self.add(&item.ident.to_string(), &item.attrs);
        self.within(item.ident.to_string(), |inner| visit::visit_item_trait(inner, item));
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.add(&item.ident.to_string(), &item.attrs);
        self.within(item.ident.to_string(), |inner| visit::visit_item_mod(inner, item));
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let name = |path: &syn::Path| path.segments.last().map(|part| part.ident.to_string());
        let of = match &*item.self_ty {
            Type::Path(of) => name(&of.path),
            _ => None,
        };
        let of = of.unwrap_or_else(|| "impl".to_owned());
        let implemented = item.trait_.as_ref().and_then(|(path, _)| name(path));
        let described =
            implemented.map_or_else(|| of.clone(), |implemented| format!("{implemented} for {of}"));
        self.add(&described, &item.attrs);
        self.within(of, |inner| visit::visit_item_impl(inner, item));
    }

    fn visit_item_macro(&mut self, item: &'ast ItemMacro) {
        if let Some(name) = &item.ident {
            self.add(&format!("{name}!"), &item.attrs);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_has_the_path_of_what_it_describes() {
        let code = "//! About the module.\n\n// Not documentation.\n/// About a field's owner.\n\
            pub struct Owner {\n    /// About the field,\n    /// in two lines.\n    pub tenant: u8,\n}\n\
            impl Owner {\n    /// About a method.\n    fn of() {}\n}\n\
            enum Mode {\n    /// About a variant.\n    Direct,\n}\n";
        let found = all(code, "src/owner.rs").expect("code");
        let found: Vec<_> =
            found.iter().map(|(line, path, text)| (*line, path.as_str(), text.as_str())).collect();
        assert_eq!(
            found,
            [
                (1, "module src/owner.rs", " About the module."),
                (4, "Owner", " About a field's owner."),
                (6, "Owner::tenant", " About the field,\n in two lines."),
                (11, "Owner::of", " About a method."),
                (15, "Mode::Direct", " About a variant."),
            ]
        );
    }
}
