//! The function folders and the routes of host.json that make functions.

use serde_json::Value;

use super::{AzureOutcome, Diagnosis, bindings};
use crate::{
    App, Level, app::FunctionFolder, binding, configuration::Section, json::Position, retry::RetryPolicy,
    schedule::Schedule, time_span::is_bare_days,
};

/// The diagnoses, and the HTTP functions that the host would load.
#[derive(Default)]
pub(super) struct Functions {
    pub(super) faults: Vec<Diagnosis>,
    pub(super) http: Vec<HttpFunction>,
}

/// A function with a route, in the sequence in which the host maps routes.
pub(super) struct HttpFunction {
    pub(super) name: String,
    /// The file or section with the value.
    pub(super) subject: String,
    pub(super) position: Option<Position>,
    /// Settings filled in.
    pub(super) route: String,
    /// As they are written; none for all.
    pub(super) methods: Option<Vec<String>>,
    pub(super) disabled: bool,
}

const IN_ERROR: (Level, AzureOutcome) = (Level::Fail, AzureOutcome::FunctionInError);
const RUNS: (Level, AzureOutcome) = (Level::Warn, AzureOutcome::Runs);

pub(super) fn of(app: &App) -> Functions {
    let mut found = Functions::default();
    let host = app.host.as_ref().ok().map(Section::root);
    let routes = host
        .as_ref()
        .map(|host| host.section("customHandler").section("http").items("routes"))
        .unwrap_or_default();
    for (at, route) in routes.iter().enumerate() {
        found.add_route(app, at, route);
    }
    let only = host.as_ref().map(|host| host.texts("functions")).unwrap_or_default();
    let wanted = |name: &str| only.is_empty() || only.iter().any(|one| one.eq_ignore_ascii_case(name));
    for folder in app.functions.iter().filter(|folder| wanted(&folder.name)) {
        if routes.is_empty() {
            found.add_folder(app, folder);
        } else {
            let why = "host.json has customHandler.http.routes, and the host reads functions from only one of the \
                two";
            found.add(
                ("function-folders", IN_ERROR),
                &format!("{}/function.json", folder.name),
                None,
                why,
                "remove the routes or the folders",
            );
        }
    }
    found.http.sort_by_key(|function| function.name.to_ascii_uppercase());
    found
}

