//! TLS in front of a server of this machine that speaks none.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};

use crate::{
    Issued,
    http::{Tls, acceptor},
};

/// Ends TLS and passes on what comes through it. It stops when the value is dropped.
#[derive(Debug)]
pub struct TlsProxy {
    address: SocketAddr,
    accepting: AbortHandle,
}

impl Drop for TlsProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl TlsProxy {
    /// Starts a proxy that terminates TLS with this certificate and forwards to `behind`.
    ///
    /// # Errors
    /// When the certificate is none, or there is no free port.
    pub async fn start(own: &Issued, behind: SocketAddr) -> io::Result<Self> {
        let acceptor = acceptor(&Tls { own, clients: None }, &[])?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let mut outside = acceptor.accept(stream).await?;
                    let mut inside = TcpStream::connect(behind).await?;
                    copy_bidirectional(&mut outside, &mut inside).await
                });
            }
        });
        Ok(Self { address, accepting: accepting.abort_handle() })
    }

    /// The port of 127.0.0.1 that it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }
}
