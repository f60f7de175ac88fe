//! A TCP proxy in front of a server of a test. The proxy forwards bytes, and tests can inject network faults while it
//! runs.
//!
//! It understands one protocol a little: on unencrypted connections to PostgreSQL it sees where messages begin and
//! end. Every other fault works with any protocol, TLS included.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
    task::AbortHandle,
};

use connection::Connection;
pub use corruption::Corruption;
use shared::{Shared, State, lock};

mod connection;
mod corruption;
mod messages;
mod shared;

/// The queue of connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// How long after a connection was accepted the open ones are counted for [`ProxyCounts::most`]: one that its client has
/// just closed is not open any more, though the proxy may still have to notice it.
const SETTLED: Duration = Duration::from_millis(50);

/// A proxy on 127.0.0.1. Dropping it closes its listener and every connection.
#[derive(Debug)]
pub struct TcpProxy {
    address: SocketAddr,
    entry: watch::Sender<AcceptMode>,
    applied: watch::Receiver<AcceptMode>,
    shared: Arc<Shared>,
    accepting: AbortHandle,
}

/// What happens to a new connection.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum AcceptMode {
    /// The connection is accepted and forwarded.
    #[default]
    Open,
    /// The connection is accepted, and nothing is ever forwarded or answered.
    Silent,
    /// The connection's first packet is dropped, as by a firewall: the client's connect waits.
    Ignored,
    /// It is refused.
    Refused,
}

/// What the proxy has counted since it was started.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ProxyCounts {
    /// Connections that are open now, silent ones too.
    pub open: usize,
    /// The most that were open at a time.
    pub most: usize,
    /// Connections that were accepted.
    pub accepted: usize,
    /// `Sync` messages that clients sent: each asks the server for one round trip.
    pub syncs: usize,
    /// `Query` messages that clients sent: each asks the server for one round trip too.
    pub queries: usize,
}

impl ProxyCounts {
    /// How often clients waited for the server, logins apart.
    #[must_use]
    pub fn round_trips(&self) -> usize {
        self.syncs + self.queries
    }
}

impl Drop for TcpProxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.set_states(State::Reset);
    }
}

impl TcpProxy {
    /// Starts one on a free port that forwards to `upstream`.
    ///
    /// # Errors
    /// When there is no free port.
    #[expect(clippy::unused_async, reason = "it is started as every other server here, within a runtime")]
    pub async fn start(upstream: SocketAddr) -> io::Result<Self> {
        let listener = listen((Ipv4Addr::LOCALHOST, 0).into(), BACKLOG)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            upstream,
            faults: Mutex::default(),
            connections: Mutex::default(),
            chance: Mutex::new(fastrand::Rng::with_seed(0)),
            next: AtomicU64::new(0),
            most: AtomicUsize::new(0),
            accepted: AtomicUsize::new(0),
            syncs: AtomicUsize::new(0),
            queries: AtomicUsize::new(0),
        });
        let (entry, applied) = (watch::Sender::new(AcceptMode::Open), watch::Sender::new(AcceptMode::Open));
        let listening = applied.subscribe();
        let task = accept(address, listener, entry.subscribe(), applied, Arc::clone(&shared));
        let accepting = tokio::spawn(task).abort_handle();
        Ok(Self { address, entry, applied: listening, shared, accepting })
    }

    /// The port of 127.0.0.1 that it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Decides what happens to new connections. In effect when this returns; existing connections go on as they are.
    pub async fn set_accept_mode(&self, entry: AcceptMode) {
        self.entry.send_replace(entry);
        let mut applied = self.applied.clone();
        // The task that applies it lives as long as this value.
        let _applied = applied.wait_for(|applied| *applied == entry).await;
    }

    /// Drops everything on the existing connections in both directions, for ever; they stay open. Their sockets stay
    /// open.
    pub fn silence(&self) {
        self.set_states(State::Silent);
    }

    /// Drops the server's answers on the existing connections, for ever. What their clients send still arrives.
    pub fn silence_answers(&self) {
        self.set_states(State::Unanswered);
    }

    /// While this is on, the answer that confirms a `COMMIT` to a client of `PostgreSQL` is lost, and its connection
    /// is silent from there on.
    pub fn silence_after_commit(&self, on: bool) {
        self.shared.faults().silence_after_commit = on;
    }

    /// Drops everything on a connection once its server has sent this many bytes, perhaps in the middle of an answer;
    /// `None` stops it.
    pub fn silence_after(&self, bytes: Option<usize>) {
        self.shared.faults().silence_after = bytes;
    }

    /// Resets the existing connections.
    pub fn reset(&self) {
        self.set_states(State::Reset);
    }

    /// Delays each answer on every connection by this time.
    pub fn delay_answers(&self, delay: Duration) {
        self.shared.faults().answer_delay = delay;
    }

    /// Delays each answer by this time until the login to `PostgreSQL` is complete.
    pub fn delay_login(&self, delay: Duration) {
        self.shared.faults().login_delay = delay;
    }

    /// Corrupts some of the answers from now on, chosen at random with this seed; `None` stops it.
    pub fn corrupt(&self, corrupt: Option<Corruption>, seed: u64) {
        *lock(&self.shared.chance) = fastrand::Rng::with_seed(seed);
        self.shared.faults().corrupt = corrupt;
    }

    /// While this is on, the message that ends an answer of `PostgreSQL` is sent twice after the login, so the client
    /// takes the second one for the end of the next answer.
    pub fn duplicate_ready_for_query(&self, on: bool) {
        self.shared.faults().duplicate_ready_for_query = on;
    }

    /// The counts so far.
    #[must_use]
    pub fn counts(&self) -> ProxyCounts {
        ProxyCounts {
            open: lock(&self.shared.connections).len(),
            most: self.shared.most.load(Ordering::Relaxed),
            accepted: self.shared.accepted.load(Ordering::Relaxed),
            syncs: self.shared.syncs.load(Ordering::Relaxed),
            queries: self.shared.queries.load(Ordering::Relaxed),
        }
    }

    fn set_states(&self, state: State) {
        for connection in lock(&self.shared.connections).values() {
            connection.send_replace(state);
        }
    }
}

