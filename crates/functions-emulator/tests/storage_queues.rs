//! What queues promise, wherever they are: each promise is held in memory and at a real queue server.

#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use functions_emulator::{
    Event, Events,
    app::Connection,
    clock::Clock,
    queues::{Connections, MAX_MESSAGE_BYTES, Message, QueueCounts, QueueError, Queues, ServerError},
};
use test_servers::azurite::Azurite;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::broadcast::{Receiver, error::TryRecvError},
};

const LEASE: Duration = Duration::from_mins(10);

/// How long a test waits for anything before it fails.
const DEADLINE: Duration = Duration::from_secs(20);

/// How long a message is hidden that is looked for meanwhile: longer than a server takes to say that it is not there.
const WHILE: Duration = Duration::from_secs(6);

macro_rules! in_memory_and_at_a_server {
    ($($promise:ident),+ $(,)?) => { $(
        mod $promise {
            #[tokio::test]
            async fn memory() {
                super::$promise(functions_emulator::queues::Queues::default()).await;
            }
            #[tokio::test]
            async fn queue_server() {
                super::$promise(super::at_a_server()).await;
            }
        }
    )+ };
}

in_memory_and_at_a_server!(
    a_received_message_is_hidden_until_its_lease_runs_out,
    a_renewed_lease_counts_from_the_renewal,
    an_old_pop_receipt_is_refused,
    a_released_message_is_visible_at_once_and_keeps_its_count,
    a_delayed_message_shows_itself_later,
    a_message_stays_as_long_as_it_was_put_for,
    a_text_above_64_kib_is_refused,
    a_text_arrives_as_it_was_put,
    a_text_that_xml_does_not_carry_is_refused,
    a_batch_is_as_large_as_was_asked_for,
    a_missing_queue_is_empty_and_made_by_the_first_message,
    names_ignore_case_and_a_look_changes_nothing,
    a_message_is_removed_by_id,
);

async fn a_message_is_removed_by_id(queues: Queues) {
    for number in 0..40 {
        queues.put("jobs", number.to_string()).await.unwrap();
    }
    let seen = queues.peek_messages("Jobs").await.unwrap();
    assert_eq!((seen[0].text.as_str(), seen[0].dequeue_count), ("0", 0));
    assert_eq!(queues.peek_messages("jobs").await.unwrap()[0].dequeue_count, 0, "a look is no delivery");
    let last = queues.put("jobs", "last".to_owned()).await.unwrap();
    let taken = queues.take("Jobs", last).await.unwrap();
    assert_eq!((taken.id, taken.text.as_str()), (last, "last"));
    assert!(matches!(queues.take("jobs", last).await, Err(QueueError::MessageNotFound)));
    let mut left = 0;
    loop {
        let received = queues.receive("jobs", 32, LEASE).await.unwrap();
        if received.is_empty() {
            break;
        }
        left += received.len();
    }
    assert_eq!(left, 40, "they can all be received at once");
}

async fn a_received_message_is_hidden_until_its_lease_runs_out(queues: Queues) {
    let id = queues.put("jobs", "one".to_owned()).await.unwrap();
    let first = only(&queues, "jobs", WHILE).await;
    assert_eq!((first.id, first.dequeue_count, first.text.as_str()), (id, 1, "one"));
    assert!(queues.receive("jobs", 32, LEASE).await.unwrap().is_empty());
    assert_eq!(queues.counts("jobs").await.unwrap(), QueueCounts { visible: 0, hidden: 1 });
    let second = eventually(async || queues.receive("jobs", 32, LEASE).await.unwrap().pop()).await;
    assert_eq!((second.id, second.dequeue_count), (id, 2));
    assert_ne!(second.pop_receipt, first.pop_receipt);
}

async fn a_renewed_lease_counts_from_the_renewal(queues: Queues) {
    queues.put("jobs", "one".to_owned()).await.unwrap();
    let mut message = only(&queues, "jobs", Duration::from_secs(1)).await;
    let first_end = message.next_visible_at;
    queues.update("jobs", &mut message, Duration::from_mins(1)).await.unwrap();
    assert!(message.next_visible_at >= first_end + Duration::from_secs(50));
    eventually(async || (queues.clock().now() > first_end + Duration::from_secs(1)).then_some(())).await;
    assert!(queues.receive("jobs", 32, LEASE).await.unwrap().is_empty());
    queues.delete("jobs", &message).await.unwrap();
}

