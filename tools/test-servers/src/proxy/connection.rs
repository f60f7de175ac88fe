//! One connection through the proxy.

use std::{
    future::pending,
    io, mem,
    sync::{Arc, Mutex, atomic::Ordering},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
    time::sleep,
};

use super::{
    messages::{Answers, Frame, READY, Requests},
    shared::{Faults, Shared, State, lock},
};

/// A connection that was accepted.
pub(super) struct Connection {
    shared: Arc<Shared>,
    state: watch::Receiver<State>,
    requests: Mutex<Requests>,
}

impl Connection {
    pub(super) fn new(shared: Arc<Shared>, state: watch::Receiver<State>) -> Self {
        Self { shared, state, requests: Mutex::default() }
    }

    /// Forwards until one side closes, which closes the other; a silent connection lasts until its client closes it.
    pub(super) async fn forward(&self, mut client: TcpStream) {
        let mut reset = self.state.clone();
        let forwarding = async {
            if *self.state.borrow() == State::Silent {
                return self.swallow(&mut client).await;
            }
            let mut server = TcpStream::connect(self.shared.upstream).await?;
            client.set_nodelay(true)?;
            server.set_nodelay(true)?;
            let (from_client, to_client) = client.split();
            let (from_server, to_server) = server.split();
            tokio::select! {
                ended = self.pass_requests(from_client, to_server) => ended,
                ended = self.pass_answers(from_server, to_client) => ended,
            }
        };
        tokio::select! {
            // Either side may break off at any time; the other notices that it is closed.
            _ended = forwarding => {}
            _reset = reset.wait_for(|state| *state == State::Reset) => {}
        }
        if *self.state.borrow() == State::Reset {
            // A socket that does not linger is closed with a reset.
            client.set_zero_linger().ok();
        }
    }

    /// Reads what the client sends, so that its end is noticed.
    async fn swallow(&self, client: &mut TcpStream) -> io::Result<()> {
        let mut buffer = [0; 4096];
        while client.read(&mut buffer).await? > 0 {}
        Ok(())
    }

    async fn pass_requests(&self, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>) -> io::Result<()> {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let length = from.read(&mut buffer).await?;
            if length == 0 {
                return Ok(());
            }
            if self.state() == State::Silent {
                continue;
            }
            let asked = lock(&self.requests).read(&buffer[..length]);
            self.shared.syncs.fetch_add(asked.syncs, Ordering::Relaxed);
            self.shared.queries.fetch_add(asked.queries, Ordering::Relaxed);
            let written = to.write_all(&buffer[..length]).await;
            if self.state() == State::Passing {
                written?;
            }
        }
    }

    async fn pass_answers(&self, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>) -> io::Result<()> {
        let (mut buffer, mut answers, mut held) = (vec![0; 16 * 1024], Answers::default(), Held::default());
        loop {
            let read = from.read(&mut buffer).await;
            if held.lost || self.state() != State::Passing {
                if matches!(read, Ok(1..)) {
                    continue;
                }
                // The client of a silent connection does not hear of its end either.
                return pending().await;
            }
            let length = read?;
            if length == 0 {
                return to.write_all(&held.bytes).await;
            }
            let faults = *self.shared.faults();
            let logged_in = answers.logged_in();
            self.delay(faults, logged_in).await;
            let bytes = &mut buffer[..length];
            let replies = lock(&self.requests).single_responses();
            let frames = answers.read(bytes, replies);
            if let Some(corrupt) = faults.corrupt {
                corrupt.apply(bytes, &frames, &mut lock(&self.shared.chance));
            }
            let mut ready = if faults.silence_after_commit && answers.is_readable() {
                held.up_to_commit(bytes, &frames)
            } else {
                held.all(bytes)
            };
            if faults.duplicate_ready_for_query
                && logged_in
                && frames.last().is_some_and(|last| last.ends_answer)
            {
                ready.extend_from_slice(READY);
            }
            let ready = held.within(faults.silence_after, &ready);
            if self.state() == State::Passing {
                to.write_all(ready).await?;
            }
        }
    }

    async fn delay(&self, faults: Faults, logged_in: bool) {
        let login = if logged_in { Duration::ZERO } else { faults.login_delay };
        let delay = faults.answer_delay.max(login);
        if !delay.is_zero() {
            sleep(delay).await;
        }
    }

    fn state(&self) -> State {
        *self.state.borrow()
    }
}

/// The beginning of an answer, which is not forwarded before its end shows whether it is lost.
#[derive(Default)]
struct Held {
    bytes: Vec<u8>,
    /// Bytes that were forwarded.
    passed: usize,
    /// Whether an answer was lost, and with it all that follow.
    lost: bool,
}

impl Held {
    /// Everything, these bytes included.
    fn all(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.bytes.extend_from_slice(bytes);
        mem::take(&mut self.bytes)
    }

    /// The complete answers so far, up to the one that confirms a commit.
    fn up_to_commit(&mut self, bytes: &[u8], frames: &[Frame]) -> Vec<u8> {
        let before = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.lost = frames.iter().any(|frame| frame.commits);
        let passing = frames.iter().take_while(|frame| !frame.commits);
        let last = passing.filter(|frame| frame.ends_answer).last();
        self.bytes.drain(..last.map_or(0, |last| before + last.end)).collect()
    }

    /// The part of these bytes that may pass when the limit for all is `most`.
    fn within<'b>(&mut self, most: Option<usize>, bytes: &'b [u8]) -> &'b [u8] {
        let left = most.map_or(bytes.len(), |most| most.saturating_sub(self.passed).min(bytes.len()));
        self.passed += left;
        self.lost |= left < bytes.len();
        &bytes[..left]
    }
}
