//! TLS without a proxy.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::Message;

use crate::commands::{complaint, printed, run};
use crate::harness::{DEADLINE, Data, Server, data, serve};

const GET: &str = "GET /api/version HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A certificate for this machine, and its key.
struct Certificate {
    certificate: String,
    key: String,
}

impl Certificate {
    fn new() -> Self {
        let names = vec!["localhost".to_owned()];
        let rcgen::CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(names).unwrap();
        Self { certificate: cert.pem(), key: signing_key.serialize_pem() }
    }

    /// Connects as a client that trusts this certificate and no other.
    async fn connect(&self, server: &Server) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(server.address()).await?;
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }
}

/// The two files that a server is told of.
struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn with(certificate: &Certificate) -> Self {
        let files = Self { folder: tempfile::tempdir().unwrap() };
        files.write(certificate);
        files
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    fn write(&self, Certificate { certificate, key }: &Certificate) {
        std::fs::write(self.certificate(), certificate).unwrap();
        std::fs::write(self.key(), key).unwrap();
    }

    fn arguments(&self) -> [String; 4] {
        let path = |path: PathBuf| path.to_str().unwrap().to_owned();
        ["--tls-certificate".into(), path(self.certificate()), "--tls-key".into(), path(self.key())]
    }
}

async fn start(data: &Data, files: &Files, further: &[&str]) -> Server {
    let mut command = serve(data);
    command.args(files.arguments()).args(further);
    Server::spawn(command).await
}