async fn an_old_pop_receipt_is_refused(queues: Queues) {
    queues.put("jobs", "one".to_owned()).await.unwrap();
    let mut old = only(&queues, "jobs", LEASE).await;
    let mut latest = old.clone();
    queues.update("jobs", &mut latest, LEASE).await.unwrap();
    let late = queues.delete("jobs", &old).await;
    assert!(matches!(late, Err(QueueError::PopReceiptMismatch)), "{late:?}");
    let late = queues.update("jobs", &mut old, Duration::ZERO).await;
    assert!(matches!(late, Err(QueueError::PopReceiptMismatch)), "{late:?}");
    queues.delete("jobs", &latest).await.unwrap();
    let gone = queues.delete("jobs", &latest).await;
    assert!(matches!(gone, Err(QueueError::MessageNotFound)), "{gone:?}");
    assert_eq!(queues.counts("jobs").await.unwrap(), QueueCounts::default());
}

async fn a_released_message_is_visible_at_once_and_keeps_its_count(queues: Queues) {
    queues.put("jobs", "one".to_owned()).await.unwrap();
    let mut message = only(&queues, "jobs", LEASE).await;
    queues.update("jobs", &mut message, Duration::ZERO).await.unwrap();
    assert_eq!(only(&queues, "jobs", LEASE).await.dequeue_count, 2);
}

async fn a_delayed_message_shows_itself_later(queues: Queues) {
    queues.put_delayed("jobs", "late".to_owned(), WHILE, None).await.unwrap();
    assert!(queues.receive("jobs", 1, LEASE).await.unwrap().is_empty());
    let shown = eventually(async || queues.receive("jobs", 1, LEASE).await.unwrap().pop()).await;
    assert_eq!((shown.text.as_str(), shown.dequeue_count), ("late", 1));
}

async fn a_message_stays_as_long_as_it_was_put_for(queues: Queues) {
    queues.put("jobs", "week".to_owned()).await.unwrap();
    let week = only(&queues, "jobs", LEASE).await;
    assert_eq!(week.expires_at - week.inserted_at, chrono::TimeDelta::days(7));
    queues.put_delayed("jobs", "ever".to_owned(), Duration::ZERO, None).await.unwrap();
    let ever = only(&queues, "jobs", LEASE).await;
    assert_eq!(ever.expires_at.to_rfc3339(), "9999-12-31T23:59:59+00:00");
    let short = Some(Duration::from_secs(1));
    queues.put_delayed("jobs", "second".to_owned(), Duration::ZERO, short).await.unwrap();
    eventually(async || queues.peek("jobs").await.unwrap().is_empty().then_some(())).await;
    assert_eq!(queues.counts("jobs").await.unwrap(), QueueCounts { visible: 0, hidden: 2 });
}

async fn a_text_above_64_kib_is_refused(queues: Queues) {
    queues.put("jobs", "x".repeat(MAX_MESSAGE_BYTES)).await.unwrap();
    let refused = queues.put("jobs", "x".repeat(MAX_MESSAGE_BYTES + 1)).await;
    assert!(
        matches!(refused, Err(QueueError::TooLarge(size)) if size == MAX_MESSAGE_BYTES + 1),
        "{refused:?}"
    );
    assert_eq!(queues.counts("jobs").await.unwrap(), QueueCounts { visible: 1, hidden: 0 });
}

async fn a_text_arrives_as_it_was_put(queues: Queues) {
    let texts =
        ["e30=", "<a href=\"x\">&amp;</a> ]]>", "gr\u{fc}\u{df} \u{1f41d}", "a  b", "a\r\nb\tc\n", ""];
    for text in texts {
        queues.put("jobs", text.to_owned()).await.unwrap();
    }
    let sent: BTreeSet<String> = texts.into_iter().map(str::to_owned).collect();
    assert_eq!(BTreeSet::from_iter(queues.peek("jobs").await.unwrap()), sent);
    let received = queues.receive("jobs", 32, LEASE).await.unwrap();
    assert_eq!(received.into_iter().map(|message| message.text).collect::<BTreeSet<_>>(), sent);
}

async fn a_text_that_xml_does_not_carry_is_refused(queues: Queues) {
    for char in ['\0', '\u{1f}', '\u{fffe}'] {
        let refused = queues.put("jobs", format!("a{char}b")).await;
        assert!(matches!(refused, Err(QueueError::InvalidCharacter(found)) if found == char), "{refused:?}");
    }
    assert_eq!(queues.counts("jobs").await.unwrap(), QueueCounts::default());
}

async fn a_batch_is_as_large_as_was_asked_for(queues: Queues) {
    for number in 0..35 {
        queues.put("jobs", number.to_string()).await.unwrap();
    }
    let two = queues.receive("jobs", 2, LEASE).await.unwrap();
    let most = queues.receive("jobs", 32, LEASE).await.unwrap();
    let rest = queues.receive("jobs", 32, LEASE).await.unwrap();
    assert_eq!([two.len(), most.len(), rest.len()], [2, 32, 1]);
    let all = [two, most, rest].concat();
    assert_eq!(all.iter().map(|message| message.id).collect::<BTreeSet<_>>().len(), 35);
    for message in &all {
        queues.delete("jobs", message).await.unwrap();
    }
    assert_eq!(queues.counts("jobs").await.unwrap(), QueueCounts::default());
}

