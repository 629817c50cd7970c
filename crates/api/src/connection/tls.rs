//! TLS on the server's connections (RFC 8446, RFC 5246), with a certificate that can be replaced while the server runs.

use std::collections::HashMap;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::rejection::ProtocolError;

/// The first byte of a TLS record with a handshake (RFC 8446, section 5.1). No request begins with it.
const HANDSHAKE: u8 = 22;

/// What connections carry.
const HTTP: &[u8] = b"http/1.1";
/// What a certificate authority asks for that looks whether a domain is ours (RFC 8737, section 6.2).
const CHALLENGE: &[u8] = b"acme-tls/1";

/// Why a certificate and a key can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The text is not PEM, or it has no certificate.
    #[error("the file has no certificate in PEM")]
    NoCertificate,
    /// The text is not PEM, or it has no private key.
    #[error("the file has no private key in PEM")]
    NoKey,
    /// The key is of a kind that isn't supported, or doesn't belong to the certificate.
    #[error("the certificate and the key can't be used: {0}")]
    Unusable(#[from] rustls::Error),
}

/// TLS 1.2 and 1.3 for connections with HTTP/1.1. Clones share the certificates.
#[derive(Clone)]
pub struct ServerTls {
    acceptor: TlsAcceptor,
    certificates: Arc<Certificates>,
}

impl std::fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ServerTls(…)")
    }
}

impl ServerTls {
    /// With a certificate, its chain behind it, and its private key, all in PEM.
    ///
    /// # Errors
    /// They can't be used.
    pub fn new(certificate: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let tls = Self::without_certificate()?;
        tls.replace(certificate, key)?;
        Ok(tls)
    }

    /// Without a certificate yet: until there is one, handshakes fail, except those of a certificate authority.
    ///
    /// # Errors
    /// The library refuses its own defaults.
    pub fn without_certificate() -> Result<Self, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let certificates = Arc::<Certificates>::default();
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(certificates.clone());
        config.alpn_protocols = vec![HTTP.to_vec(), CHALLENGE.to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), certificates })
    }

    /// Uses another certificate for the connections that begin from now on.
    ///
    /// # Errors
    /// The new ones can't be used; the old ones stay.
    pub fn replace(&self, certificate: &[u8], key: &[u8]) -> Result<(), TlsError> {
        let (chain, key) = parsed(certificate, key)?;
        let new = CertifiedKey::from_der(chain, key, self.acceptor.config().crypto_provider())?;
        self.certificates.change(|all| all.own = Some(Arc::new(new)));
        Ok(())
    }

    /// Shows this certificate to a certificate authority that looks whether the domain is ours, and to nobody else
    /// (TLS-ALPN-01, RFC 8737), until [`Self::forget_challenges`].
    ///
    /// # Errors
    /// It can't be used.
    pub fn answer_challenge(&self, domain: &str, certificate: &[u8], key: &[u8]) -> Result<(), TlsError> {
        let (chain, key) = parsed(certificate, key)?;
        let key = self.acceptor.config().crypto_provider().key_provider.load_private_key(key)?;
        // Not compared with each other: what only authorities understand is in the certificate.
        let answer = Arc::new(CertifiedKey::new(chain, key));
        self.certificates.change(|all| all.answers.insert(domain.to_owned(), answer));
        Ok(())
    }

    /// Answers no more challenges.
    pub fn forget_challenges(&self) {
        self.certificates.change(|all| all.answers.clear());
    }

    /// Performs the handshake with a client within this time. A client that speaks plain HTTP is told to use HTTPS.
    pub(super) async fn accept(&self, stream: TcpStream, within: Duration) -> io::Result<Transport> {
        timeout(within, self.handshake(stream)).await?
    }

    async fn handshake(&self, mut stream: TcpStream) -> io::Result<Transport> {
        let mut first = [0];
        match stream.peek(&mut first).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ if first[0] == HANDSHAKE => {
                let mut stream = self.acceptor.accept(stream).await?;
                if stream.get_ref().1.alpn_protocol() == Some(CHALLENGE) {
                    // The handshake was all that there is to it (RFC 8737, section 3).
                    stream.shutdown().await?;
                    return Err(io::Error::other(
                        "a certificate authority has looked whether the domain is ours",
                    ));
                }
                Ok(Transport::Tls(Box::new(stream)))
            }
            _ => {
                stream.write_all(&ProtocolError::NotTls.response()).await?;
                stream.shutdown().await?;
                Err(io::Error::new(io::ErrorKind::InvalidData, ProtocolError::NotTls))
            }
        }
    }
}

/// The certificates that are shown.
#[derive(Default)]
struct Certificates(RwLock<Shown>);

#[derive(Default)]
struct Shown {
    /// The server's, to clients.
    own: Option<Arc<CertifiedKey>>,
    /// By domain, in lower case: to certificate authorities.
    answers: HashMap<String, Arc<CertifiedKey>>,
}

impl Certificates {
    fn change<T>(&self, change: impl FnOnce(&mut Shown) -> T) {
        change(&mut self.0.write().unwrap_or_else(PoisonError::into_inner));
    }
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Certificates(…)")
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let shown = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let is_challenge = hello.alpn().is_some_and(|asked| asked.eq([CHALLENGE]));
        if is_challenge {
            return shown.answers.get(&hello.server_name()?.to_ascii_lowercase()).cloned();
        }
        shown.own.clone()
    }
}

