//! A log whose reader pauses, is slow or stops, and one whose disk is full: it costs lines, which are counted, and
//! nothing else.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Write, pipe},
    sync::mpsc::{self, TryRecvError},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Resource, Rlimit, Signal, getrlimit, prlimit};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{Principal, ReadLog, SOON, StandaloneWorker, TENANT, within};

/// What the worker hands to stdout at once.
const CHUNK: usize = 16384;
/// The most bytes between the worker's queue and the reader: one chunk, and what a pipe holds.
const UNDER_WAY: usize = 65536 + CHUNK;
/// An idle worker drains at once; then its log may take a second.
const END: Duration = Duration::from_secs(2);
/// A time longer than the worker waits for a body.
const BODY: Duration = Duration::from_secs(3);

async fn is_well(worker: &StandaloneWorker) {
    for path in ["/", "/api/health"] {
        assert_eq!(worker.anonymous().get(path).await.status, 200, "{path}");
    }
}

/// One line reports how many were dropped, after at most this many bytes: before all lines that waited. Gives its
/// place.
fn counts_before(lines: &[Value], bytes: usize) -> usize {
    let told: Vec<_> = (0..lines.len()).filter(|at| lines[*at]["event"] == "log-lines-dropped").collect();
    let [place] = told[..] else { panic!("one count: {told:?}") };
    let before: usize = lines[..place].iter().map(|line| line.to_string().len() + 1).sum();
    assert!(before <= bytes, "{before} bytes came before the count");
    assert!(lines.len() > place + 1000, "what waited follows");
    place
}

#[tokio::test]
async fn a_paused_log_reader_causes_counted_losses() {
    let (log, stdout) = pipe().expect("a pipe");
    let worker = StandaloneWorker::start(stdout).await;
    worker.calls(2000).await;
    is_well(&worker).await;
    let read = ReadLog::of(log);
    read.accounts_for(2001).await;
    let lines = read.lines();
    let place = counts_before(&lines, UNDER_WAY);
    assert!(read.dropped("info") > 0 && read.dropped("debug") > 0, "{}", lines[place]);
    assert_eq!((&lines[place]["level"], read.dropped("audit")), (&json!("WARN"), 0));
}

#[tokio::test]
async fn audit_lines_survive_a_full_queue() {
    let (log, stdout) = pipe().expect("a pipe");
    let worker = StandaloneWorker::start(stdout).await;
    worker.calls(2000).await;
    let admin = worker.caller(&Principal::user(TENANT, 4).role("OrderAdmin"));
    for number in 0..40 {
        admin.stock(&format!("BEANS-{number}"), 1290).await;
    }
    let read = ReadLog::of(log);
    read.accounts_for(2040).await;
    assert!(read.dropped("info") > 0, "the queue was full");
    assert_eq!((read.count("product-changed"), read.dropped("audit")), (40, 0));
}

#[tokio::test]
async fn a_slow_log_reader_delays_no_request() {
    let (mut log, stdout) = pipe().expect("a pipe");
    let worker = StandaloneWorker::start(stdout).await;
    let (slow, is_slow) = mpsc::channel::<()>();
    thread::spawn(move || {
        let mut part = [0; 5000];
        while log.read(&mut part).is_ok_and(|bytes| bytes > 0) {
            if is_slow.try_recv() == Err(TryRecvError::Disconnected) {
                thread::sleep(Duration::from_millis(100));
            }
        }
    });
    worker.calls(200).await;
    let before = worker.calls(1000).await;
    drop(slow);
    let after = worker.calls(1000).await;
    assert!(after < 2.0 * before, "1,000 calls took {before:.1} s, with a slow reader {after:.1} s");
}

#[tokio::test]
async fn stop_signals_work_with_an_unread_log() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let (_log, stdout) = pipe().expect("a pipe");
        let mut worker = StandaloneWorker::start(stdout).await;
        worker.calls(300).await;
        worker.signal(signal);
        assert_eq!(worker.ends(END).await.code(), Some(0), "{signal:?}");
    }
}

#[tokio::test]
async fn a_signal_during_startup_stops_the_worker() {
    for _ in 0..5 {
        let (_log, stdout) = pipe().expect("a pipe");
        let mut worker = StandaloneWorker::start(stdout).await;
        worker.signal(Signal::HUP);
        assert_eq!(worker.ends(END).await.code(), Some(0));
    }
}

