//! The registry: each function with its name, its trigger and its handler, in one place.

use std::{convert::Infallible, fmt, path::Path, sync::Arc};

use axum_core::{extract::Request, response::IntoResponse};
use http::Method;
use tower_service::Service;

use crate::{
    FunctionApp,
    deployment::{self, DeploymentError, HostJson},
    function::{Function, Kind},
    handler::{Answer, Arguments, ErasedHandler, Handler, HandlerFuture, erase, erase_service},
    registration::{self, RegistrationErrors},
    trigger::{AuthLevel, HttpTrigger, OtherTrigger, OutputBinding, QueueTrigger, TimerTrigger, Trigger},
};

/// The functions of an app. Their handlers share a state `S`, and each function may declare its needs in a type `Need` of
/// the app.
///
/// The registration needs no state itself, so that tools can write it as `function.json`
/// ([`write_function_json`](Self::write_function_json)).
///
/// ```
/// use azure_functions_handler::{Functions, Path, State, get};
///
/// #[derive(Clone)]
/// struct Greeting(&'static str);
///
/// async fn hello(State(greeting): State<Greeting>, Path(name): Path<String>) -> String {
///     format!("{}, {name}!", greeting.0)
/// }
///
/// // Named here, a state that a handler takes wrongly is found at that handler.
/// let functions = Functions::<Greeting>::new().http("Hello", get("hello/{name}"), hello);
/// let app = functions.all()?.with_state(Greeting("Hello"));
/// # Ok::<(), azure_functions_handler::RegistrationErrors>(())
/// ```
pub struct Functions<S, Need = ()> {
    pub(crate) functions: Vec<Arc<Function<S, Need>>>,
    pub(crate) route_prefix: Option<&'static str>,
}

