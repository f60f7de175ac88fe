//! The caller of a replay: writes the recorded bytes and reads what comes back.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::wire::{Message, Reader};

/// Sends the bytes and hangs up after a while, whatever has come by then.
pub(crate) async fn call_and_leave(address: SocketAddr, bytes: &[u8], after: Duration) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let reads = async { while stream.read_buf(&mut Vec::new()).await.is_ok_and(|read| read > 0) {} };
    timeout(after, reads).await.ok();
}

/// Sends the bytes and reads one answer, interim ones skipped; none when the connection closes first.
pub(crate) async fn call(address: SocketAddr, bytes: &[u8]) -> Option<Message> {
    let (input, mut output) = TcpStream::connect(address).await.unwrap().into_split();
    output.write_all(bytes).await.unwrap();
    let mut reader = Reader::new(input);
    loop {
        let mut answer = reader.head().await?;
        let status = answer.line.split(' ').nth(1).unwrap_or_default().to_owned();
        if status.len() == 3 && status.starts_with('1') {
            continue;
        }
        let none = bytes.starts_with(b"HEAD ") || status == "204" || status == "304";
        reader.body(&mut answer, none).await;
        return Some(answer);
    }
}