async fn a_missing_queue_is_empty_and_made_by_the_first_message(queues: Queues) {
    assert!(queues.receive("jobs", 1, LEASE).await.unwrap().is_empty());
    assert!(queues.peek("jobs").await.unwrap().is_empty());
    assert_eq!(queues.counts("jobs").await.unwrap(), QueueCounts::default());
    queues.purge("jobs").await.unwrap();
    let (one, other) = tokio::join!(queues.put("jobs", "1".to_owned()), queues.put("jobs", "2".to_owned()));
    assert_ne!(one.unwrap(), other.unwrap());
    assert_eq!(queues.counts("jobs").await.unwrap().visible, 2);
}

async fn names_ignore_case_and_a_look_changes_nothing(queues: Queues) {
    queues.put("Jobs", "one".to_owned()).await.unwrap();
    queues.put("JOBS", "two".to_owned()).await.unwrap();
    for _ in 0..2 {
        assert_eq!(queues.peek("jobs").await.unwrap(), ["one", "two"]);
    }
    assert_eq!(queues.receive("jobs", 1, LEASE).await.unwrap()[0].dequeue_count, 1);
    assert_eq!(queues.peek("jobs").await.unwrap(), ["two"]);
    queues.purge("jobs").await.unwrap();
    assert_eq!(queues.counts("jobs").await.unwrap(), QueueCounts::default());
}

#[tokio::test]
async fn a_queue_server_outage_is_reported_once_and_loses_nothing() {
    let mut server = tokio::task::spawn_blocking(Azurite::start).await.unwrap().unwrap();
    let (queues, mut told) = connected(&server.account());
    queues.put("jobs", "one".to_owned()).await.unwrap();
    server.stop();
    for _ in 0..3 {
        let refused = queues.put("jobs", "two".to_owned()).await;
        assert!(matches!(refused, Err(QueueError::Server(ServerError::Unreachable { .. }))), "{refused:?}");
    }
    let Ok(Event::QueuesUnavailable { why }) = told.try_recv() else { panic!("it is told") };
    assert!(why.contains("http://127.0.0.1:") && why.contains("start one there"), "{why}");
    assert_eq!(told.try_recv().unwrap_err(), TryRecvError::Empty);
    server.start_again().unwrap();
    assert_eq!(only(&queues, "jobs", LEASE).await.text, "one");
    assert!(matches!(told.try_recv(), Ok(Event::QueuesAvailable)));
    assert_eq!(told.try_recv().unwrap_err(), TryRecvError::Empty);
}

#[tokio::test]
async fn a_wrong_key_is_refused_by_the_queue_server() {
    let account = Azurite::shared().unwrap().account();
    let (name, rest) = account.split_once("AccountKey=").unwrap();
    let (_, rest) = rest.split_once(';').unwrap();
    let (queues, mut told) = connected(&format!("{name}AccountKey=d3Jvbmc=;{rest}"));
    let refused = queues.receive("jobs", 1, LEASE).await.unwrap_err();
    let QueueError::Server(ServerError::Refused { status, .. }) = &refused else { panic!("{refused:?}") };
    assert_eq!(status.as_u16(), 403);
    assert!(refused.to_string().contains("AzureWebJobsStorage"), "{refused}");
    assert!(matches!(told.try_recv(), Ok(Event::QueuesUnavailable { .. })));
}

#[tokio::test]
async fn another_kind_of_server_is_told_apart() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let account =
        format!("AccountName=one;AccountKey=a2V5;QueueEndpoint=http://{}", listener.local_addr().unwrap());
    let (queues, mut told) = connected(&account);
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        stream
    };
    let (_stream, refused) = tokio::join!(serving, queues.peek("jobs"));
    assert!(matches!(refused, Err(QueueError::Server(ServerError::Unreadable { .. }))), "{refused:?}");
    assert!(matches!(told.try_recv(), Ok(Event::QueuesUnavailable { .. })));
}

/// Queues of an account that no other test has.
fn at_a_server() -> Queues {
    connected(&Azurite::shared().unwrap().account()).0
}

fn connected(account: &str) -> (Queues, Receiver<Event>) {
    let settings = [("AzureWebJobsStorage".to_owned(), account.to_owned())];
    let events = Events::new();
    let told = events.subscribe();
    let connections = Connections::from_settings(&settings, Clock::system(), events);
    (connections.queues(&Connection::default()).unwrap(), told)
}

async fn only(queues: &Queues, queue: &str, lease: Duration) -> Message {
    let mut received = queues.receive(queue, 32, lease).await.unwrap();
    assert_eq!(received.len(), 1);
    received.remove(0)
}

/// Looks again and again until there is something.
async fn eventually<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + DEADLINE;
    let mut look_again = tokio::time::interval(Duration::from_millis(20));
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "not within {DEADLINE:?}");
        look_again.tick().await;
    }
}