/// Sends a request, and reads its response: the head, and the body as JSON.
async fn ask(stream: &mut TlsStream<TcpStream>, request: &str) -> (String, Value) {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut read = Vec::new();
    let (head, length) = loop {
        assert_ne!(timeout(DEADLINE, stream.read_buf(&mut read)).await.unwrap().unwrap(), 0, "a response");
        let text = String::from_utf8_lossy(&read).to_lowercase();
        let Some((head, _)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        break (head.to_owned(), length.parse::<usize>().unwrap());
    };
    while read.len() < head.len() + 4 + length {
        timeout(DEADLINE, stream.read_buf(&mut read)).await.unwrap().unwrap();
    }
    (head.clone(), serde_json::from_slice(&read[head.len() + 4..]).unwrap())
}

fn post(path: &str, key: Option<&str>, body: &Value) -> String {
    let body = body.to_string();
    let key = key.map(|key| format!("X-API-Key: {key}\r\n")).unwrap_or_default();
    format!(
        "POST /api{path} HTTP/1.1\r\nHost: localhost\r\n{key}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn requests_and_sockets_go_over_tls() {
    let (data, certificate) = (data(), Certificate::new());
    let files = Files::with(&certificate);
    let server = start(&data, &files, &[]).await;
    assert!(server.url.starts_with("https://127.0.0.1:"), "{}", server.url);
    let mut stream = certificate.connect(&server).await.unwrap();
    let (head, version) = ask(&mut stream, GET).await;
    assert!(head.starts_with("http/1.1 200") && version["version"].is_string(), "{head}");
    assert!(head.contains("strict-transport-security: max-age=31536000"), "{head}");
    // The same connection again, with bodies in both directions.
    let login = json!({"username": "admin", "password": server.password});
    let (_, session) = ask(&mut stream, &post("/login", None, &login)).await;
    let key = session["api_key"].as_str().unwrap();
    let (head, group) = ask(&mut stream, &post("/groups", Some(key), &json!({"name": "Safe"}))).await;
    assert!(head.starts_with("http/1.1 201"), "{head}");
    let long = "x".repeat(10_000);
    let messages = format!("/groups/{}/messages", group["id"]);
    let (_, sent) = ask(&mut stream, &post(&messages, Some(key), &json!({"text": long}))).await;
    assert_eq!(sent["text"], long.as_str());

    let (_, ticket) = ask(&mut stream, &post("/events/ticket", Some(key), &json!({}))).await;
    let url = format!("wss://localhost/api/events/socket?ticket={}", ticket["ticket"].as_str().unwrap());
    let connection = certificate.connect(&server).await.unwrap();
    let (mut socket, _) = tokio_tungstenite::client_async(url, connection).await.unwrap();
    let hello: Value =
        serde_json::from_str(socket.next().await.unwrap().unwrap().to_text().unwrap()).unwrap();
    assert_eq!(hello["type"], "hello");
    socket.send(Message::Ping("here".into())).await.unwrap();
    ask(&mut stream, &post(&messages, Some(key), &json!({"text": "to the socket"}))).await;
    let heard = timeout(DEADLINE, async {
        loop {
            let frame = socket.next().await.unwrap().unwrap();
            if frame.is_text() && frame.to_text().unwrap().contains("to the socket") {
                return;
            }
        }
    });
    heard.await.expect("the socket hears of it");
    server.stop().await;
}

#[tokio::test]
async fn who_speaks_plain_http_is_told_what_to_do() {
    let (data, certificate) = (data(), Certificate::new());
    let files = Files::with(&certificate);
    let server = start(&data, &files, &["--tls-hsts-days", "0"]).await;
    let mut plain = TcpStream::connect(server.address()).await.unwrap();
    plain.write_all(GET.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(DEADLINE, plain.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("https://"), "{answer}");
    let mut stream = certificate.connect(&server).await.unwrap();
    let (head, _) = ask(&mut stream, GET).await;
    assert!(!head.contains("strict-transport-security"), "{head}");
    server.stop().await;
}

#[tokio::test]
async fn names_below_the_servers_are_in_it_if_the_operator_says_so() {
    let (data, certificate) = (data(), Certificate::new());
    let files = Files::with(&certificate);
    let server = start(&data, &files, &["--tls-hsts-days", "1", "--tls-hsts-subdomains", "yes"]).await;
    let mut stream = certificate.connect(&server).await.unwrap();
    let (head, _) = ask(&mut stream, GET).await;
    assert!(head.contains("strict-transport-security: max-age=86400; includesubdomains"), "{head}");
    server.stop().await;
}

#[tokio::test]
async fn a_handshake_that_does_not_end_is_given_up() {
    let (data, certificate) = (data(), Certificate::new());
    let files = Files::with(&certificate);
    let server = start(&data, &files, &["--http-head-timeout", "1"]).await;
    // Nothing; the beginning of a record; a record that isn't one.
    for sent in [&b""[..], &[22, 3, 1, 2, 0, 1], &[22, 3, 1, 0, 4, 9, 9, 9, 9]] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(sent).await.unwrap();
        let begun = Instant::now();
        let mut rest = Vec::new();
        let _ = timeout(DEADLINE, stream.read_to_end(&mut rest)).await.expect("the connection is closed");
        assert!(begun.elapsed() < Duration::from_secs(5), "{sent:?}");
    }
    ask(&mut certificate.connect(&server).await.unwrap(), GET).await;
    server.stop().await;
}

/// Waits until new connections are given this certificate.
async fn shown(server: &Server, certificate: &Certificate) -> TlsStream<TcpStream> {
    let begun = Instant::now();
    loop {
        match certificate.connect(server).await {
            Ok(stream) => return stream,
            Err(_) if begun.elapsed() < DEADLINE => tokio::time::sleep(Duration::from_millis(200)).await,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_renewed_certificate_is_used_and_a_broken_one_is_not() {
    let (data, first, second) = (data(), Certificate::new(), Certificate::new());
    let files = Files::with(&first);
    let server = start(&data, &files, &[]).await;
    let mut old = first.connect(&server).await.unwrap();
    // A key without its certificate, as between two writes.
    std::fs::write(files.key(), &second.key).unwrap();
    ask(&mut first.connect(&server).await.unwrap(), GET).await;
    files.write(&second);
    let mut new = shown(&server, &second).await;
    assert!(first.connect(&server).await.is_err());
    // Connections of before go on.
    for stream in [&mut old, &mut new] {
        assert!(ask(stream, GET).await.0.starts_with("http/1.1 200"));
    }
    std::fs::write(files.certificate(), "no certificate").unwrap();
    std::fs::remove_file(files.key()).unwrap();
    let third = Certificate::new();
    ask(&mut second.connect(&server).await.unwrap(), GET).await;
    files.write(&third);
    shown(&server, &third).await;
    server.stop().await;
}

#[tokio::test]
async fn health_is_asked_over_tls() {
    let (data, certificate) = (data(), Certificate::new());
    let files = Files::with(&certificate);
    let server = start(&data, &files, &[]).await;
    let port = server.address().rsplit(':').next().unwrap().to_owned();
    let health = async |files: &Files| {
        let settings = files.arguments();
        let settings = settings.each_ref().map(String::as_str);
        run(&data, &[&["health", "--port", &port], &settings[..]].concat()).await
    };
    assert_eq!(printed(&health(&files).await), "ok\n");
    // Another server's certificate.
    let complaint = complaint(&health(&Files::with(&Certificate::new())).await);
    assert!(complaint.contains("is unhealthy"), "{complaint}");
    server.stop().await;
}

#[tokio::test]
async fn what_cannot_be_used_is_said_at_the_start() {
    let (data, certificate) = (data(), Certificate::new());
    let files = Files::with(&certificate);
    let [certificate_flag, certificate_path, key_flag, key_path] = files.arguments();
    let said = async |arguments: &[&str]| {
        complaint(&run(&data, &[&["serve", "--port", "0"], arguments].concat()).await)
    };
    let words = said(&[&certificate_flag, &certificate_path]).await;
    assert!(words.contains("tls.certificate and tls.key can only be used together"), "{words}");
    let words = said(&[&certificate_flag, "/nowhere.pem", &key_flag, &key_path]).await;
    assert!(words.contains("can't read the file /nowhere.pem"), "{words}");
    let with = |certificate: &Path, key: &Path| {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        [certificate_flag.clone(), text(certificate), key_flag.clone(), text(key)]
    };
    let others = Files::with(&Certificate::new());
    for (certificate, key, reason) in [
        (files.key(), files.key(), "no certificate in PEM"),
        (files.certificate(), files.certificate(), "no private key in PEM"),
        (files.certificate(), others.key(), "can't be used"),
    ] {
        let arguments = with(&certificate, &key);
        let words = said(&arguments.iter().map(String::as_str).collect::<Vec<_>>()).await;
        assert!(words.contains(reason), "{words}");
    }
}

/// A server that orders its certificate, from an authority that isn't there.
async fn without_authority(data: &Data, further: &[&str]) -> Server {
    let mut command = serve(data);
    command.args(["--tls-acme-domains", "localhost"]);
    // Nobody listens on this port (RFC 1340, "Assigned Numbers": reserved as a multiplexer that nobody has).
    command.args(["--tls-acme-directory", "https://127.0.0.1:1/directory"]).args(further);
    Server::spawn(command).await
}

#[tokio::test]
async fn a_server_whose_authority_is_down_waits_for_a_certificate_and_uses_the_one_it_has() {
    let (data, certificate) = (data(), Certificate::new());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let server = without_authority(&data, &["--tls-acme-folder", path]).await;
    assert!(certificate.connect(&server).await.is_err(), "there is none");
    let mut plain = TcpStream::connect(server.address()).await.unwrap();
    plain.write_all(GET.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(DEADLINE, plain.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.contains("https://"), "{answer}");
    let port = server.address().rsplit(':').next().unwrap().to_owned();
    let settings = ["--tls-acme-domains", "localhost", "--tls-acme-folder", path];
    let health = async || run(&data, &[&["health", "--port", &port], &settings[..]].concat()).await;
    let words = complaint(&health().await);
    assert!(words.contains("can't read the file") && words.contains("certificate.pem"), "{words}");

    // As if it had been ordered.
    let both = format!("{}{}", certificate.key, certificate.certificate);
    std::fs::write(folder.path().join("certificate.pem"), both).unwrap();
    let mut stream = shown(&server, &certificate).await;
    let (head, _) = ask(&mut stream, GET).await;
    assert!(head.contains("strict-transport-security"), "{head}");
    assert_eq!(printed(&health().await), "ok\n");
    server.stop().await;

    let server = without_authority(&data, &["--tls-acme-folder", path]).await;
    ask(&mut certificate.connect(&server).await.unwrap(), GET).await;
    server.stop().await;
}

#[tokio::test]
async fn a_certificate_is_given_or_ordered() {
    let (data, certificate) = (data(), Certificate::new());
    let files = Files::with(&certificate).arguments();
    let files = files.each_ref().map(String::as_str);
    let ordered = ["--tls-acme-domains", "localhost"];
    let words = complaint(&run(&data, &[&["serve", "--port", "0"], &files[..], &ordered].concat()).await);
    assert!(words.contains("tls.certificate and tls.acme.domains can't be used together"), "{words}");
}