/// Registers a connection that was just accepted, and forwards it in a separate task.
fn enter(shared: &Arc<Shared>, client: TcpStream, entry: AcceptMode) {
    let first = if entry == AcceptMode::Silent { State::Silent } else { State::Passing };
    let (id, state) = (shared.next.fetch_add(1, Ordering::Relaxed), watch::Sender::new(first));
    let connection = Connection::new(Arc::clone(shared), state.subscribe());
    lock(&shared.connections).insert(id, state);
    shared.accepted.fetch_add(1, Ordering::Relaxed);
    let of_connection = Arc::clone(shared);
    tokio::spawn(async move {
        connection.forward(client).await;
        lock(&of_connection.connections).remove(&id);
    });
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        tokio::time::sleep(SETTLED).await;
        let open = lock(&shared.connections).len();
        shared.most.fetch_max(open, Ordering::Relaxed);
    });
}

/// Accepts, or does not, as the accept mode says.
async fn accept(
    address: SocketAddr,
    first: TcpListener,
    mut entry: watch::Receiver<AcceptMode>,
    applied: watch::Sender<AcceptMode>,
    shared: Arc<Shared>,
) {
    let mut listener = Some(first);
    loop {
        let now = *entry.borrow_and_update();
        let mut filler = None;
        match now {
            AcceptMode::Open | AcceptMode::Silent => {
                if listener.is_none() {
                    listener = Some(listen_again(address, BACKLOG).await);
                }
            }
            AcceptMode::Refused => listener = None,
            AcceptMode::Ignored => {
                // The system drops the first packet of a connection while the queue is full; this one fills it.
                drop(listener.take());
                listener = Some(listen_again(address, 0).await);
                filler = TcpStream::connect(address).await.ok();
            }
        }
        applied.send_replace(now);
        match &listener {
            Some(listener) if now != AcceptMode::Ignored => loop {
                tokio::select! {
                    changed = entry.changed() => match changed {
                        Ok(()) => break,
                        Err(_gone) => return,
                    },
                    accepted = listener.accept() => {
                        if let Ok((client, _)) = accepted {
                            enter(&shared, client, now);
                        }
                    }
                }
            },
            _ => {
                if entry.changed().await.is_err() {
                    return;
                }
            }
        }
        if now == AcceptMode::Ignored {
            // With it goes its queue, and who waits in it.
            listener = None;
            drop(filler);
        }
    }
}

fn listen(address: SocketAddr, backlog: u32) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // Connections of before may still be open on this port.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(backlog)
}

/// Listens at an address that was this proxy's a moment ago.
async fn listen_again(address: SocketAddr, backlog: u32) -> TcpListener {
    loop {
        match listen(address, backlog) {
            Ok(listener) => return listener,
            // The system needs a moment to let go of the last one.
            Err(_taken) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}
