//! One host instance: a worker, its listeners, and the strikes against it.

mod call;

use std::{fmt::Display, sync::Arc, time::Duration};

use functions_lint::{cors::Cors, time_span::TimeSpan};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use tokio::{
    sync::Mutex,
    task::JoinSet,
    time::{Instant, timeout},
};

use crate::{
    admin::Admin,
    app::{App, TriggerKind},
    cancellation::CancellationSource,
    easyauth::EasyAuthMode,
    event::Event,
    events::Events,
    invoke::{Invoker, WorkerTarget},
    listener::{Body, HttpListener},
    local_settings::LocalSettings,
    loopback_guard,
    options::{EMULATOR_URL, Options, StartError},
    queue_listener::{MESSAGE_LEASE, QueueListener},
    queues::Connections,
    throttle::{Throttle, too_many},
    timers::Timers,
    worker::{Setup, Worker, WorkerGuard},
};
use call::{CountedBody, InFlightCalls};

pub(crate) use call::InFlightCall;

/// How long running calls may take once an instance is to end.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// Setting for tests: the lease of a received message as a time span, ten minutes without it.
const QUEUE_LEASE: &str = "FUNCTIONS_EMULATOR_QUEUE_LEASE";

/// A running instance; it serves connections until it is [ended](Self::end) or dropped.
#[derive(Debug)]
pub(crate) struct Instance {
    app: Arc<App>,
    admin: Admin,
    cors: Option<Cors>,
    throttle: Throttle,
    listener: HttpListener,
    invoker: Invoker,
    queues: Connections,
    events: Events,
    lease: Duration,
    worker: Worker,
    timers: Timers,
    calls: InFlightCalls,
    cancellation: CancellationSource,
    /// `None` once the instance has ended.
    running: Mutex<Option<RunningTasks>>,
}

#[derive(Debug)]
struct RunningTasks {
    guard: WorkerGuard,
    tasks: JoinSet<()>,
}

impl Instance {
    /// Reads the app folder and starts its worker, which callers reach at `url` and which exports traces to
    /// `otlp_endpoint`. Messages and timers wait for [`Self::serve`].
    ///
    /// # Errors
    /// One sentence about the error in the folder or the program.
    pub(crate) fn start(
        options: &Options,
        url: &str,
        otlp_endpoint: Option<&str>,
    ) -> Result<Self, StartError> {
        let local = LocalSettings::read(&options.app_root).map_err(StartError)?;
        let (mut settings, origins): (Vec<_>, Vec<_>) = local.layered(&options.settings).into_iter().unzip();
        for (_, value) in &mut settings {
            *value = value.replace(EMULATOR_URL, url);
        }
        let mut app = App::load(&options.app_root, &settings).map_err(start_error)?;
        app.trusts_principal = options.easyauth != EasyAuthMode::Off;
        let lease = queue_lease(&settings).map_err(StartError)?;
        let clock = options.queues.clock();
        let setup = Setup {
            handler: app.host.custom_handler.clone(),
            app_root: app.root.clone(),
            settings,
            origins,
            hidden_settings: local.hidden(),
            otlp_endpoint: otlp_endpoint.map(str::to_owned),
            easyauth: options.easyauth,
            clock: clock.clone(),
            events: options.events.clone(),
        };
        for (_, connection) in app.queue_bindings() {
            options.queues.queues(connection).map_err(start_error)?;
        }
        let app = Arc::new(app);
        let (worker, guard) = Worker::start(setup).map_err(StartError)?;
        let target = WorkerTarget::Worker(worker.clone());
        let invoker = Invoker::new(app.clone(), target, options.queues.clone(), options.events.clone());
        let timers = Timers::new(&app, &options.state, &invoker, clock).map_err(StartError)?;
        let listener =
            HttpListener::new(app.clone(), options.keys.clone(), invoker.clone()).map_err(start_error)?;
        let admin = Admin {
            app: app.clone(),
            keys: options.keys.clone(),
            invoker: invoker.clone(),
            timers: timers.clone(),
            clock: clock.clone(),
            started: Instant::now(),
            url: url.to_owned(),
        };
        for what in app.notes().into_iter().chain(local.notes()) {
            options.events.publish(Event::Warning { what });
        }
        Ok(Self {
            throttle: Throttle::of(&app.host),
            app,
            admin,
            cors: local.cors().cloned(),
            listener,
            invoker,
            queues: options.queues.clone(),
            events: options.events.clone(),
            lease,
            worker,
            timers,
            calls: InFlightCalls::new(),
            cancellation: CancellationSource::new(),
            running: Mutex::new(Some(RunningTasks { guard, tasks: JoinSet::new() })),
        })
    }