impl<S, Need> Functions<S, Need>
where
    S: Clone + Send + Sync + 'static,
{
    /// No function yet.
    #[must_use]
    pub fn new() -> Self {
        Self { functions: Vec::new(), route_prefix: None }
    }

    /// The route prefix, if it is not to be read from the host.json of the app root.
    #[must_use]
    pub fn route_prefix(mut self, prefix: &'static str) -> Self {
        self.route_prefix = Some(prefix.trim_matches('/'));
        self
    }

    /// Registers an HTTP function.
    #[must_use]
    pub fn http<H, A, M>(self, name: &'static str, trigger: HttpTrigger<Need>, handler: H) -> Self
    where
        H: Handler<A>,
        H::Future: HandlerFuture + Send + 'static,
        <H::Future as HandlerFuture>::Answer: Answer,
        A: Arguments<S, M> + Send,
    {
        self.with(name, trigger, Kind::Http, erase(handler))
    }

    /// Registers an HTTP function that a tower service answers, such as a router of axum. The service sees the path as
    /// the caller sent it, with the route prefix.
    #[must_use]
    pub fn http_service<V>(self, name: &'static str, trigger: HttpTrigger<Need>, service: V) -> Self
    where
        V: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
        V::Response: IntoResponse,
        V::Future: Send + 'static,
    {
        self.with(name, trigger, Kind::Http, erase_service(service))
    }

    /// Registers a function that takes messages of a queue; its name alone stands for a trigger without settings.
    #[must_use]
    pub fn queue<H, A, M>(
        self,
        name: &'static str,
        trigger: impl Into<QueueTrigger<Need>>,
        handler: H,
    ) -> Self
    where
        H: Handler<A>,
        H::Future: HandlerFuture + Send + 'static,
        <H::Future as HandlerFuture>::Answer: Answer,
        A: Arguments<S, M> + Send,
    {
        self.with(name, trigger.into(), Kind::Queue, erase(handler))
    }

    /// Registers a function that runs on a schedule; a schedule alone stands for a trigger without settings.
    #[must_use]
    pub fn timer<H, A, M>(
        self,
        name: &'static str,
        trigger: impl Into<TimerTrigger<Need>>,
        handler: H,
    ) -> Self
    where
        H: Handler<A>,
        H::Future: HandlerFuture + Send + 'static,
        <H::Future as HandlerFuture>::Answer: Answer,
        A: Arguments<S, M> + Send,
    {
        self.with(name, trigger.into(), Kind::Timer, erase(handler))
    }

    /// Registers a function with a trigger of another type.
    #[must_use]
    pub fn other<H, A, M>(self, name: &'static str, trigger: OtherTrigger<Need>, handler: H) -> Self
    where
        H: Handler<A>,
        H::Future: HandlerFuture + Send + 'static,
        <H::Future as HandlerFuture>::Answer: Answer,
        A: Arguments<S, M> + Send,
    {
        self.with(name, trigger, Kind::Other, erase(handler))
    }

    fn with<K>(
        mut self,
        name: &'static str,
        trigger: Trigger<K, Need>,
        kind: impl FnOnce(K) -> Kind,
        handler: ErasedHandler<S>,
    ) -> Self {
        let Trigger { kind: inner, binding, outputs, needs } = trigger;
        let function = Function { name, binding, kind: kind(inner), outputs, needs, handler };
        self.functions.push(Arc::new(function));
        self
    }

    /// Each function with what it needs.
    pub fn iter(&self) -> impl Iterator<Item = Registered<'_, Need>> {
        self.functions.iter().map(|function| Registered::of(function))
    }

    /// All functions, whatever the app root holds; for tests and tools. The route prefix is `api` unless
    /// [`route_prefix`](Self::route_prefix) names another.
    ///
    /// # Errors
    /// When the registrations contradict each other or the rules of the Functions host.
    pub fn all(&self) -> Result<Deployed<S, Need>, RegistrationErrors> {
        let prefix = self.route_prefix.unwrap_or(deployment::DEFAULT_PREFIX);
        registration::validate(&self.functions, prefix)?;
        Ok(Deployed { functions: self.functions.clone(), unrouted: Vec::new(), prefix: prefix.to_owned() })
    }

    /// The functions whose folders exist in the app root, which the host names in `FUNCTIONS_APP_ROOT_PATH`; all
    /// functions if the variable is missing. The route prefix is that of the root's host.json.
    ///
    /// # Errors
    /// As [`deployed_in`](Self::deployed_in).
    pub fn deployed(&self) -> Result<Deployed<S, Need>, DeploymentError> {
        match std::env::var_os("FUNCTIONS_APP_ROOT_PATH") {
            Some(root) => self.deployed_in(Path::new(&root)),
            None => Ok(self.all()?),
        }
    }

    /// The functions whose folders exist in this app root: one deployment may serve a part of the functions, as a
    /// second app for the queues. A function that is disabled (`AzureWebJobs.<Name>.Disabled`, or left out of
    /// `functions` in host.json) still counts for `needs`, but gets no request by its route, as under the host.
    ///
    /// # Errors
    /// When the app root or its host.json cannot be read, a function stands there that is not registered, or the
    /// registrations contradict each other or the Functions host; also when host.json has requests forwarded and not proxied,
    /// and so opens a function to callers with a weaker key ([`RegistrationError::ForwardedPast`](crate::RegistrationError)).
    pub fn deployed_in(&self, root: &Path) -> Result<Deployed<S, Need>, DeploymentError> {
        let names = deployment::function_folders(root)?;
        let is_known = |name: &String| self.functions.iter().any(|function| function.name == name);
        if let Some(unknown) = names.iter().find(|name| !is_known(name)) {
            return Err(DeploymentError::NotRegistered(unknown.clone()));
        }
        let host = match (HostJson::read(root), self.route_prefix) {
            (Ok(host), Some(prefix)) => HostJson { prefix: prefix.to_owned(), ..host },
            (Err(_), Some(prefix)) => HostJson::unknown(prefix),
            (read, None) => read?,
        };
        let stands = |function: &&Arc<Function<S, Need>>| names.iter().any(|name| name == function.name);
        let functions: Vec<_> = self.functions.iter().filter(stands).cloned().collect();
        registration::validate(&functions, &host.prefix)?;
        if host.forwards {
            registration::validate_forwarding(&functions)?;
        }
        let is_routed = |name: &str| host.loads(name) && !deployment::is_disabled(name);
        let names = functions.iter().map(|function| function.name);
        let unrouted = names.filter(|name| !is_routed(name)).collect();
        Ok(Deployed { functions, unrouted, prefix: host.prefix })
    }
}

impl<S, Need> fmt::Debug for Functions<S, Need> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut functions = formatter.debug_struct("Functions");
        functions.field("functions", &names(&self.functions)).finish_non_exhaustive()
    }
}

