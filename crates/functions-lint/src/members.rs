//! The members of host.json that the host knows, so that one at a wrong place or with a wrong name can be reported.
//!
//! From the host's options (`HttpWorkerOptions`, `HttpWorkerDescription`, `ConfigurationSectionNames`), those of the
//! HTTP and queue extensions, and the reference of host.json.

use strsim::levenshtein;

/// Every known path. `#` stands for a position in a list, `**` for anything below.
const KNOWN_MEMBERS: [&str; 79] = [
    "version",
    "functionTimeout",
    "functions.#",
    "watchDirectories.#",
    "watchFiles.#",
    "configurationProfile",
    "telemetryMode",
    "sequentialRestart",
    "sendCanceledInvocationsToWorker",
    "metadataProviderTimeout",
    "fileWatchingEnabled",
    "isDefaultHostConfig",
    "internalSasBlobContainer",
    "logging.**",
    "tracing.**",
    "concurrency.**",
    "retry.**",
    "scale.**",
    "easyauth.**",
    "managedDependency.enabled",
    "aggregator.batchSize",
    "aggregator.flushTimeout",
    "healthMonitor.enabled",
    "healthMonitor.healthCheckInterval",
    "healthMonitor.healthCheckWindow",
    "healthMonitor.healthCheckThreshold",
    "healthMonitor.counterThreshold",
    "singleton.lockPeriod",
    "singleton.listenerLockPeriod",
    "singleton.listenerLockRecoveryPollingInterval",
    "singleton.lockAcquisitionTimeout",
    "singleton.lockAcquisitionPollingInterval",
    "extensionBundle.id",
    "extensionBundle.version",
    "extensionBundle.downloadPath",
    "extensionBundle.ensureLatest",
    "extensionBundle.probingPaths.#",
    "customHandler.enableForwardingHttpRequest",
    "customHandler.enableProxyingHttpRequest",
    "customHandler.initializationTimeout",
    "customHandler.port",
    "customHandler.type",
    "customHandler.http.defaultAuthorizationLevel",
    "customHandler.http.routes.#.route",
    "customHandler.http.routes.#.authorizationLevel",
    "customHandler.description.defaultExecutablePath",
    "customHandler.description.defaultWorkerPath",
    "customHandler.description.workerDirectory",
    "customHandler.description.workingDirectory",
    "customHandler.description.arguments",
    "customHandler.description.arguments.#",
    "customHandler.description.workerArguments",
    "customHandler.description.workerArguments.#",
    "customHandler.description.useStdErrorStreamForErrorsOnly",
    "customHandler.description.isDisabled",
    "customHandler.description.language",
    "customHandler.description.extensions.#",
    "extensions.http.routePrefix",
    "extensions.http.maxOutstandingRequests",
    "extensions.http.maxConcurrentRequests",
    "extensions.http.dynamicThrottlesEnabled",
    "extensions.http.enableChunkedRequestBinding",
    "extensions.http.hsts.**",
    "extensions.http.customHeaders.**",
    "extensions.queues.batchSize",
    "extensions.queues.newBatchThreshold",
    "extensions.queues.maxDequeueCount",
    "extensions.queues.maxPollingInterval",
    "extensions.queues.visibilityTimeout",
    "extensions.queues.messageEncoding",
    "extensions.blobs.**",
    "extensions.serviceBus.**",
    "extensions.eventHubs.**",
    "extensions.cosmosDB.**",
    "extensions.durableTask.**",
    "extensions.kafka.**",
    "extensions.signalR.**",
    "extensions.sendGrid.**",
    "extensions.mcp.**",
];

/// Sections of which every member is known.
const CLOSED_SECTIONS: [&str; 5] =
    ["customHandler", "httpWorker", "extensions.http", "extensions.queues", "extensionBundle"];

/// Members that version 1 of host.json had at the top, and where they are now.
const VERSION_1_SECTIONS: [(&str, &str); 6] = [
    ("http", "extensions.http"),
    ("queues", "extensions.queues"),
    ("serviceBus", "extensions.serviceBus"),
    ("eventHub", "extensions.eventHubs"),
    ("durableTask", "extensions.durableTask"),
    ("sendGrid", "extensions.sendGrid"),
];

/// A path that names nothing the host knows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct UnknownMember {
    /// The path as it was written.
    pub(crate) path: String,
    /// What was probably meant.
    pub(crate) suggestion: Option<String>,
}

/// What is wrong with a member of host.json at this path; none where the host knows it or reads what it does not know.
pub(crate) fn in_file(path: &[&str]) -> Option<UnknownMember> {
    if is_known(path) || is_note(path) {
        return None;
    }
    let is_closed = CLOSED_SECTIONS.iter().any(|section| {
        let section: Vec<&str> = section.split('.').collect();
        path.len() > section.len() && same(&path[..section.len()], &section)
    });
    let suggestion = suggestion(path);
    (is_closed || suggestion.is_some()).then(|| UnknownMember { path: path.join("."), suggestion })
}

/// What is wrong with an override of the member at this path; none where the host knows it.
pub(crate) fn in_setting(path: &[&str]) -> Option<UnknownMember> {
    let is_of_an_extension =
        path.len() > 2 && path[0].eq_ignore_ascii_case("extensions") && !is_closed_extension(path[1]);
    // `version` is read from the file alone.
    let is_version = same(path, &["version"]);
    if (is_known(path) || is_of_an_extension) && !is_version {
        return None;
    }
    Some(UnknownMember { path: path.join("."), suggestion: if is_version { None } else { suggestion(path) } })
}

