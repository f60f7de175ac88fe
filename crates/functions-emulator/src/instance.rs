//! One host instance: a worker, its listeners, and the strikes against it.

mod call;

use std::{fmt::Display, sync::Arc, time::Duration};

use functions_lint::{cors::Cors, span::Span};
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
    event::Event,
    events::Events,
    front::FrontMode,
    invoke::{Invoker, Target},
    listener::{Body, Listener},
    local_guard,
    local_settings::LocalSettings,
    options::{OWN_URL, Options, StartError},
    queue_listener::{LEASE, QueueListener},
    queues::Connections,
    stop::Stop,
    throttle::{Throttle, too_many},
    timers::Timers,
    worker::{Owner, Setup, Worker},
};
use call::{Calls, LastOf};

pub(crate) use call::Call;

/// How long running calls may take once an instance is to end.
const DRAIN: Duration = Duration::from_secs(5);

/// Setting for tests: the lease of a received message as a time span, ten minutes without it.
const QUEUE_LEASE: &str = "LOCAL_HOST_QUEUE_LEASE";

/// A running instance; it serves what it is handed until it is [ended](Self::end) or dropped.
#[derive(Debug)]
pub(crate) struct Instance {
    app: Arc<App>,
    admin: Admin,
    cors: Option<Cors>,
    throttle: Throttle,
    listener: Listener,
    invoker: Invoker,
    queues: Connections,
    events: Events,
    lease: Duration,
    worker: Worker,
    timers: Timers,
    calls: Calls,
    stop: Stop,
    /// None once it has ended.
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    owner: Owner,
    tasks: JoinSet<()>,
}

impl Instance {
    /// Reads the app folder and starts its worker, which callers reach at `url`. Messages and timers wait for
    /// [`Self::serve`].
    ///
    /// # Errors
    /// One sentence on what is wrong with the folder or the program.
    pub(crate) fn start(options: &Options, url: &str) -> Result<Self, StartError> {
        let local = LocalSettings::read(&options.app_root).map_err(StartError)?;
        let mut settings = local.beneath(&options.settings);
        for (_, value) in &mut settings {
            *value = value.replace(OWN_URL, url);
        }
        let mut app = App::load(&options.app_root, &settings).map_err(sentence)?;
        app.believes_principal = options.front != FrontMode::Off;
        let lease = queue_lease(&settings).map_err(StartError)?;
        let clock = options.queues.clock();
        let setup = Setup {
            handler: app.host.custom_handler.clone(),
            app_root: app.root.clone(),
            settings,
            front: options.front,
            clock: clock.clone(),
            events: options.events.clone(),
        };
        for (_, connection) in app.queue_bindings() {
            options.queues.queues(connection).map_err(sentence)?;
        }
        let app = Arc::new(app);
        let (worker, owner) = Worker::start(setup).map_err(StartError)?;
        let target = Target::Worker(worker.clone());
        let invoker = Invoker::new(app.clone(), target, options.queues.clone(), options.events.clone());
        let timers = Timers::new(&app, &options.state, &invoker, clock).map_err(StartError)?;
        let listener = Listener::new(app.clone(), options.keys.clone(), invoker.clone()).map_err(sentence)?;
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
            options.events.tell(Event::Noted { what });
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
            calls: Calls::new(),
            stop: Stop::new(),
            running: Mutex::new(Some(Running { owner, tasks: JoinSet::new() })),
        })
    }

    /// Starts to poll the queues and to fire the timers.
    pub(crate) async fn serve(&self) {
        let mut running = self.running.lock().await;
        let Some(Running { tasks, .. }) = running.as_mut() else { return };
        for function in &self.app.functions {
            let TriggerKind::Queue { queue, connection } = &function.trigger.kind else { continue };
            // It could be had when the instance started.
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
            tasks.spawn(listener.run(self.stop.listen()));
        }
        tasks.spawn(self.timers.clone().run(self.stop.listen()));
    }

    /// Counts an HTTP call in, so that the end waits for it.
    pub(crate) fn begin(&self) -> Call {
        self.calls.begin()
    }

    /// Answers an HTTP call that has begun.
    pub(crate) async fn handle(&self, request: Request<Body>, mut call: Call) -> Response<Body> {
        if local_guard::is_reserved(request.uri().path()) {
            return self.admin.answer(request).await;
        }
        let Some(place) = self.throttle.enter().await else { return too_many() };
        call.place = place;
        self.listener.handle(request).await.map(|body| LastOf { body, _call: call }.boxed_unsync())
    }

    /// Takes no more messages and ticks, lets running calls end for a few seconds, kills the worker.
    pub(crate) async fn end(&self) {
        let Some(Running { owner, mut tasks }) = self.running.lock().await.take() else { return };
        self.stop.now();
        self.invoker.try_no_more();
        let drained = async {
            while tasks.join_next().await.is_some() {}
            self.calls.ended().await;
        };
        if timeout(DRAIN, drained).await.is_err() {
            tracing::warn!("calls still ran after {} s and were cut off", DRAIN.as_secs());
        }
        owner.stop().await;
        // With the worker dead the cut-off invocations fail at once, which releases their messages.
        drop(timeout(DRAIN, async { while tasks.join_next().await.is_some() {} }).await);
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

    /// What makes the calls of this instance.
    pub(crate) fn invoker(&self) -> &Invoker {
        &self.invoker
    }

    /// The timers of this instance.
    pub(crate) fn timers(&self) -> &Timers {
        &self.timers
    }
}

fn sentence(error: impl Display) -> StartError {
    StartError(error.to_string())
}

fn queue_lease(settings: &[(String, String)]) -> Result<Duration, String> {
    let set = settings.iter().rfind(|(name, _)| name == QUEUE_LEASE).map(|(_, value)| value.clone());
    let Some(text) = set.or_else(|| std::env::var(QUEUE_LEASE).ok()) else { return Ok(LEASE) };
    Span::parse(&text)
        .and_then(Span::duration)
        .filter(|lease| !lease.is_zero())
        .ok_or_else(|| format!("{QUEUE_LEASE} is {text:?}; write a time span such as 00:00:02"))
}
