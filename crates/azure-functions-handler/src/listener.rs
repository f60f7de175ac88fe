//! Takes new connections.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    os::fd::{AsFd as _, AsRawFd as _, RawFd},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpSocket, TcpStream},
    time::{Instant, sleep},
};

use super::event::Event;

/// Connections that wait to be accepted. The system lowers the backlog to its own limit (Linux: `net.core.somaxconn`).
const BACKLOG: u32 = 1024;
/// File descriptors that no caller takes: connections to the database and to other services need them.
const RESERVE: usize = 32;
/// A process that gets descriptors below this number has a reserve on every system where it can start.
const RESERVE_CHECKED_FROM: RawFd = 64;
/// How long accepting rests after the process could not take a connection, mostly for want of descriptors.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(100);
/// At most one log line in this time reports it.
const LOG_INTERVAL: Duration = Duration::from_mins(1);

/// Listens on a port of this machine's loopback address, as [`FunctionApp::serve`](crate::FunctionApp::serve) wants it.
///
/// # Errors
/// When the port is taken or not allowed. Needs a runtime with I/O.
pub fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    // A worker that starts right after another one ended gets its port.
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    socket.listen(BACKLOG)
}

/// A listener that outlives every failure to accept.
pub(crate) struct Listener {
    socket: TcpListener,
    /// The descriptor of the connection that was accepted last; the system gives the lowest that is free.
    last: RawFd,
    failures: u64,
    last_logged: Option<Instant>,
}

impl Listener {
    pub(crate) fn new(listener: TcpListener) -> Self {
        Self { socket: listener, last: 0, failures: 0, last_logged: None }
    }

    /// The next connection. Dropping the future loses no connection.
    pub(crate) async fn accept(&mut self) -> TcpStream {
        loop {
            if let Err(error) = self.check_reserve() {
                self.log_failure(&error);
                sleep(ACCEPT_BACKOFF).await;
                continue;
            }
            match self.socket.accept().await {
                Ok((accepted, _)) => {
                    self.last = accepted.as_raw_fd();
                    // An answer is one small write; waiting for a second one to send along only costs time.
                    drop(accepted.set_nodelay(true));
                    return accepted;
                }
                Err(error) if is_connection_error(&error) => {}
                Err(error) => {
                    self.log_failure(&error);
                    sleep(ACCEPT_BACKOFF).await;
                }
            }
        }
    }

    /// # Errors
    /// When another connection would use a file descriptor of the reserve.
    fn check_reserve(&self) -> io::Result<()> {
        if self.last < RESERVE_CHECKED_FROM {
            return Ok(());
        }
        let socket = self.socket.as_fd();
        let copies: io::Result<Vec<_>> = (0..=RESERVE).map(|_| socket.try_clone_to_owned()).collect();
        copies.map(drop)
    }

    fn log_failure(&mut self, error: &io::Error) {
        self.failures += 1;
        if self.last_logged.is_none_or(|logged| logged.elapsed() >= LOG_INTERVAL) {
            Event::AcceptFailed { error, count: self.failures }.log();
            (self.failures, self.last_logged) = (0, Some(Instant::now()));
        }
    }
}

/// The caller closed the connection before it was accepted.
fn is_connection_error(error: &io::Error) -> bool {
    use io::ErrorKind as E;
    matches!(error.kind(), E::ConnectionRefused | E::ConnectionAborted | E::ConnectionReset)
}
