//! The ids of resources: `/subscriptions/S/resourceGroups/G/providers/Microsoft.Web/sites/NAME`.

/// An id as text. The parts in `‹…›`, which only Azure knows, count as characters of a name.
#[derive(Debug, Clone, Copy)]
pub struct ResourceId<'t>(&'t str);

const PROVIDERS: &str = "/providers/";

impl<'t> ResourceId<'t> {
    /// Reads the id of a resource, or that of the resource whose property a symbol is: `‹ID›.property`.
    #[must_use]
    pub fn parse(text: &'t str) -> Self {
        let inner = text.strip_prefix('‹').filter(|inner| inner.starts_with('/'));
        Self(inner.and_then(|inner| inner.split_once('›')).map_or(text, |(id, _)| id))
    }

    /// The id alone.
    #[must_use]
    pub const fn text(self) -> &'t str {
        self.0
    }

    /// The type and the whole name of an id; `None` where the text is no id.
    #[must_use]
    pub fn kind_and_name(self) -> Option<(String, String)> {
        if !self.0.starts_with('/') {
            return None;
        }
        let Some((_, last)) = last_provider(self.0) else {
            let (_, group) = self.0.split_once("/resourceGroups/")?;
            return Some(("Microsoft.Resources/resourceGroups".to_owned(), group.to_owned()));
        };
        let mut parts = parts(last).into_iter();
        let mut kind = parts.next()?.to_owned();
        let mut name = String::new();
        while let (Some(of), Some(called)) = (parts.next(), parts.next()) {
            kind = format!("{kind}/{of}");
            name = if name.is_empty() { called.to_owned() } else { format!("{name}/{called}") };
        }
        (!name.is_empty()).then_some((kind, name))
    }

    /// The id of the resource that it is a part of.
    #[must_use]
    pub fn parent(self) -> Option<&'t str> {
        let (_, last) = last_provider(self.0)?;
        let parts = parts(last);
        let [.., of, called] = parts.as_slice() else { return None };
        (parts.len() > 3).then(|| self.0.get(..self.0.len() - of.len() - called.len() - 2))?
    }

    /// For an extension resource, such as a role assignment or a lock: the id of the resource that it is attached to.
    #[must_use]
    pub fn scope(self) -> Option<&'t str> {
        let (before, _) = last_provider(self.0)?;
        last_provider(before).is_some().then_some(before)
    }
}

/// Before and behind the last `/providers/`, those within symbols apart.
fn last_provider(text: &str) -> Option<(&str, &str)> {
    let places = text.match_indices(PROVIDERS).map(|(place, _)| place);
    let is_outside = |place: &usize| {
        let before = text.get(..*place).unwrap_or_default();
        before.matches('‹').count() == before.matches('›').count()
    };
    let last = places.filter(is_outside).last()?;
    Some((text.get(..last)?, text.get(last + PROVIDERS.len()..)?))
}

/// The parts between slashes; slashes within symbols do not count.
fn parts(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let is_slash = move |one: char| {
        match one {
            '‹' => depth += 1,
            '›' => depth = depth.saturating_sub(1),
            _ => {}
        }
        one == '/' && depth == 0
    };
    text.split(is_slash).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const VAULT: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v";

    fn kind_and_name(text: &str) -> Option<(String, String)> {
        ResourceId::parse(text).kind_and_name()
    }

    #[test]
    fn a_resource_id_is_parsed() {
        let both = |kind: &str, name: &str| Some((kind.to_owned(), name.to_owned()));
        assert_eq!(kind_and_name(VAULT), both("Microsoft.KeyVault/vaults", "v"));
        assert_eq!(kind_and_name(&format!("‹{VAULT}›.vaultUri")), both("Microsoft.KeyVault/vaults", "v"));
        assert_eq!((ResourceId::parse(VAULT).parent(), ResourceId::parse(VAULT).scope()), (None, None));
        let key = format!("{VAULT}/keys/k");
        assert_eq!(kind_and_name(&key), both("Microsoft.KeyVault/vaults/keys", "v/k"));
        assert_eq!(ResourceId::parse(&key).parent(), Some(VAULT));
        let lock = format!("{key}/providers/Microsoft.Authorization/locks/keep");
        assert_eq!(kind_and_name(&lock), both("Microsoft.Authorization/locks", "keep"));
        assert_eq!(ResourceId::parse(&lock).scope(), Some(key.as_str()));
        assert_eq!(
            kind_and_name("/subscriptions/s/resourceGroups/g"),
            both("Microsoft.Resources/resourceGroups", "g")
        );
        assert_eq!(kind_and_name("https://vault.example/providers/a/b/c"), None);
    }

    #[test]
    fn a_slash_inside_a_symbol_is_no_separator() {
        let named = format!("{VAULT}/keys/‹{VAULT}›.name");
        assert_eq!(ResourceId::parse(&named).parent(), Some(VAULT));
    }
}