    /// Starts to poll the queues and to fire the timers.
    pub(crate) async fn serve(&self) {
        let mut running = self.running.lock().await;
        let Some(RunningTasks { tasks, .. }) = running.as_mut() else { return };
        for function in &self.app.functions {
            let TriggerKind::Queue { queue, connection } = &function.trigger.kind else { continue };
            // The port was free when the instance started.
            let Ok(queues) = self.queues.queues(connection) else { continue };
            let listener = QueueListener {
                function: Arc::new(function.clone()),
                queue: queue.clone(),
                options: self.app.host.queues.clone(),
                lease: self.lease,
                queues,
                invoker: self.invoker.clone(),
                events: self.events.clone(),
            };
            tasks.spawn(listener.run(self.cancellation.token()));
        }
        tasks.spawn(self.timers.clone().run(self.cancellation.token()));
    }

    /// Counts an HTTP call in, so that the end waits for it.
    pub(crate) fn begin_call(&self) -> InFlightCall {
        self.calls.begin()
    }

    /// Answers an HTTP call that has begun.
    pub(crate) async fn handle(&self, request: Request<Body>, mut call: InFlightCall) -> Response<Body> {
        if loopback_guard::is_reserved(request.uri().path()) {
            return self.admin.answer(request).await;
        }
        let Some(permit) = self.throttle.acquire().await else { return too_many() };
        call.permit = permit;
        self.listener.handle(request).await.map(|body| CountedBody { body, _call: call }.boxed_unsync())
    }

    /// Takes no more messages and ticks, lets running calls end for a few seconds, kills the worker.
    pub(crate) async fn end(&self) {
        let Some(RunningTasks { guard, mut tasks }) = self.running.lock().await.take() else { return };
        self.cancellation.cancel();
        self.invoker.stop_retries();
        let drained = async {
            while tasks.join_next().await.is_some() {}
            self.calls.all_ended().await;
        };
        if timeout(DRAIN_TIMEOUT, drained).await.is_err() {
            tracing::warn!("calls still ran after {} s and were cut off", DRAIN_TIMEOUT.as_secs());
        }
        guard.stop().await;
        // With the worker dead the cut-off invocations fail at once, which releases their messages.
        drop(timeout(DRAIN_TIMEOUT, async { while tasks.join_next().await.is_some() {} }).await);
    }

    /// Which pages of other origins may call.
    pub(crate) fn cors(&self) -> Option<&Cors> {
        self.cors.as_ref()
    }

    /// The worker of this instance.
    pub(crate) fn worker(&self) -> &Worker {
        &self.worker
    }

    /// The app folder as it was read.
    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    /// The invoker of this instance's calls.
    pub(crate) fn invoker(&self) -> &Invoker {
        &self.invoker
    }

    /// The timers of this instance.
    pub(crate) fn timers(&self) -> &Timers {
        &self.timers
    }
}

fn start_error(error: impl Display) -> StartError {
    StartError(error.to_string())
}

fn queue_lease(settings: &[(String, String)]) -> Result<Duration, String> {
    let set = settings.iter().rfind(|(name, _)| name == QUEUE_LEASE).map(|(_, value)| value.clone());
    let Some(text) = set.or_else(|| std::env::var(QUEUE_LEASE).ok()) else { return Ok(MESSAGE_LEASE) };
    TimeSpan::parse(&text)
        .and_then(TimeSpan::duration)
        .filter(|lease| !lease.is_zero())
        .ok_or_else(|| format!("{QUEUE_LEASE} is {text:?}; write a time span such as 00:00:02"))
}