fn parsed(
    certificate: &[u8],
    key: &[u8],
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or(TlsError::NoCertificate)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::NoKey)?;
    Ok((chain, key))
}

/// What a connection is carried by.
#[derive(Debug)]
pub(super) enum Transport {
    /// TCP.
    Plain(TcpStream),
    /// TLS over TCP. Boxed, because it is a kilobyte that plain connections don't need.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Transport {
    /// The connection underneath.
    #[cfg(test)]
    pub(super) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => stream.get_ref().0,
        }
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, out),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, out),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(context, pieces),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(context, pieces),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, CustomExtension, KeyPair};
    use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
    use rustls::pki_types::{ServerName, UnixTime};
    use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
    use tokio::io::AsyncReadExt;
    use tokio_rustls::TlsConnector;

    use super::*;

    const DOMAIN: &str = "chat.example.org";

    /// A certificate with these extensions, and its key.
    fn certificate(extensions: Vec<CustomExtension>) -> (String, String) {
        let mut params = CertificateParams::new([DOMAIN.to_owned()]).unwrap();
        params.custom_extensions = extensions;
        let key = KeyPair::generate().unwrap();
        (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
    }

    /// What the server shows to an authority: with a critical extension that nobody else understands.
    fn answer() -> (String, String) {
        certificate(vec![CustomExtension::new_acme_identifier(&[7; 32])])
    }

    /// Trusts one certificate. No other verifier takes that of an answer, as an authority does.
    #[derive(Debug)]
    struct Only(CertificateDer<'static>);

    impl ServerCertVerifier for Only {
        fn verify_server_cert(
            &self,
            shown: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            if *shown == self.0 {
                return Ok(ServerCertVerified::assertion());
            }
            Err(CertificateError::UnknownIssuer.into())
        }

        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            vec![SignatureScheme::ECDSA_NISTP256_SHA256]
        }
    }

    /// What a client gets that trusts this certificate only: the protocol that was agreed on, and whether the server
    /// passes the connection on.
    async fn meet(
        tls: &ServerTls,
        trusted: &str,
        name: &'static str,
        protocols: &[&[u8]],
    ) -> Option<(Vec<u8>, bool)> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let trusted = CertificateDer::from_pem_slice(trusted.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Only(trusted)))
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        let client = async {
            let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let connector = TlsConnector::from(Arc::new(config));
            let mut stream = connector.connect(ServerName::try_from(name).unwrap(), stream).await.ok()?;
            let agreed = stream.get_ref().1.alpn_protocol().unwrap_or_default().to_vec();
            if agreed == CHALLENGE {
                // The server ends it.
                assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
            }
            Some(agreed)
        };
        let server = async {
            let (stream, _) = listener.accept().await.unwrap();
            tls.accept(stream, Duration::from_secs(10)).await.is_ok()
        };
        let (agreed, passed_on) = tokio::join!(client, server);
        agreed.map(|agreed| (agreed, passed_on))
    }

    #[tokio::test]
    async fn a_challenge_is_answered_to_who_asks_for_it_and_to_nobody_else() {
        let ((own, own_key), (answer, answer_key)) = (certificate(Vec::new()), answer());
        let tls = ServerTls::new(own.as_bytes(), own_key.as_bytes()).unwrap();
        let http = || Some((HTTP.to_vec(), true));
        assert_eq!(meet(&tls, &answer, DOMAIN, &[CHALLENGE]).await, None, "there is none yet");
        tls.answer_challenge(DOMAIN, answer.as_bytes(), answer_key.as_bytes()).unwrap();
        assert_eq!(meet(&tls, &answer, DOMAIN, &[CHALLENGE]).await, Some((CHALLENGE.to_vec(), false)));
        assert_eq!(meet(&tls, &answer, "CHAT.example.org", &[CHALLENGE]).await.map(|met| met.1), Some(false));
        assert_eq!(meet(&tls, &answer, "other.example.org", &[CHALLENGE]).await, None);
        assert_eq!(meet(&tls, &own, DOMAIN, &[HTTP]).await, http());
        assert_eq!(meet(&tls, &own, DOMAIN, &[]).await, Some((Vec::new(), true)));
        assert_eq!(meet(&tls, &own, DOMAIN, &[CHALLENGE, HTTP]).await, http(), "a client, not an authority");
        tls.forget_challenges();
        assert_eq!(meet(&tls, &answer, DOMAIN, &[CHALLENGE]).await, None);
    }

    #[tokio::test]
    async fn without_a_certificate_clients_fail_and_authorities_do_not() {
        let ((own, own_key), (answer, answer_key)) = (certificate(Vec::new()), answer());
        let tls = ServerTls::without_certificate().unwrap();
        assert_eq!(meet(&tls, &own, DOMAIN, &[HTTP]).await, None);
        tls.answer_challenge(DOMAIN, answer.as_bytes(), answer_key.as_bytes()).unwrap();
        assert_eq!(meet(&tls, &answer, DOMAIN, &[CHALLENGE]).await, Some((CHALLENGE.to_vec(), false)));
        tls.replace(own.as_bytes(), own_key.as_bytes()).unwrap();
        assert_eq!(meet(&tls, &own, DOMAIN, &[HTTP]).await, Some((HTTP.to_vec(), true)));
    }
}
