//! The HTTP server of the test servers that simulate cloud services: one handler, plain or behind TLS, over HTTP/1 or
//! HTTP/2 as the client likes.

use std::{convert::Infallible, error::Error, io, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Request, Response,
    body::{Body, Incoming},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::WebPkiClientVerifier,
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

/// How a server proves who it is, and which clients it lets in.
pub(crate) struct Tls<'a> {
    pub(crate) own: &'a Issued,
    /// The authority, PEM, that has to have signed the certificate of every client; none asks for no certificate.
    pub(crate) clients: Option<&'a str>,
}

/// The certificate that a client showed, DER; an extension of its requests.
#[derive(Clone, Debug)]
pub(crate) struct PeerCertificate(pub(crate) Vec<u8>);

impl Server {
    /// Serves at this address, port 0 for a free one; behind TLS when there is a certificate.
    pub(crate) async fn start<F, B>(
        address: SocketAddr,
        tls: Option<Tls<'_>>,
        handler: impl Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    ) -> io::Result<Self>
    where
        F: Future<Output = Response<B>> + Send + 'static,
        B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        Self::on(TcpListener::bind(address).await?, tls, handler)
    }

    /// Serves where this listens; behind TLS when there is a certificate.
    pub(crate) fn on<F, B>(
        listener: TcpListener,
        tls: Option<Tls<'_>>,
        handler: impl Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    ) -> io::Result<Self>
    where
        F: Future<Output = Response<B>> + Send + 'static,
        B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
    {
        let acceptor = tls.map(|tls| acceptor(&tls, &[b"h2", b"http/1.1"])).transpose()?;
        let address = listener.local_addr()?;
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, handler) = (acceptor.clone(), handler.clone());
                tokio::spawn(async move {
                    match acceptor {
                        None => serve(stream, None, handler).await,
                        // A client that does not trust the certificate, or shows none that is trusted, ends here.
                        Some(acceptor) => match acceptor.accept(stream).await {
                            Ok(stream) => {
                                let first = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
                                let peer_certificate =
                                    first.map(|certificate| PeerCertificate(certificate.to_vec()));
                                serve(stream, peer_certificate, handler).await;
                            }
                            Err(_distrust) => {}
                        },
                    }
                });
            }
        });
        Ok(Self { address, accepting: accepting.abort_handle() })
    }
}

async fn serve<S, F, B>(
    stream: S,
    peer_certificate: Option<PeerCertificate>,
    handler: impl Fn(Request<Incoming>) -> F,
) where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let service = service_fn(|mut request: Request<Incoming>| {
        if let Some(peer_certificate) = &peer_certificate {
            request.extensions_mut().insert(peer_certificate.clone());
        }
        let reply = handler(request);
        async move { Ok::<_, Infallible>(reply.await) }
    });
    // A client that closes its connection is no error of the server's.
    let _gone = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

/// Accepts the connections of these protocols; of every protocol where none is named.
pub(crate) fn acceptor(tls: &Tls<'_>, protocols: &[&[u8]]) -> io::Result<TlsAcceptor> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let chain = certificates(&tls.own.certificate)?;
    let key = PrivateKeyDer::from_pem_slice(tls.own.key.as_bytes()).map_err(io::Error::other)?;
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    let builder = match tls.clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(certificates(authority)?);
            let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder.with_client_cert_verifier(clients.map_err(io::Error::other)?)
        }
    };
    let mut config = builder.with_single_cert(chain, key).map_err(io::Error::other)?;
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(pem: &str) -> io::Result<Vec<CertificateDer<'static>>> {
    let found = CertificateDer::pem_slice_iter(pem.as_bytes());
    found.collect::<Result<_, _>>().map_err(io::Error::other)
}