fn is_closed_extension(name: &str) -> bool {
    ["http", "queues"].iter().any(|closed| closed.eq_ignore_ascii_case(name))
}

/// Whether people write it as a note, for other people or an editor.
fn is_note(path: &[&str]) -> bool {
    path.iter().any(|name| name.starts_with(['$', '_', '/', '#']) || name.eq_ignore_ascii_case("comment"))
}

fn is_known(path: &[&str]) -> bool {
    KNOWN_MEMBERS.iter().any(|known| matches_path(&known.split('.').collect::<Vec<_>>(), &plain(path)))
}

/// The path with the older name of the section for the newer one.
fn plain<'a>(path: &[&'a str]) -> Vec<&'a str> {
    let mut path = path.to_vec();
    if let Some(first) = path.first_mut().filter(|first| first.eq_ignore_ascii_case("httpWorker")) {
        *first = "customHandler";
    }
    path
}

/// Whether the path is the known one, or leads to it: a section is known too.
fn matches_path(known: &[&str], path: &[&str]) -> bool {
    match (known, path) {
        (["**"], _) | (_, []) => true,
        (["#", known @ ..], [position, path @ ..]) => {
            position.bytes().all(|byte| byte.is_ascii_digit()) && matches_path(known, path)
        }
        ([name, known @ ..], [first, path @ ..]) => {
            name.eq_ignore_ascii_case(first) && matches_path(known, path)
        }
        ([], _) => false,
    }
}

fn same(one: &[&str], other: &[&str]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.eq_ignore_ascii_case(other))
}

/// The suggestion for an unknown member: a similar name at the same place, or the same name at another place.
fn suggestion(path: &[&str]) -> Option<String> {
    let path = plain(path);
    let (last, parents) = path.split_last()?;
    let of_version_1 =
        VERSION_1_SECTIONS.iter().find(|(name, _)| parents.is_empty() && name.eq_ignore_ascii_case(last));
    if let Some((_, now)) = of_version_1 {
        return Some((*now).to_owned());
    }
    let known = || KNOWN_MEMBERS.iter().map(|known| known.trim_end_matches(".#").trim_end_matches(".**"));
    let here = known().filter_map(|known| {
        let names: Vec<&str> = known.split('.').collect();
        let name = names
            .get(parents.len())
            .filter(|_| matches_path(&names, parents) && names.len() > parents.len())?;
        let edits = levenshtein(&name.to_ascii_lowercase(), &last.to_ascii_lowercase());
        (edits <= name.len().div_euclid(5).clamp(1, 3)).then(|| (edits, names[..=parents.len()].join(".")))
    });
    let here = here.min().map(|(_, path)| path);
    // Short names mean something of their own in many places.
    let elsewhere = || {
        known().find(|known| {
            known.rsplit('.').next().is_some_and(|name| name.len() > 9 && name.eq_ignore_ascii_case(last))
        })
    };
    here.or_else(|| elsewhere().map(|path| path.replace('#', "0")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> Option<UnknownMember> {
        in_file(&path.split('.').collect::<Vec<_>>())
    }

    #[test]
    fn known_members_are_no_fault() {
        for path in [
            "customHandler.enableForwardingHttpRequest",
            "CUSTOMHANDLER.Description.Arguments.0",
            "httpWorker.description.defaultExecutablePath",
            "customHandler.http.routes.3.route",
            "logging.logLevel.default",
            "extensions.http.customHeaders.X-Anything",
            "extensions.serviceBus.maxConcurrentCalls",
            "extensions.someOther.thing",
            "customHandler.$comment",
            "someThing.new",
        ] {
            assert_eq!(file(path), None, "{path}");
        }
    }

    #[test]
    fn wrong_places_and_names_say_what_was_meant() {
        let suggestion = |path: &str| file(path).unwrap_or_else(|| panic!("{path} is known")).suggestion;
        for path in [
            "customHandler.description.enableForwardingHttpRequest",
            "enableForwardingHttpRequest",
            "customHandler.enableForwardingHttpRequests",
            "customHandler.enableForwardingHTTPRequst",
            "extensions.http.enableForwardingHttpRequest",
            "httpWorker.description.enableForwardingHttpRequest",
        ] {
            assert_eq!(
                suggestion(path).as_deref(),
                Some("customHandler.enableForwardingHttpRequest"),
                "{path}"
            );
        }
        let program = "customHandler.description.defaultExecutablePath";
        assert_eq!(suggestion("customHandler.defaultExecutablePath").as_deref(), Some(program));
        assert_eq!(
            suggestion("extensions.queues.batchsizes").as_deref(),
            Some("extensions.queues.batchSize")
        );
        assert_eq!(suggestion("functionsTimeout").as_deref(), Some("functionTimeout"));
        assert_eq!(suggestion("http").as_deref(), Some("extensions.http"));
        assert_eq!(suggestion("customHandler.environment"), None);
    }

    #[test]
    fn an_override_has_to_name_a_known_member() {
        let setting = |path: &str| in_setting(&path.split('.').collect::<Vec<_>>()).is_some();
        for path in ["version", "customHandler.enableForwardingHttpRequests", "http.routePrefix", "new"] {
            assert!(setting(path), "{path}");
        }
        for path in [
            "customHandler.description.arguments",
            "extensions.mine.anything",
            "extensions.queues.BATCHSIZE",
            "logging.logLevel.Function",
        ] {
            assert!(!setting(path), "{path}");
        }
    }
}
