//! The state that outlives host instances, and the replacement of one by the next.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use tokio::sync::{Mutex, watch};

use crate::{
    build_status::BuildTracker,
    cancellation::CancellationToken,
    easyauth::EasyAuth,
    event::Event,
    events::Events,
    instance::Instance,
    listener::Body,
    options::{Options, StartError},
    traffic::CallRecorder,
};

/// How long callers get 503 between the end of an instance and the start of the next one.
const REPLACEMENT_DELAY: Duration = Duration::from_secs(1);

/// The state that outlives host instances: the public listener's side of them, and the queues.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) options: Options,
    pub(crate) url: String,
    pub(crate) console_url: String,
    /// Where the worker is told to export traces to.
    pub(crate) otlp_endpoint: Option<String>,
    pub(crate) easyauth: EasyAuth,
    pub(crate) builds: BuildTracker,
    pub(crate) current: watch::Sender<Option<Arc<Instance>>>,
    /// Held while the instance is replaced.
    pub(crate) replacing: Mutex<()>,
}

impl Host {
    /// How the app is run.
    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// The URL that callers use.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The sender of events.
    pub(crate) fn events(&self) -> &Events {
        &self.options.events
    }

    /// EasyAuth, which runs before the functions.
    pub(crate) fn easyauth(&self) -> &EasyAuth {
        &self.easyauth
    }

    /// The status of the app's build.
    pub(crate) fn builds(&self) -> &BuildTracker {
        &self.builds
    }

    /// The instance that serves now, if there is one.
    pub(crate) fn instance(&self) -> Option<Arc<Instance>> {
        self.current.borrow().clone()
    }

    /// The instance, as soon as there is one.
    pub(crate) async fn wait_for_instance(&self) -> Result<Arc<Instance>, StartError> {
        let mut current = self.current.subscribe();
        let found = current.wait_for(Option::is_some).await.ok().and_then(|instance| instance.clone());
        found.ok_or_else(|| StartError("the host has stopped".to_owned()))
    }

    /// Reads the app folder and starts its worker.
    pub(crate) fn start_instance(&self) -> Result<Instance, StartError> {
        Instance::start(&self.options, &self.url, self.otlp_endpoint.as_deref())
    }

    /// Ends the instance before the next one starts if host.json fixes the worker's port, because both would need that
    /// port.
    pub(crate) async fn release_fixed_port(&self) {
        let pinned = |current: &Arc<Instance>| current.app().host.custom_handler.port.is_some();
        if let Some(old) = self.instance().filter(pinned) {
            self.current.send_replace(None);
            old.end().await;
        }
    }

    /// Waits for three strikes, then replaces the instance that they ended.
    pub(crate) async fn replace_ended_instances(self: Arc<Self>, mut cancellation: CancellationToken) {
        tokio::select! {
            () = cancellation.cancelled() => {}
            () = self.replace_loop() => {}
        }
    }

    async fn replace_loop(&self) {
        let mut current = self.current.subscribe();
        loop {
            let instance = current.borrow_and_update().clone();
            let Some(instance) = instance else {
                tokio::time::sleep(REPLACEMENT_DELAY).await;
                self.start_replacement().await;
                continue;
            };
            tokio::select! {
                () = instance.worker().instance_over() => self.remove_ended(&instance).await,
                changed = current.changed() => if changed.is_err() { return },
            }
        }
    }

    async fn remove_ended(&self, ended: &Arc<Instance>) {
        let _replacing = self.replacing.lock().await;
        let still_current = self.current.borrow().as_ref().is_some_and(|current| Arc::ptr_eq(current, ended));
        if still_current {
            self.current.send_replace(None);
            ended.end().await;
            self.options.events.publish(Event::InstanceEnded);
        }
    }

    async fn start_replacement(&self) {
        let _replacing = self.replacing.lock().await;
        if self.current.borrow().is_some() {
            return;
        }
        match self.start_instance() {
            Ok(instance) => {
                instance.serve().await;
                self.current.send_replace(Some(Arc::new(instance)));
            }
            Err(error) => tracing::warn!(%error, "no new host instance"),
        }
    }
}

impl Host {
    /// Answers a call of the app, and remembers it.
    pub(crate) async fn call(&self, request: Request<Body>) -> Response<Body> {
        let clock = self.options.queues.clock();
        let new = || CallRecorder::begin(self.options.events.traffic().journal(), clock.now());
        let record = request.extensions().get::<CallRecorder>().cloned().unwrap_or_else(new);
        let (request, caller) = record.record_request(request);
        let answer = self.handle(request).await;
        caller.record_response(answer, clock.now())
    }

    /// Passes the request to EasyAuth and then to the listener; the answer is 503 while there is no instance.
    pub(crate) async fn handle(&self, request: Request<Body>) -> Response<Body> {
        let request = match self.easyauth.authenticate(request) {
            Ok(request) => request,
            Err(answer) => return answer,
        };
        // Counted in before another instance can take this one's place.
        let begun = self.current.borrow().as_ref().map(|instance| (instance.clone(), instance.begin_call()));
        match begun {
            Some((instance, call)) => instance.handle(request, call).await,
            None => unavailable(),
        }
    }
}

fn unavailable() -> Response<Body> {
    let text = Full::new(Bytes::from_static(b"Function host is not running."));
    let mut answer = Response::new(text.map_err(|never| match never {}).boxed_unsync());
    *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    answer
}
