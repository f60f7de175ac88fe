//! The socket under hyper: ends a head that takes too long, and holds back what hyper answers by itself.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::Sleep,
};

/// The most that one read gives hyper, whose buffer begins with 8 KiB and doubles whenever a read fills it: one byte less
/// keeps it so small.
const MAX_READ_BYTES: u64 = (8 << 10) - 1;

/// The state of a connection: one of three phases, and above those two bits the number of its latest request. hyper
/// does not say whether it read bytes of the next head together with a request; such a head begins with its next byte.
#[derive(Default)]
pub(super) struct Progress(AtomicU64);

impl Progress {
    /// No request: the next byte begins a head. A connection may stay so for as long as its caller likes.
    const IDLE: u64 = 0;
    /// A head has begun and is not whole.
    const HEAD: u64 = 1;
    /// A request is read or answered.
    const REQUEST: u64 = 2;
    const PHASE: u64 = 3;

    /// The head is whole.
    pub(super) fn request(self: &Arc<Self>) -> Arc<RequestInProgress> {
        let next = (self.0.load(Relaxed) | Self::PHASE) + 1 + Self::REQUEST;
        self.0.store(next, Relaxed);
        Arc::new(RequestInProgress { progress: Arc::clone(self), request: next })
    }

    pub(super) fn is_in_head(&self) -> bool {
        self.0.load(Relaxed) & Self::PHASE == Self::HEAD
    }

    fn arrived(&self) {
        let now = self.0.load(Relaxed);
        if now & Self::PHASE == Self::IDLE {
            // Nothing else changes an idle connection.
            self.0.store(now | Self::HEAD, Relaxed);
        }
    }
}

/// Lives until a request's body is read and its answer is made: what arrives then is the next head.
pub(super) struct RequestInProgress {
    progress: Arc<Progress>,
    request: u64,
}

impl Drop for RequestInProgress {
    fn drop(&mut self) {
        let idle = self.request - Progress::REQUEST + Progress::IDLE;
        // Another task may be the last to drop it, when the next request is under way already: then this changes
        // nothing.
        self.progress.0.compare_exchange(self.request, idle, Relaxed, Relaxed).ok();
    }
}

/// A socket of one connection.
pub(super) struct Stream {
    pub(super) socket: TcpStream,
    /// An answer that hyper may have given by itself: its head, which says that nothing follows.
    pub(super) held: Option<Vec<u8>>,
    progress: Arc<Progress>,
    /// How long a head may take from its first byte to its last.
    head_timeout: Duration,
    /// Runs while a head is begun and not whole.
    head_timer: Option<Pin<Box<Sleep>>>,
}

impl Stream {
    pub(super) fn new(socket: TcpStream, progress: Arc<Progress>, head_timeout: Duration) -> Self {
        Self { socket, held: None, progress, head_timeout, head_timer: None }
    }

    /// # Errors
    /// Ends the connection when a request head takes too long.
    fn check_head_timeout(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if !self.progress.is_in_head() {
            self.head_timer = None;
            return Ok(());
        }
        let timer = self.head_timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(self.head_timeout)));
        if timer.as_mut().poll(context).is_ready() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check_head_timeout(context)?;
        let before = buffer.filled().len();
        let mut part = (&mut this.socket).take(MAX_READ_BYTES);
        ready!(Pin::new(&mut part).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            this.progress.arrived();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if may_be_from_hyper(bytes) {
            this.held = Some(bytes.to_vec());
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut this.socket).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match parts {
            [head] => self.poll_write(context, head),
            _ => Pin::new(&mut self.get_mut().socket).poll_write_vectored(context, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // The replacement of a held answer is still to be sent.
        if this.held.is_some() {
            Poll::Ready(Ok(()))
        } else {
            Pin::new(&mut this.socket).poll_shutdown(context)
        }
    }
}

/// Whether this is the kind of answer that hyper gives to a head that it cannot read: one of its three statuses, the
/// connection's end, and no body. A handler could give the same, so it is held back and not dropped.
fn may_be_from_hyper(bytes: &[u8]) -> bool {
    let status = bytes.strip_prefix(b"HTTP/1.1 ").or_else(|| bytes.strip_prefix(b"HTTP/1.0 "));
    status.is_some_and(|status| [b"400", b"414", b"431"].iter().any(|own| status.starts_with(*own)))
        && bytes.ends_with(b"\r\n\r\n")
        && str::from_utf8(bytes).is_ok_and(|head| {
            ["connection: close", "content-length: 0"]
                .iter()
                .all(|wanted| head.lines().any(|line| line == *wanted))
        })
}
