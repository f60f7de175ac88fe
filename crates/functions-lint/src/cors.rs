//! Which pages of other origins may call, as Core Tools set ASP.NET up for it: `CORS` is split at commas and not trimmed,
//! and an origin is compared as it is (`Startup.cs` in Azure/azure-functions-core-tools; `CorsPolicyBuilder` in
//! dotnet/aspnetcore).

/// `Host.CORS` and `Host.CORSCredentials` of local.settings.json.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cors {
    origins: Vec<String>,
    credentials: bool,
}

impl Cors {
    /// Reads the origins; none where there is none.
    #[must_use]
    pub fn parse(text: &str, credentials: bool) -> Option<Self> {
        let origins = text.split(',').filter(|origin| !origin.is_empty()).map(str::to_lowercase);
        let origins: Vec<String> = origins.collect();
        (!origins.is_empty()).then_some(Self { origins, credentials })
    }

    /// Why Core Tools end at their start, if they do: ASP.NET refuses every origin together with credentials.
    #[must_use]
    pub fn startup_error(&self) -> Option<&'static str> {
        (self.allows_any() && self.credentials).then_some(
            "Host.CORS is \"*\" and Host.CORSCredentials is true, which ASP.NET refuses: Core Tools end with an error; \
             name the origins, or take CORSCredentials out",
        )
    }

    /// The entries that no browser's origin is equal to, and why.
    #[must_use]
    pub fn unmatchable_origins(&self) -> Vec<(&str, &'static str)> {
        let reason = |origin: &str| {
            let scheme = origin.split_once("://");
            match scheme {
                _ if origin.trim() != origin => {
                    Some("it must not begin or end with a blank, for the host does not trim it")
                }
                _ if origin == "*" => (!self.allows_any()).then_some("`*` works only as the single entry"),
                Some((_, rest)) if rest.ends_with('/') => Some("an origin must not end with a slash"),
                Some((_, rest)) if rest.contains('/') => Some("an origin must not have a path"),
                Some((_, rest)) if rest.contains('*') => Some("an origin must not contain `*`"),
                Some((scheme, rest)) if !scheme.is_empty() && !rest.is_empty() => {
                    is_default_port(scheme, rest).then_some(
                        "an origin must not name the default port, for browsers \
                        leave it out",
                    )
                }
                _ if origin == "null" => None,
                _ => Some("an origin must begin with http:// or https://"),
            }
        };
        self.origins.iter().filter_map(|origin| Some((origin.as_str(), reason(origin)?))).collect()
    }

    /// Whether every origin is let in.
    #[must_use]
    pub fn allows_any(&self) -> bool {
        self.origins == ["*"]
    }

    /// Whether a page of this origin may read the app's answers.
    #[must_use]
    pub fn allows(&self, origin: &str) -> bool {
        self.allows_any() || self.origins.iter().any(|known| known == origin)
    }

    /// Whether a page of an allowed origin may send its cookies.
    #[must_use]
    pub fn credentials(&self) -> bool {
        self.credentials
    }

    /// Whether an answer depends on the origin.
    #[must_use]
    pub fn varies_by_origin(&self) -> bool {
        self.origins.len() > 1
    }
}

fn is_default_port(scheme: &str, rest: &str) -> bool {
    let port = rest.rsplit_once(':').map(|(_, port)| port);
    matches!((scheme, port), ("http", Some("80")) | ("https", Some("443")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cors(text: &str) -> Cors {
        Cors::parse(text, false).unwrap()
    }

    #[test]
    fn origins_are_compared_as_they_are_written() {
        let cors = cors("http://localhost:3000,HTTPS://Example.com, http://b,http://c/");
        assert!(cors.allows("http://localhost:3000") && cors.allows("https://example.com"));
        for origin in ["http://b", "http://c", "http://localhost:3001", "*"] {
            assert!(!cors.allows(origin), "{origin}");
        }
    }

    #[test]
    fn entries_that_never_match_are_known() {
        let cors =
            cors("http://a/, http://b,*,http://c/x,https://*.d.com,e.com,https://f:443,http://good:1,null");
        let never: Vec<&str> = cors.unmatchable_origins().into_iter().map(|(origin, _)| origin).collect();
        assert_eq!(
            never,
            ["http://a/", " http://b", "*", "http://c/x", "https://*.d.com", "e.com", "https://f:443"]
        );
        assert!(super::Cors::parse("*", false).unwrap().unmatchable_origins().is_empty());
    }

    #[test]
    fn only_a_star_alone_lets_every_origin_in() {
        assert!(cors("*").allows("http://any") && cors("*,").allows("http://any"));
        assert!(!cors("*,http://a").allows("http://any") && !cors(" *").allows("http://any"));
        assert!(Cors::parse("*", true).unwrap().startup_error().is_some());
        assert!(Cors::parse("*,http://a", true).unwrap().startup_error().is_none());
        assert_eq!(Cors::parse(",,", true), None);
    }
}