#[tokio::test]
async fn the_last_log_lines_are_flushed_at_exit() {
    let (log, stdout) = pipe().expect("a pipe");
    let read = ReadLog::of(log);
    let mut worker = StandaloneWorker::start(stdout).await;
    // Twelve denials of one caller: ten lines, and a count at the end.
    let buyer = worker.caller(&Principal::user(TENANT, 1));
    for _ in 0..12 {
        assert_eq!(buyer.get("/api/dead-letters").await.status, 403);
    }
    worker.signal(Signal::TERM);
    assert_eq!(worker.ends(END).await.code(), Some(0));
    read.accounts_for(12).await;
    within(SOON, "the count is read", async || read.count("denials-suppressed") == 1).await;
    assert_eq!(read.count("denied"), 10);
}

#[tokio::test]
async fn a_closed_pipe_blocks_no_request_and_counts_lost_lines() {
    let (log, stdout) = pipe().expect("a pipe");
    let mut worker = StandaloneWorker::start(stdout).await;
    drop(log);
    worker.calls(2000).await;
    is_well(&worker).await;
    let again = File::open(format!("/proc/{}/fd/1", worker.child.id())).expect("the pipe has a new reader");
    let read = ReadLog::of(again);
    read.accounts_for(2001).await;
    counts_before(&read.lines(), UNDER_WAY);
    worker.signal(Signal::TERM);
    assert_eq!(worker.ends(END).await.code(), Some(0));
}

#[tokio::test]
async fn a_full_disk_behind_stdout_blocks_no_request() {
    let full = OpenOptions::new().write(true).open("/dev/full").expect("it is part of Linux");
    let mut worker = StandaloneWorker::start(full).await;
    worker.calls(300).await;
    is_well(&worker).await;
    worker.signal(Signal::TERM);
    assert_eq!(worker.ends(END).await.code(), Some(0));
}

/// A limit of file sizes simulates the full disk: a write stops in the middle of a line, and later ones fail.
#[tokio::test]
async fn logging_resumes_when_the_disk_has_space() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("log");
    let stdout = OpenOptions::new().create(true).append(true).open(&path).expect("a file");
    // A process that ignores the signal has an error instead. The limit counts blocks of 512 or 1024 bytes.
    let mut worker = StandaloneWorker::start_after("trap '' XFSZ; ulimit -S -f 512", stdout).await;
    worker.calls(2000).await;
    is_well(&worker).await;
    let length = || fs::metadata(&path).expect("the log").len();
    let full = length();
    assert!([262_144, 524_288].contains(&full), "{full} bytes: the limit was met");
    let unlimited = Rlimit { current: getrlimit(Resource::Fsize).maximum, maximum: None };
    prlimit(Some(worker.pid()), Resource::Fsize, unlimited).expect("the limit can be raised");
    within(Duration::from_secs(10), "the log goes on", async || length() > full).await;
    worker.signal(Signal::TERM);
    assert_eq!(worker.ends(END).await.code(), Some(0));
    let read = ReadLog::of(File::open(&path).expect("the log"));
    read.accounts_for(2001).await;
    assert!(read.dropped("info") > 0, "the queue was full");
    let written = usize::try_from(full).expect("a small file");
    counts_before(&read.lines(), written + CHUNK);
}

#[tokio::test]
async fn an_unread_log_does_not_block_startup() {
    let (_log, mut stdout) = pipe().expect("a pipe");
    stdout.write_all(&vec![b'\n'; 65536]).expect("a pipe holds so much");
    let mut worker = StandaloneWorker::start(stdout).await;
    worker.calls(300).await;
    is_well(&worker).await;
    worker.signal(Signal::TERM);
    assert_eq!(worker.ends(END).await.code(), Some(0));
}

#[tokio::test]
async fn requests_complete_after_sigterm_with_an_unread_log() {
    let (_log, mut stdout) = pipe().expect("a pipe");
    stdout.write_all(&vec![b'\n'; 65536]).expect("a pipe holds so much");
    let mut worker = StandaloneWorker::start(stdout).await;
    let mut half = TcpStream::connect(("127.0.0.1", worker.port)).await.expect("the worker listens");
    let principal = Principal::user(TENANT, 1).header();
    let head = format!(
        "POST /api/orders HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer unread\r\n\
         x-ms-client-principal: {principal}\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{{"
    );
    half.write_all(head.as_bytes()).await.expect("it is sent");
    worker.signal(Signal::TERM);
    let began = Instant::now();
    let mut status = [0; b"HTTP/1.1 408 ".len()];
    let answered = tokio::time::timeout(SOON, half.read_exact(&mut status)).await;
    assert!(answered.is_ok() && status == *b"HTTP/1.1 408 ", "{answered:?}: {status:?}");
    // While it is open, the rest of the body is waited for.
    drop(half);
    assert_eq!(worker.ends(BODY + END).await.code(), Some(0));
    assert!(began.elapsed() <= BODY + END + Duration::from_secs(1), "{:?}", began.elapsed());
}