impl Functions {
    fn add(
        &mut self,
        (rule, (level, in_azure)): (&'static str, (Level, AzureOutcome)),
        subject: &str,
        position: Option<Position>,
        why: &str,
        remedy: &str,
    ) {
        self.faults.push(Diagnosis::new((rule, level, in_azure), subject, why, remedy).at(position));
    }

    fn add_route(&mut self, app: &App, at: usize, route: &Section<'_>) {
        let subject = format!("host.json customHandler.http.routes[{at}]");
        let at_name = at.to_string();
        let position =
            app.file.as_ref().and_then(|file| file.position(&["customHandler", "http", "routes", &at_name]));
        let name = format!("http-handler{}", at + 1);
        if route.variant_index("authorizationLevel", &binding::AUTH_LEVELS).is_err() {
            self.add(
                ("binding-value", IN_ERROR),
                &subject,
                position,
                "its authorizationLevel has a value that the host does not know",
                "write \"anonymous\", \"function\" or \"admin\"",
            );
        }
        match route.text("route").filter(|route| !route.trim().is_empty()) {
            None => self.add(
                ("route-template", IN_ERROR),
                &subject,
                position,
                "it has no route",
                "write a route template such as \"{*route}\"",
            ),
            Some(route) => match app.settings.expand(&route) {
                Err(what) => self.add(
                    ("settings-in-bindings", IN_ERROR),
                    &subject,
                    position,
                    &format!("its route cannot be filled in: {what}"),
                    "set it, or correct the name",
                ),
                Ok(route) => {
                    let disabled = app.settings.disables(&name);
                    self.http.push(HttpFunction { name, subject, position, route, methods: None, disabled });
                }
            },
        }
    }

    /// A function that a setting switches off may be as wrong as it likes, but for its route.
    fn add_folder(&mut self, app: &App, folder: &FunctionFolder) {
        let before = self.faults.len();
        let subject = format!("{}/function.json", folder.name);
        if !binding::is_function_name(&folder.name) {
            let remedy = "rename the folder: begin with a letter, go on with letters, digits, '_' and '-', 128 at most, not \"host\"";
            self.add(
                ("function-json", IN_ERROR),
                &subject,
                None,
                "the folder's name cannot be the name of a function",
                remedy,
            );
        }
        match &folder.json {
            Err(why) => self.add(("function-json", IN_ERROR), &subject, None, why, "correct the file"),
            Ok(json) => self.add_function(app, folder, &subject, json),
        }
        let disabled = app.settings.disables(&folder.name);
        let is_refused = self.faults[before..].iter().any(|fault| fault.level == Level::Fail);
        if disabled {
            self.faults.truncate(before);
        }
        if !is_refused {
            self.http.extend(http_function(app, folder, subject, disabled));
        }
    }

    fn add_function(&mut self, app: &App, folder: &FunctionFolder, subject: &str, json: &Value) {
        let position = |path: &[&str]| folder.document.as_ref().and_then(|document| document.position(path));
        if binding::get(json, "disabled").is_some_and(|value| *value != Value::Bool(false)) {
            let why = format!(
                "the member `disabled` does nothing since version 2 of the host: {} runs",
                folder.name
            );
            let remedy = format!(
                "set AzureWebJobs.{0}.Disabled=true, or AzureWebJobs_{0}_Disabled=true on Linux",
                folder.name
            );
            self.add(("disabled-member", RUNS), subject, position(&["disabled"]), &why, &remedy);
        }
        let source = binding::text(json, "configurationSource").unwrap_or_else(|| "config".to_owned());
        if !["attributes", "config"].iter().any(|known| known.eq_ignore_ascii_case(&source)) {
            self.add(
                ("function-json", IN_ERROR),
                subject,
                position(&["configurationSource"]),
                "its configurationSource has a value that the host does not know",
                "leave it out",
            );
        }
        if let Some(script) =
            json.get("scriptFile").and_then(crate::json::text).filter(|script| !script.is_empty())
            && !app.root.join(&folder.name).join(&script).is_file()
        {
            let why = format!("`scriptFile` names {script}, which is not there");
            self.add(
                ("script-file", IN_ERROR),
                subject,
                position(&["scriptFile"]),
                &why,
                "remove `scriptFile`: a custom handler has none",
            );
        }
        if let Some(policy) = json.get("retry").filter(|policy| !policy.is_null())
            && let Err(why) = RetryPolicy::read(policy)
        {
            self.add(("retry-policy", IN_ERROR), subject, position(&["retry"]), &why, "correct the policy");
        }
        let Some(bindings) = json.get("bindings").and_then(Value::as_array).filter(|list| !list.is_empty())
        else {
            self.add(
                ("function-json", IN_ERROR),
                subject,
                position(&["bindings"]),
                "it must have a list \"bindings\" with at least a trigger",
                "write one",
            );
            return;
        };
        self.add_bindings(app, folder, subject, bindings);
    }

    fn add_bindings(&mut self, app: &App, folder: &FunctionFolder, subject: &str, bindings: &[Value]) {
        let position = |path: &[&str]| folder.document.as_ref().and_then(|document| document.position(path));
        let mut names: Vec<String> = Vec::new();
        for (at, one) in bindings.iter().enumerate() {
            let at = at.to_string();
            if !one.is_object() {
                self.add(
                    ("function-json", IN_ERROR),
                    subject,
                    position(&["bindings", &at]),
                    "every binding must be an object",
                    "write {\"type\": …, \"direction\": …, \"name\": …}",
                );
                continue;
            }
            let name = binding::text(one, "name").unwrap_or_default();
            for fault in bindings::faults(one, &app.settings) {
                let position =
                    position(&["bindings", &at, fault.member]).or_else(|| position(&["bindings", &at]));
                self.add(
                    (fault.rule, IN_ERROR),
                    subject,
                    position,
                    &format!("binding \"{name}\": {}", fault.why),
                    &fault.remedy,
                );
            }
            if names.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
                let why = format!("two bindings are named \"{name}\"; names are compared without case");
                self.add(
                    ("binding-names", IN_ERROR),
                    subject,
                    position(&["bindings", &at]),
                    &why,
                    "give each binding a name of its own",
                );
            }
            names.push(name);
            self.add_warnings(app, subject, position(&["bindings", &at]), one);
        }
        let triggers = bindings.iter().filter(|one| binding::is_trigger(one)).count();
        if triggers != 1 {
            let why = format!("it has {triggers} triggers; a function has exactly one");
            self.add(
                ("one-trigger", IN_ERROR),
                subject,
                position(&["bindings"]),
                &why,
                "leave one trigger in it, and make a function for each other one",
            );
        }
    }

