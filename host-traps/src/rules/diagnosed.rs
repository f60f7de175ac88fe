//! What the emulator would refuse or warn of at its start: the same list.

use super::{Fault, Rule};
use crate::{App, diagnose};

pub(super) const RULES: &[&Rule] = &[
    &VALUES,
    &UNITS,
    &BINDINGS,
    &RESERVED_ROUTES,
    &CONFLICTS,
    &TEMPLATES,
    &RESERVED_PREFIX,
    &SCHEDULES,
    &MEANINGS,
    &QUEUES,
    &METHODS,
    &DISABLED,
    &RETRY,
];

fn of(app: &App, rule: &str) -> Vec<Fault> {
    let found = diagnose(app).into_iter().filter(|one| one.rule == rule);
    found
        .map(|one| Fault {
            level: one.level,
            subject: one.subject.clone(),
            why: one.reason(),
            remedy: one.remedy,
        })
        .collect()
}

const VALUES: Rule = Rule {
    id: "host-json-value",
    promise: "every value of host.json is one that the host takes",
    source: "protocol sheet §5.1, §6; ScriptJobHostOptionsSetup.cs of Azure/azure-functions-host",
    find: |app| of(app, "host-json-value"),
};

const UNITS: Rule = Rule {
    id: "time-span-unit",
    promise: "every time span says its unit",
    source: "azure-docs issue 16263; TimeSpan.Parse of .NET",
    find: |app| of(app, "time-span-unit"),
};

const BINDINGS: Rule = Rule {
    id: "binding-value",
    promise: "every member of a binding is one that the host takes",
    source: "BindingMetadata.cs of Azure/azure-functions-host; AttributeConverter.cs of Azure/azure-webjobs-sdk",
    find: |app| of(app, "binding-value"),
};

const RESERVED_ROUTES: Rule = Rule {
    id: "reserved-route",
    promise: "no route begins with a word that the host keeps for itself",
    source: "protocol sheet §6; ScriptHost.cs of Azure/azure-functions-host",
    find: |app| of(app, "reserved-route"),
};

const CONFLICTS: Rule = Rule {
    id: "route-conflict",
    promise: "no two functions have one route and a method in common",
    source: "host issue 7675",
    find: |app| of(app, "route-conflict"),
};

const TEMPLATES: Rule = Rule {
    id: "route-template",
    promise: "every route is a template that ASP.NET takes",
    source: "protocol sheet §6; RoutePatternParser.cs of dotnet/aspnetcore",
    find: |app| of(app, "route-template"),
};

const RESERVED_PREFIX: Rule = Rule {
    id: "reserved-prefix",
    promise: "no path of the host stands below the route prefix",
    source: "host issue 5322",
    find: |app| of(app, "reserved-prefix"),
};

const SCHEDULES: Rule = Rule {
    id: "schedule",
    promise: "every schedule is one that NCRONTAB or .NET reads",
    source: "host issue 329; azure-functions-templates issue 96",
    find: |app| of(app, "schedule"),
};

const MEANINGS: Rule = Rule {
    id: "schedule-meaning",
    promise: "every range of a schedule goes from low to high",
    source: "CrontabField.cs of atifaziz/NCrontab",
    find: |app| of(app, "schedule-meaning"),
};

const QUEUES: Rule = Rule {
    id: "queue-name",
    promise: "every queue has a name that storage takes",
    source: "learn.microsoft.com/rest/api/storageservices/naming-queues-and-metadata",
    find: |app| of(app, "queue-name"),
};

const METHODS: Rule = Rule {
    id: "methods",
    promise: "every HTTP function lets a method in",
    source: "WebScriptHostHttpRoutesManager.cs of Azure/azure-functions-host",
    find: |app| of(app, "methods"),
};

const DISABLED: Rule = Rule {
    id: "disabled-member",
    promise: "no function is meant to be switched off by a member that does nothing",
    source: "host issue 2767; vscode-azurefunctions issue 1358",
    find: |app| of(app, "disabled-member"),
};

const RETRY: Rule = Rule {
    id: "retry-policy",
    promise: "every retry policy is whole",
    source: "protocol sheet §5.2",
    find: |app| of(app, "retry-policy"),
};
