//! Starts the host, and a new instance of it after three strikes, as the platform does.

mod serve;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::TcpListener,
    sync::{Mutex, watch},
    task::JoinSet,
};

use crate::{
    build_status::{BuildStatus, BuildTracker},
    cancellation::CancellationSource,
    console::{Console, Port},
    easyauth::EasyAuth,
    host::Host,
    instance::Instance,
    otlp,
    traffic::OutputDelay,
};

pub use crate::options::{EMULATOR_URL, Options, StartError};

/// A running host. Dropping it kills the worker.
#[derive(Debug)]
pub struct Emulator {
    host: Arc<Host>,
    /// Ends the replacement of instances, and the console's live events.
    cancellation: CancellationSource,
    /// Ends the listeners, after the last worker: it may export until then.
    listening: CancellationSource,
    tasks: JoinSet<()>,
}

impl Emulator {
    /// Reads the app folder, opens the listener and starts the worker. Returns once it listens; see [`Self::ready`].
    ///
    /// # Errors
    /// A bad host.json or function.json, a taken port, a missing executable: one sentence each.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let listener = listen(options.listen).await?;
        let address = listener.local_addr().map_err(|error| StartError(error.to_string()))?;
        let url = url(address);
        let (cancellation, listening) = (CancellationSource::new(), CancellationSource::new());
        let console = Console::new(options.console.clone(), cancellation.token()).ok_or_else(|| {
            StartError(
                "cannot create the console's token, for the system gave no random bytes: try again"
                    .to_owned(),
            )
        })?;
        let console = Arc::new(console);
        let (console_listener, console_url) = listen_for_console(&options, &url).await?;
        let clock = options.queues.clock().clone();
        let easyauth = EasyAuth::open(options.easyauth, options.users.as_ref(), &options.state, &url, clock)
            .map_err(|error| StartError(error.to_string()))?;
        let otlp_endpoint = options.console.otlp.then(|| otlp_endpoint(&console_url));
        let instance = Arc::new(Instance::start(&options, &url, otlp_endpoint.as_deref())?);
        instance.serve().await;
        let current = watch::Sender::new(Some(instance));
        let (builds, replacing) = (BuildTracker::default(), Mutex::new(()));
        let host =
            Arc::new(Host { options, url, console_url, otlp_endpoint, easyauth, builds, current, replacing });
        let mut tasks = JoinSet::new();
        tasks.spawn(serve::accept(listener, host.clone(), console.clone(), Port::App, listening.token()));
        if let Some(listener) = console_listener {
            tasks.spawn(serve::accept(
                listener,
                host.clone(),
                console.clone(),
                Port::Console,
                listening.token(),
            ));
        }
        tasks.spawn(host.clone().replace_ended_instances(cancellation.token()));
        Ok(Self { host, cancellation, listening, tasks })
    }

    /// Whether [`Self::start`] could listen there now: worth asking before a long build.
    ///
    /// # Errors
    /// A taken port, or an address beyond loopback.
    pub async fn can_listen(address: SocketAddr) -> Result<(), StartError> {
        listen(address).await.map(drop)
    }

    /// The URL that callers use, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.host.url
    }

    /// Where the console is, for a browser on this machine.
    #[must_use]
    pub fn console_url(&self) -> &str {
        &self.host.console_url
    }

    /// Waits for the worker's first answer.
    ///
    /// # Errors
    /// When the worker ended before it answered; the text carries its last lines on stderr.
    pub async fn ready(&self) -> Result<(), StartError> {
        let instance = self.host.wait_for_instance().await?;
        instance.worker().ready().await.map_err(|gone| StartError(gone.to_string()))
    }

    /// The worker's process id while it runs.
    #[must_use]
    pub fn worker_pid(&self) -> Option<u32> {
        self.host.current.borrow().as_ref().and_then(|instance| instance.worker().pid())
    }

    /// Where the worker listens, as soon as it answers: for calls as the host makes them.
    ///
    /// # Errors
    /// As [`Self::ready`].
    pub async fn worker_address(&self) -> Result<SocketAddr, StartError> {
        let instance = self.host.wait_for_instance().await?;
        instance.worker().address().await.map_err(|gone| StartError(gone.to_string()))
    }

    /// Reads the app folder anew and restarts the worker: after a rebuild. No strike. The old worker serves until
    /// the new one answers, then ends what it has begun; one whose port host.json names makes room for it first.
    ///
    /// # Errors
    /// As [`Self::start`], or as [`Self::ready`] of the new worker; the old worker then keeps serving, unless it has made
    /// room: nothing serves then until the folder can be.
    pub async fn reload(&self) -> Result<(), StartError> {
        let _replacing = self.host.replacing.lock().await;
        self.host.release_fixed_port().await;
        let next = Arc::new(self.host.start_instance()?);
        if let Err(gone) = next.worker().ready().await {
            next.end().await;
            return Err(StartError(gone.to_string()));
        }
        next.serve().await;
        let old = self.host.current.send_replace(Some(next));
        if let Some(old) = old {
            old.end().await;
        }
        Ok(())
    }

    /// Reports the status of the app's build, for the console: the builder of the app calls this before and after each
    /// build. Every page shows the last failure, one that is opened later too, until a build is done; a new host knows
    /// of none. Does not [`reload`](Self::reload).
    pub fn set_build_status(&self, build: BuildStatus) {
        self.host.builds.set(build);
    }

    /// Fires a timer function now.
    ///
    /// # Errors
    /// No such timer function, or the invocation failed.
    pub async fn fire_timer(&self, function: &str) -> Result<(), String> {
        let instance = self.host.wait_for_instance().await.map_err(|error| error.to_string())?;
        instance.timers().fire(function).await
    }

    /// Puts each message of a queue output only after this time, one after another, from the next answer on; zero puts
    /// them at once, as from the start. A real queue takes about 15 ms for each, which counts against `functionTimeout`.
    pub fn delay_outputs(&self, delay: Duration) {
        self.host.events().traffic().set_output_delay(OutputDelay::of(delay));
    }

    /// Lets running calls end for a few seconds, while new ones get 503, kills the worker, and stops listening.
    pub async fn stop(mut self) {
        self.cancellation.cancel();
        let instance = {
            let _replacing = self.host.replacing.lock().await;
            self.host.current.send_replace(None)
        };
        if let Some(instance) = instance {
            instance.end().await;
        }
        self.listening.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    if !address.ip().is_loopback() {
        return Err(StartError(format!(
            "{} must be a loopback address such as 127.0.0.1: this host is not safe to reach from other machines",
            address.ip()
        )));
    }
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => StartError(format!(
            "port {} is in use by another program; stop it, or choose another port with --port",
            address.port()
        )),
        _ => StartError(format!("cannot listen on {address}: {error}")),
    })
}

/// The console's own listener, where it has one, and where its page is.
async fn listen_for_console(
    options: &Options,
    url: &str,
) -> Result<(Option<TcpListener>, String), StartError> {
    let Some(port) = options.console.port else { return Ok((None, format!("{url}/_emulator/"))) };
    let listener = listen(SocketAddr::new(options.listen.ip(), port)).await?;
    let address = listener.local_addr().map_err(|error| StartError(error.to_string()))?;
    let url = self::url(address);
    Ok((Some(listener), format!("{url}/_emulator/")))
}

/// Where exporters send to. A name that stands for two addresses costs some of them a failed attempt.
fn otlp_endpoint(console_url: &str) -> String {
    let url = console_url.replacen("//localhost:", "//127.0.0.1:", 1);
    url.trim_end_matches("/_emulator/").to_owned() + otlp::PREFIX
}

/// The URL of an address; it has the name `localhost` for the usual address, as users and printed links write it.
fn url(address: SocketAddr) -> String {
    if address.ip() == std::net::Ipv4Addr::LOCALHOST {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    }
}