    /// Adds values that run, but hardly as their author means them.
    fn add_warnings(&mut self, app: &App, subject: &str, position: Option<Position>, one: &Value) {
        let kind = binding::text(one, "type").unwrap_or_default().to_ascii_lowercase();
        if kind == "httptrigger"
            && binding::methods(one).is_ok_and(|methods| methods.is_some_and(|list| list.is_empty()))
        {
            let why = "its methods are an empty list, which allows no method: every call gets 404";
            self.add(
                ("methods", RUNS),
                subject,
                position,
                why,
                "name the methods, or leave `methods` out for all of them",
            );
        }
        if kind != "timertrigger" {
            return;
        }
        let written =
            app.settings.expand(&binding::text(one, "schedule").unwrap_or_default()).unwrap_or_default();
        let Ok(schedule) = Schedule::parse(&written) else { return };
        for range in schedule.reversed_ranges() {
            let why = format!(
                "the range {range} in \"{written}\" goes from high to low, and the host swaps its ends"
            );
            self.add(
                ("schedule-meaning", RUNS),
                subject,
                position,
                &why,
                "write two ranges with a comma, such as `22-23,0-6` or `FRI-SAT,SUN-MON`",
            );
        }
        let parts = written.split(':').count();
        let days = schedule.interval().map_or(0, |every| every.as_secs() / 86_400);
        if is_bare_days(&written) || (parts == 3 && days > 0 && !written.contains('.')) {
            let why = format!(
                "the schedule \"{written}\" means every {days} days: a bare number, and what stands before two colons from 24 on, are days"
            );
            self.add(
                ("time-span-unit", RUNS),
                subject,
                position,
                &why,
                "write the span out, such as \"1.00:00:00\" for a day",
            );
        }
    }
}

fn http_function(
    app: &App,
    folder: &FunctionFolder,
    subject: String,
    disabled: bool,
) -> Option<HttpFunction> {
    let list = folder.json.as_ref().ok()?.get("bindings")?.as_array()?;
    let is_http = |one: &&Value| {
        binding::text(one, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("httpTrigger"))
    };
    let at = list.iter().position(|one| is_http(&one))?;
    let position = folder.document.as_ref().and_then(|document| {
        let at = at.to_string();
        document.position(&["bindings", &at, "route"]).or_else(|| document.position(&["bindings", &at]))
    });
    let route = app.settings.expand(&binding::route(&list[at], &folder.name)).ok()?;
    let route = if route.trim().is_empty() { folder.name.clone() } else { route };
    let methods =
        list[at].as_object().and_then(|_| binding::get(&list[at], "methods")).and_then(Value::as_array);
    let methods = methods.map(|list| list.iter().filter_map(crate::json::text).collect());
    Some(HttpFunction { name: folder.name.clone(), subject, position, route, methods, disabled })
}