impl<S, Need> fmt::Debug for Deployed<S, Need> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut deployed = formatter.debug_struct("Deployed");
        deployed
            .field("functions", &names(&self.functions))
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

fn names<S, Need>(functions: &[Arc<Function<S, Need>>]) -> Vec<&'static str> {
    functions.iter().map(|function| function.name).collect()
}

impl<S, Need> Default for Functions<S, Need>
where
    S: Clone + Send + Sync + 'static,
{
    fn default() -> Self {
        Self::new()
    }
}

/// A registered function, as tools see it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Registered<'a, Need> {
    /// Its name.
    pub name: &'static str,
    /// The name of its trigger's binding.
    pub binding: &'static str,
    /// The kind of its trigger: `http`, `queue`, `timer`, or another one's type without `Trigger`, such as `blob`.
    pub trigger: &'static str,
    /// Its methods; none means all, or that it is no HTTP function.
    pub methods: &'a [Method],
    /// Its route, if it is an HTTP function.
    pub route: Option<&'static str>,
    /// The key that its callers have to show, if it is an HTTP function.
    pub auth_level: Option<AuthLevel>,
    /// The queue that it takes messages of, if it is a queue function.
    pub queue: Option<&'static str>,
    /// The schedule, if it is a timer function.
    pub schedule: Option<&'static str>,
    /// Its output bindings, beside the HTTP answer.
    pub outputs: &'a [OutputBinding],
    /// What it needs.
    pub needs: &'a [Need],
}

impl<'a, Need> Registered<'a, Need> {
    fn of<S>(function: &'a Function<S, Need>) -> Self {
        let (http, queue, schedule) = match &function.kind {
            Kind::Http(http) => (Some(http), None, None),
            Kind::Queue(queue) => (None, Some(queue.queue), None),
            Kind::Timer(timer) => (None, None, Some(timer.schedule)),
            Kind::Other(_) => (None, None, None),
        };
        Self {
            name: function.name,
            binding: function.binding,
            trigger: function.kind.name(),
            methods: http.map_or(&[], |http| &http.methods),
            route: http.map(|http| http.route),
            auth_level: http.map(|http| http.auth_level),
            queue,
            schedule,
            outputs: &function.outputs,
            needs: &function.needs,
        }
    }
}

/// The functions that one process serves.
pub struct Deployed<S, Need = ()> {
    functions: Vec<Arc<Function<S, Need>>>,
    /// Functions whose route the host does not serve, because they are disabled.
    unrouted: Vec<&'static str>,
    prefix: String,
}

impl<S, Need> Deployed<S, Need>
where
    S: Clone + Send + Sync + 'static,
{
    /// The needs of these functions, from which the app's settings follow.
    pub fn needs(&self) -> impl Iterator<Item = &Need> {
        self.functions.iter().flat_map(|function| &function.needs)
    }

    /// Each function with what it needs.
    pub fn iter(&self) -> impl Iterator<Item = Registered<'_, Need>> {
        self.functions.iter().map(|function| Registered::of(function))
    }

    /// The app, ready to be served.
    #[must_use]
    pub fn with_state(self, state: S) -> FunctionApp {
        let is_routed = |name| !self.unrouted.contains(&name);
        let bind = |function: &Arc<Function<S, Need>>| function.bind(state.clone(), is_routed(function.name));
        let functions = self.functions.iter().map(bind);
        FunctionApp::new(functions.collect(), self.prefix)
    }
}
