//! The proxy breaks a network as it says, on real sockets, and only then.
#![expect(clippy::unwrap_used, reason = "what helps a test may fail as the test may")]

use std::{io, time::Duration};

use sqlx::{Connection as _, PgConnection};
use test_servers::{
    Database, Postgres, TcpProxy,
    proxy::{AcceptMode, Corruption},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::{Instant, timeout},
};

/// How long nothing has to come for a connection to count as silent.
const QUIET: Duration = Duration::from_millis(150);

/// Starts a server that echoes everything, behind a proxy.
async fn echo() -> TcpProxy {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                tokio::io::copy(&mut from, &mut to).await
            });
        }
    });
    TcpProxy::start(address).await.unwrap()
}

async fn connect(proxy: &TcpProxy) -> TcpStream {
    TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap()
}

/// Whether the server is heard through this connection, however busy the machine is.
async fn answers(stream: &mut TcpStream) -> io::Result<bool> {
    answers_within(Duration::from_secs(10), stream).await
}

/// Whether nothing is heard.
async fn is_silent(stream: &mut TcpStream) -> io::Result<bool> {
    answers_within(QUIET, stream).await.map(|answers| !answers)
}

async fn answers_within(limit: Duration, stream: &mut TcpStream) -> io::Result<bool> {
    stream.write_all(b"hello").await?;
    let mut buffer = [0; 5];
    match timeout(limit, stream.read_exact(&mut buffer)).await {
        Ok(read) => read.map(|_| buffer == *b"hello"),
        Err(_silent) => Ok(false),
    }
}

#[tokio::test]
async fn silenced_connections_stay_open() {
    let proxy = echo().await;
    let mut old = connect(&proxy).await;
    assert!(answers(&mut old).await.unwrap());
    proxy.silence();
    let mut new = connect(&proxy).await;
    assert!(is_silent(&mut old).await.unwrap() && answers(&mut new).await.unwrap());
    assert_eq!((proxy.counts().open, proxy.counts().accepted), (2, 2));
    drop(old);
    let only_one = async {
        while proxy.counts().open != 1 {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(5), only_one).await.expect("a closed connection is not counted");
}

#[tokio::test]
async fn new_connections_follow_the_accept_mode() {
    let proxy = echo().await;
    let mut old = connect(&proxy).await;
    assert!(answers(&mut old).await.unwrap());
    proxy.set_accept_mode(AcceptMode::Silent).await;
    assert!(is_silent(&mut connect(&proxy).await).await.unwrap());
    proxy.set_accept_mode(AcceptMode::Ignored).await;
    let address = ("127.0.0.1", proxy.port());
    assert!(timeout(QUIET, TcpStream::connect(address)).await.is_err(), "it still waits");
    proxy.set_accept_mode(AcceptMode::Refused).await;
    let refused = TcpStream::connect(address).await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    assert!(answers(&mut old).await.unwrap(), "existing connections go on");
    proxy.set_accept_mode(AcceptMode::Open).await;
    assert!(answers(&mut connect(&proxy).await).await.unwrap());
}

#[tokio::test]
async fn a_reset_is_an_error_and_not_eof() {
    let proxy = echo().await;
    let mut stream = connect(&proxy).await;
    assert!(answers(&mut stream).await.unwrap());
    proxy.reset();
    let read = timeout(Duration::from_secs(5), stream.read_u8()).await.expect("it is closed");
    assert_eq!(read.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn responses_are_delayed() {
    let proxy = echo().await;
    let mut stream = connect(&proxy).await;
    proxy.delay_answers(Duration::from_millis(300));
    let start = Instant::now();
    stream.write_all(b"hello").await.unwrap();
    stream.read_exact(&mut [0; 5]).await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_response_can_be_cut_off() {
    let proxy = echo().await;
    proxy.silence_after(Some(7));
    let mut stream = connect(&proxy).await;
    assert!(answers(&mut stream).await.unwrap());
    stream.write_all(b"hello").await.unwrap();
    let mut buffer = [0; 5];
    assert_eq!(stream.read(&mut buffer).await.unwrap(), 2);
    assert!(timeout(QUIET, stream.read(&mut buffer)).await.is_err());
}

#[tokio::test]
async fn garbling_keeps_the_length() {
    let proxy = echo().await;
    let mut stream = connect(&proxy).await;
    proxy.corrupt(Some(Corruption::Bytes), 7);
    let mut changed = 0;
    for _ in 0..60 {
        stream.write_all(b"hello").await.unwrap();
        let mut buffer = [0; 5];
        stream.read_exact(&mut buffer).await.unwrap();
        changed += usize::from(buffer != *b"hello");
    }
    assert!((5..55).contains(&changed), "{changed} of 60");
}

async fn on_postgres() -> (TcpProxy, Database, String) {
    let server = Postgres::shared().unwrap_or_else(|error| panic!("{error}"));
    let database = server.database().await.unwrap();
    let (_, address) = server.url().rsplit_once('@').unwrap();
    let proxy = TcpProxy::start(address.parse().unwrap()).await.unwrap();
    let url = database.url().replace(address, &format!("127.0.0.1:{}", proxy.port()));
    (proxy, database, url)
}

#[tokio::test]
async fn a_statement_is_counted_by_its_sync_on_postgres() {
    let (proxy, _database, url) = on_postgres().await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let one = sqlx::query_scalar::<_, i32>("SELECT 1").fetch_one(&mut connection).await.unwrap();
    let before = proxy.counts().syncs;
    for _ in 0..10 {
        sqlx::query_scalar::<_, i32>("SELECT 1").fetch_one(&mut connection).await.unwrap();
    }
    assert_eq!((one, proxy.counts().syncs - before), (1, 10));
}

#[tokio::test]
async fn a_response_is_lost_after_its_commit_on_postgres() {
    let (proxy, database, url) = on_postgres().await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::query("CREATE TABLE kept (id bigint)").execute(&mut connection).await.unwrap();
    proxy.silence_after_commit(true);
    let insert = sqlx::query("INSERT INTO kept VALUES (1)").execute(&mut connection);
    assert!(timeout(QUIET, insert).await.is_err(), "its answer is lost");
    drop(connection);
    let mut direct = PgConnection::connect(&database.url()).await.unwrap();
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM kept").fetch_one(&mut direct).await.unwrap();
    assert_eq!(count, 1, "it is committed");
}

#[tokio::test]
async fn only_the_login_is_delayed_on_postgres() {
    let (proxy, _database, url) = on_postgres().await;
    proxy.delay_login(Duration::from_millis(200));
    let start = Instant::now();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    assert!(start.elapsed() >= Duration::from_millis(400), "two answers: {:?}", start.elapsed());
    proxy.delay_login(Duration::from_mins(1));
    connection.ping().await.unwrap();
}
