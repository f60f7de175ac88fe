//! A custom handler by itself: started as the Functions host starts it, timed, and killed at the end.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    process::{Child, ChildStdout, Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

use crate::port;

/// Given up after this time.
const TIMEOUT: Duration = Duration::from_secs(20);
/// Wait between two tries: far below what is measured.
const TICK: Duration = Duration::from_micros(100);

/// A handler that has answered; killed when dropped.
pub struct Handler {
    child: Child,
    address: SocketAddr,
    first_answer: Duration,
}

/// Why the handler is not available.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// The operating system refused something.
    #[error("the handler cannot be run: {doing}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It is gone.
    #[error("it ended before it answered ({0}): run it by itself to see why")]
    Ended(ExitStatus),
    /// The handler runs and does not listen.
    #[error("it did not answer within {TIMEOUT:?}")]
    Silent,
}

impl Handler {
    /// Starts the command on a free port and waits for its first answer to `GET /`.
    ///
    /// # Errors
    /// When it cannot be started, ends, or does not answer within 20 seconds.
    pub fn start(command: &mut Command) -> Result<Self, HandlerError> {
        let port = port::find_free_port().map_err(failed("finding a free port"))?;
        command.env("FUNCTIONS_CUSTOMHANDLER_PORT", port.to_string());
        let start = Instant::now();
        let child = command.spawn().map_err(failed("starting the program"))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut handler = Self { child, address, first_answer: Duration::ZERO };
        handler.wait_for_answer(start)?;
        handler.first_answer = start.elapsed();
        Ok(handler)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The time from the start of the process to its first answer.
    #[must_use]
    pub fn first_answer(&self) -> Duration {
        self.first_answer
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The standard output of the process, if the command pipes it and it was not taken before.
    pub fn take_log(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// Resident memory in MiB now; none on systems other than Linux.
    #[must_use]
    pub fn memory(&self) -> Option<f64> {
        self.status("VmRSS")
    }

    /// The peak of the resident memory so far, in MiB; none on systems other than Linux.
    #[must_use]
    pub fn peak_memory(&self) -> Option<f64> {
        self.status("VmHWM")
    }

    /// Asks it to end, and waits until it has.
    ///
    /// # Errors
    /// When it cannot be asked or waited for.
    pub fn stop(mut self) -> io::Result<ExitStatus> {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::NotFound)?;
        kill_process(pid, Signal::TERM)?;
        self.child.wait()
    }

    fn status(&self, field: &str) -> Option<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
        let kib: u32 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(f64::from(kib) / 1024.0)
    }

    fn wait_for_answer(&mut self, start: Instant) -> Result<(), HandlerError> {
        while !answers(self.address) {
            if let Some(status) = self.child.try_wait().map_err(failed("watching it"))? {
                return Err(HandlerError::Ended(status));
            }
            if start.elapsed() > TIMEOUT {
                return Err(HandlerError::Silent);
            }
            thread::sleep(TICK);
        }
        Ok(())
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        // An error means that it has ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn failed(doing: &'static str) -> impl Fn(io::Error) -> HandlerError {
    move |source| HandlerError::Io { doing, source }
}

fn answers(address: SocketAddr) -> bool {
    let ask = || {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.write_all(b"GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")?;
        let mut status = [0; 12];
        stream.read_exact(&mut status)?;
        io::Result::Ok(status)
    };
    ask().is_ok_and(|status| &status == b"HTTP/1.1 200")
}
