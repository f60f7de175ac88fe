//! The HTTP under the servers that stand in for services of a cloud: one handler, plain or behind TLS.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    task::AbortHandle,
};
use tokio_rustls::TlsAcceptor;

use crate::Issued;

/// A whole answer.
pub(crate) type Reply = Response<Full<Bytes>>;

/// A server that ends with this value.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    accepting: AbortHandle,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Server {
    /// Serves at this address, port 0 for a free one; behind TLS when there is a certificate.
    pub(crate) async fn start<F>(
        address: SocketAddr,
        tls: Option<&Issued>,
        handler: impl Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    ) -> io::Result<Self>
    where
        F: Future<Output = Reply> + Send + 'static,
    {
        let acceptor = tls.map(acceptor).transpose()?;
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, handler) = (acceptor.clone(), handler.clone());
                tokio::spawn(async move {
                    match acceptor {
                        None => serve(stream, handler).await,
                        // Whoever does not trust the certificate breaks off here.
                        Some(acceptor) => match acceptor.accept(stream).await {
                            Ok(stream) => serve(stream, handler).await,
                            Err(_distrust) => {}
                        },
                    }
                });
            }
        });
        Ok(Self { address, accepting: accepting.abort_handle() })
    }
}

async fn serve<S, F>(stream: S, handler: impl Fn(Request<Incoming>) -> F)
where
    S: AsyncRead + AsyncWrite + Unpin,
    F: Future<Output = Reply>,
{
    let service = service_fn(|request| {
        let reply = handler(request);
        async move { Ok::<_, Infallible>(reply.await) }
    });
    // A client that goes away is no fault of the server's.
    let _gone = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

fn acceptor(issued: &Issued) -> io::Result<TlsAcceptor> {
    let chain = CertificateDer::pem_slice_iter(issued.certificate.as_bytes());
    let chain = chain.collect::<Result<Vec<_>, _>>().map_err(io::Error::other)?;
    let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).map_err(io::Error::other)?;
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(io::Error::other)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
