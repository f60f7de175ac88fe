//! What the emulator refuses or warns of at its start, as findings: the same list.

use super::{Rule, Violation};
use crate::{App, FunctionFolder, app::is, diagnose};

pub(super) const RULES: &[&Rule] = &[
    &VALUES,
    &UNITS,
    &BINDINGS,
    &RESERVED_ROUTES,
    &CONFLICTS,
    &TEMPLATES,
    &OVERLAPS,
    &RESERVED_PREFIX,
    &SCHEDULES,
    &MEANINGS,
    &QUEUES,
    &METHODS,
    &DISABLED,
    &RETRY,
];

/// The violations of a rule; `None` if the rule does not apply to the app.
fn of(app: &App, rule: &str, concerns: bool) -> Option<Vec<Violation>> {
    let found: Vec<_> = faults(app, rule).collect();
    (concerns || !found.is_empty()).then_some(found)
}

/// The diagnoses of the emulator that belong to a rule.
pub(super) fn faults(app: &App, rule: &str) -> impl Iterator<Item = Violation> {
    let found = diagnose(app).into_iter().filter(move |one| one.rule == rule);
    found.map(|one| Violation {
        level: one.level,
        subject: one.subject.clone(),
        why: one.reason(),
        remedy: one.remedy,
    })
}

fn has_routes(app: &App) -> bool {
    app.has_routes() || app.functions.iter().any(|function| function.http().is_some())
}

fn has_binding(app: &App, kinds: &[&str]) -> bool {
    app.bindings().any(|(_, binding)| kinds.iter().any(|kind| is(binding, kind)))
}

fn has_retry(function: &FunctionFolder) -> bool {
    function.json.as_ref().is_ok_and(|json| json.get("retry").is_some_and(|policy| !policy.is_null()))
}

const VALUES: Rule = Rule {
    id: "host-json-value",
    promise: "the host accepts every value of host.json",
    source: "https://learn.microsoft.com/azure/azure-functions/functions-host-json",
    find: |app| of(app, "host-json-value", app.host.is_ok()),
};

const UNITS: Rule = Rule {
    id: "time-span-unit",
    promise: "every time span has a unit",
    source: "https://github.com/MicrosoftDocs/azure-docs/issues/16263; \
             https://learn.microsoft.com/dotnet/api/system.timespan.parse",
    find: |app| of(app, "time-span-unit", app.host.is_ok()),
};

const BINDINGS: Rule = Rule {
    id: "binding-value",
    promise: "the host accepts every member of every binding",
    source: "https://github.com/Azure/azure-functions-host/blob/dev/src/WebJobs.Script.Abstractions/Description/Binding/\
             BindingMetadata.cs",
    find: |app| of(app, "binding-value", app.bindings().next().is_some()),
};

const RESERVED_ROUTES: Rule = Rule {
    id: "reserved-route",
    promise: "no route begins with a word that the host reserves",
    source: "https://github.com/Azure/azure-functions-host/blob/dev/src/WebJobs.Script/Host/ScriptHost.cs",
    find: |app| of(app, "reserved-route", has_routes(app)),
};

const CONFLICTS: Rule = Rule {
    id: "route-conflict",
    promise: "no two functions share a route and a method",
    source: "https://github.com/Azure/azure-functions-host/issues/7675",
    find: |app| of(app, "route-conflict", has_routes(app)),
};

const TEMPLATES: Rule = Rule {
    id: "route-template",
    promise: "every route is a valid ASP.NET template",
    source: "https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-templates",
    find: |app| of(app, "route-template", has_routes(app)),
};

const OVERLAPS: Rule = Rule {
    id: "route-overlap",
    promise: "no route takes the URLs of a more specific one",
    source: "https://github.com/Azure/azure-functions-core-tools/issues/2442; \
             https://github.com/MicrosoftDocs/azure-docs/issues/11755",
    find: |app| of(app, "route-overlap", has_routes(app)),
};

const RESERVED_PREFIX: Rule = Rule {
    id: "reserved-prefix",
    promise: "no path of the host begins with the route prefix",
    source: "https://github.com/Azure/azure-functions-host/issues/5322",
    find: |app| of(app, "reserved-prefix", has_routes(app)),
};

const SCHEDULES: Rule = Rule {
    id: "schedule",
    promise: "every schedule is a valid NCRONTAB expression or time span",
    source: "https://github.com/Azure/azure-functions-host/issues/329; \
             https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions",
    find: |app| of(app, "schedule", has_binding(app, &["timerTrigger"])),
};

const MEANINGS: Rule = Rule {
    id: "schedule-meaning",
    promise: "every range of a schedule goes from low to high",
    source: "https://github.com/atifaziz/NCrontab/blob/master/NCrontab/CrontabField.cs",
    find: |app| of(app, "schedule-meaning", has_binding(app, &["timerTrigger"])),
};

const QUEUES: Rule = Rule {
    id: "queue-name",
    promise: "every queue has a valid name",
    source: "https://learn.microsoft.com/rest/api/storageservices/naming-queues-and-metadata",
    find: |app| of(app, "queue-name", has_binding(app, &["queueTrigger", "queue"])),
};

const METHODS: Rule = Rule {
    id: "methods",
    promise: "every HTTP function allows a method",
    source: "https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger#configuration",
    find: |app| of(app, "methods", has_binding(app, &["httpTrigger"])),
};

const DISABLED: Rule = Rule {
    id: "disabled-member",
    promise: "no function has a `disabled` member, which does nothing",
    source: "https://learn.microsoft.com/azure/azure-functions/disable-function; \
             https://github.com/Azure/azure-functions-host/issues/2767",
    find: |app| of(app, "disabled-member", !app.functions.is_empty()),
};

const RETRY: Rule = Rule {
    id: "retry-policy",
    promise: "every retry policy is complete",
    source: "https://learn.microsoft.com/azure/azure-functions/functions-bindings-error-pages#retries",
    find: |app| of(app, "retry-policy", app.functions.iter().any(has_retry)),
};
