//! Starts the host, and a new instance of it after three strikes, as the platform does.

mod serve;

use std::{net::SocketAddr, sync::Arc};

use tokio::{
    net::TcpListener,
    sync::{Mutex, watch},
    task::JoinSet,
};

use crate::{
    build::{Build, Builds},
    console::{Console, Entrance},
    front::Front,
    host::Host,
    instance::Instance,
    stop::Stop,
};

pub use crate::options::{OWN_URL, Options, StartError};

/// A running host. Dropping it kills the worker.
#[derive(Debug)]
pub struct LocalHost {
    host: Arc<Host>,
    stop: Stop,
    tasks: JoinSet<()>,
}

impl LocalHost {
    /// Reads the app folder, listens, starts the worker. Returns once it listens; see [`Self::ready`].
    ///
    /// # Errors
    /// A bad host.json or function.json, a taken port, a missing executable: one sentence each.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let listener = listen(options.listen).await?;
        let address = listener.local_addr().map_err(|error| StartError(error.to_string()))?;
        let url = url(address);
        let stop = Stop::new();
        let console = Console::new(options.console.clone(), stop.listen()).ok_or_else(|| {
            StartError(
                "cannot create the console's token, for the system gave no random bytes: try again"
                    .to_owned(),
            )
        })?;
        let console = Arc::new(console);
        let (of_console, console_url) = listen_for_console(&options, &url).await?;
        let clock = options.queues.clock().clone();
        let front = Front::open(options.front, options.people.as_ref(), &options.state, &url, clock)
            .map_err(|error| StartError(error.to_string()))?;
        let instance = Arc::new(Instance::start(&options, &url)?);
        instance.serve().await;
        let current = watch::Sender::new(Some(instance));
        let (builds, exchange) = (Builds::default(), Mutex::new(()));
        let host = Arc::new(Host { options, url, console_url, front, builds, current, exchange });
        let mut tasks = JoinSet::new();
        tasks.spawn(serve::accept(listener, host.clone(), console.clone(), Entrance::App, stop.listen()));
        if let Some(listener) = of_console {
            tasks.spawn(serve::accept(
                listener,
                host.clone(),
                console.clone(),
                Entrance::Console,
                stop.listen(),
            ));
        }
        tasks.spawn(host.clone().replace_ended_instances(stop.listen()));
        Ok(Self { host, stop, tasks })
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
    /// When the worker ended before it answered; the text carries its last words on stderr.
    pub async fn ready(&self) -> Result<(), StartError> {
        let instance = self.host.some_instance().await?;
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
        let instance = self.host.some_instance().await?;
        instance.worker().address().await.map_err(|gone| StartError(gone.to_string()))
    }

    /// Reads the app folder anew and restarts the worker: after a rebuild. No strike. The old worker serves until
    /// the new one answers, then ends what it has begun; one whose port host.json names makes room for it first.
    ///
    /// # Errors
    /// As [`Self::start`], or as [`Self::ready`] of the new worker; the old worker then keeps serving, unless it has made
    /// room: nothing serves then until the folder can be.
    pub async fn reload(&self) -> Result<(), StartError> {
        let _exchange = self.host.exchange.lock().await;
        self.host.make_room().await;
        let next = Arc::new(Instance::start(&self.host.options, &self.host.url)?);
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

    /// Says how the app's build stands, for the console: the builder of the app calls this before and after each build.
    /// Every page shows the last failure, one that is opened later too, until a build is done; a new host knows of none.
    /// Does not [`reload`](Self::reload).
    pub fn tell_build(&self, build: Build) {
        self.host.builds.tell(build);
    }

    /// Fires a timer function now.
    ///
    /// # Errors
    /// No such timer function, or the invocation failed.
    pub async fn fire_timer(&self, function: &str) -> Result<(), String> {
        let instance = self.host.some_instance().await.map_err(|error| error.to_string())?;
        instance.timers().fire(function).await
    }

    /// Stops listening, lets running calls end for a few seconds, and kills the worker.
    pub async fn stop(mut self) {
        self.stop.now();
        let instance = {
            let _exchange = self.host.exchange.lock().await;
            self.host.current.send_replace(None)
        };
        if let Some(instance) = instance {
            instance.end().await;
        }
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
    let Some(port) = options.console.port else { return Ok((None, format!("{url}/_local/"))) };
    let listener = listen(SocketAddr::new(options.listen.ip(), port)).await?;
    let address = listener.local_addr().map_err(|error| StartError(error.to_string()))?;
    let url = self::url(address);
    Ok((Some(listener), format!("{url}/_local/")))
}

/// By name for the usual address, as people and printed links write it.
fn url(address: SocketAddr) -> String {
    if address.ip() == std::net::Ipv4Addr::LOCALHOST {
        format!("http://localhost:{}", address.port())
    } else {
        format!("http://{address}")
    }
}
