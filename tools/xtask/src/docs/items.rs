//! The public items of the workspace's libraries.

use std::{fs, path::Path};

use anyhow::Context as _;
use proc_macro2::Span;
use project::{Project, read};
use syn::{Attribute, ImplItem, Item as Code, TraitItem, Type, Visibility, spanned::Spanned as _};

use super::comments;

/// A public item.
#[derive(Debug)]
pub(super) struct Item {
    /// Crate, modules and name.
    pub(super) path: String,
    /// In one line.
    pub(super) signature: String,
    pub(super) comment: String,
}

/// The items of all libraries.
pub(super) fn all(project: &Project) -> anyhow::Result<Vec<Item>> {
    let root = project.root();
    let mut found = Vec::new();
    library(&root.join("src"), "orders_worker", &mut found)?;
    for folder in ["crates", "tools"] {
        let members = fs::read_dir(root.join(folder)).with_context(|| format!("cannot read {folder}"))?;
        for member in members {
            let member = member?;
            let name = member.file_name().to_string_lossy().replace('-', "_");
            library(&member.path().join("src"), &name, &mut found)?;
        }
    }
    Ok(found)
}

fn library(source: &Path, name: &str, found: &mut Vec<Item>) -> anyhow::Result<()> {
    if source.join("lib.rs").is_file() {
        folder(source, name, found)?;
    }
    Ok(())
}

/// Reads the files below a folder: each file and each subfolder is a module with its name.
fn folder(path: &Path, module: &str, found: &mut Vec<Item>) -> anyhow::Result<()> {
    for entry in fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            folder(&path, &format!("{module}::{name}"), found)?;
        } else if path.extension().is_some_and(|ending| ending == "rs")
            && !["main", "tests"].contains(&&*name)
        {
            let module = if name == "lib" { module.to_owned() } else { format!("{module}::{name}") };
            let file =
                syn::parse_file(&read(&path)?).with_context(|| format!("cannot parse {}", path.display()))?;
            items(&file.items, &module, found);
        }
    }
    Ok(())
}

fn items(all: &[Code], module: &str, found: &mut Vec<Item>) {
    for item in all {
        match item {
            Code::Fn(it) if is_public(&it.vis) => {
                found.push(new(module, &it.sig.ident, text(it.sig.span()), &it.attrs));
            }
            Code::Struct(it) if is_public(&it.vis) => {
                found.push(new(
                    module,
                    &it.ident,
                    format!("struct {}{}", it.ident, text(it.generics.span())),
                    &it.attrs,
                ));
            }
            Code::Enum(it) if is_public(&it.vis) => {
                let variants: Vec<_> = it.variants.iter().map(|variant| variant.ident.to_string()).collect();
                let signature = format!("enum {} {{ {} }}", it.ident, variants.join(", "));
                found.push(new(module, &it.ident, signature, &it.attrs));
            }
            Code::Const(it) if is_public(&it.vis) => {
                found.push(new(
                    module,
                    &it.ident,
                    format!("const {}: {}", it.ident, text(it.ty.span())),
                    &it.attrs,
                ));
            }
            Code::Type(it) if is_public(&it.vis) => {
                found.push(new(
                    module,
                    &it.ident,
                    format!("type {} = {}", it.ident, text(it.ty.span())),
                    &it.attrs,
                ));
            }
            Code::Trait(it) if is_public(&it.vis) => {
                found.push(new(module, &it.ident, format!("trait {}", it.ident), &it.attrs));
                for member in &it.items {
                    if let TraitItem::Fn(it_fn) = member {
                        let within = format!("{module}::{}", it.ident);
                        found.push(new(&within, &it_fn.sig.ident, text(it_fn.sig.span()), &it_fn.attrs));
                    }
                }
            }
            Code::Impl(it) if it.trait_.is_none() => {
                let Type::Path(of) = &*it.self_ty else { continue };
                let name = of.path.segments.last().map(|part| part.ident.to_string()).unwrap_or_default();
                for member in &it.items {
                    if let ImplItem::Fn(it) = member
                        && is_public(&it.vis)
                    {
                        let within = format!("{module}::{name}");
                        found.push(new(&within, &it.sig.ident, text(it.sig.span()), &it.attrs));
                    }
                }
            }
            Code::Mod(it) if is_public(&it.vis) => {
                if let Some((_, inner)) = &it.content {
                    items(inner, &format!("{module}::{}", it.ident), found);
                }
            }
            _ => (),
        }
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn new(module: &str, name: &syn::Ident, signature: String, attributes: &[Attribute]) -> Item {
    Item { path: format!("{module}::{name}"), signature, comment: comment(attributes) }
}

/// The source text of a span, in one line.
fn text(span: Span) -> String {
    span.source_text().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn comment(attributes: &[Attribute]) -> String {
    comments::lines(attributes).map(|(_, line)| line.trim().to_owned()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_has_its_path_and_its_signature() {
        let code = "/// Says it.\npub fn tell(\n    what: &str,\n) -> bool { true }\nfn own() {}\n\
            pub struct Pair<T>(T);\nimpl<T> Pair<T> { pub fn of(one: T) -> Self { Self(one) } fn own(&self) {} }\n\
            pub enum Way { In, Out }\npub mod inner { pub const MOST: usize = 1; }\nmod tests { pub fn no() {} }";
        let mut found = Vec::new();
        items(&syn::parse_file(code).expect("code").items, "it", &mut found);
        let told: Vec<_> = found.iter().map(|item| (item.path.as_str(), item.signature.as_str())).collect();
        assert_eq!(
            told,
            [
                ("it::tell", "fn tell( what: &str, ) -> bool"),
                ("it::Pair", "struct Pair<T>"),
                ("it::Pair::of", "fn of(one: T) -> Self"),
                ("it::Way", "enum Way { In, Out }"),
                ("it::inner::MOST", "const MOST: usize"),
            ]
        );
        assert_eq!(found[0].comment, "Says it.");
    }
}
