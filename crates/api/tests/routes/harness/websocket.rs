//! A client that listens on a WebSocket.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::protocol::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::{ClientRequestBuilder, Error};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::{Client, Listening, Transport, assert_asked, assert_told};

/// How long a test waits for something, whatever comes before it.
const DEADLINE: Duration = Duration::from_secs(60);

/// What tells a frame from an event that a test waits for.
const ASIDE: [&str; 2] = ["presence", "heartbeat"];

/// An open WebSocket for events.
pub(crate) struct WebSocket {
    stream: WebSocketStream<TcpStream>,
    /// Frames that came while something else was waited for.
    waiting: VecDeque<Value>,
    /// Every frame that has come, as it came.
    pub heard: Vec<String>,
}

impl WebSocket {
    /// Opens one with the client's key, and takes the `hello`.
    pub(crate) async fn open(listening: &Listening, client: &Client, query: &str) -> (Self, Value) {
        let mut socket = Self::connect(listening, &[("X-API-Key", client.key())], query).await;
        let hello = socket.any().await;
        assert_eq!(hello["type"], "hello", "{hello}");
        (socket, hello)
    }

    /// Opens one with these headers.
    pub(crate) async fn connect(listening: &Listening, headers: &[(&str, &str)], query: &str) -> Self {
        let tcp = TcpStream::connect(listening.address()).await.expect("connects");
        Self::over(tcp, listening, headers, query).await
    }

    /// Opens one that the system takes little of, while nobody reads.
    pub(crate) async fn narrow(listening: &Listening, client: &Client) -> Self {
        let tcp = TcpSocket::new_v4().expect("a socket");
        tcp.set_recv_buffer_size(4_096).expect("a small buffer");
        let tcp = tcp.connect(listening.address()).await.expect("connects");
        Self::over(tcp, listening, &[("X-API-Key", client.key())], "").await
    }

    async fn over(tcp: TcpStream, listening: &Listening, headers: &[(&str, &str)], query: &str) -> Self {
        let uri = format!("ws://{}/api/events/socket?{query}", listening.address());
        let request = ClientRequestBuilder::new(uri.parse().expect("a URI"));
        let request =
            headers.iter().fold(request, |request, (name, value)| request.with_header(*name, *value));
        let (stream, _) = client_async(request, tcp).await.expect("a WebSocket opens");
        Self { stream, waiting: VecDeque::new(), heard: Vec::new() }
    }

    /// The next frame, but for heartbeats and who is there.
    pub(crate) async fn next(&mut self) -> Value {
        self.find(|frame| !ASIDE.iter().any(|aside| frame["type"] == *aside)).await
    }

    /// The next frame of this type; those before it are lost.
    pub(crate) async fn wait_for(&mut self, event_type: &str) -> Value {
        self.find(|frame| frame["type"] == event_type).await
    }

    /// The next frame.
    pub(crate) async fn any(&mut self) -> Value {
        self.find(|_| true).await
    }

    /// The next frame that is looked for; those before it are lost.
    pub(crate) async fn find(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        let found = timeout(DEADLINE, async {
            loop {
                let frame = self.take().await;
                if is_it(&frame) {
                    return frame;
                }
            }
        });
        let found = found.await;
        found.unwrap_or_else(|_| panic!("it comes in time; what came: {:#?}", self.heard))
    }

    async fn take(&mut self) -> Value {
        match self.waiting.pop_front() {
            Some(frame) => frame,
            None => self.read().await.unwrap_or_else(|code| panic!("the server closes with {code}")),
        }
    }

    /// Sends a request and takes its answer; what comes before that is kept.
    pub(crate) async fn ask(&mut self, mut request: Value) -> Value {
        request["id"] = json!("the test's");
        self.send(&request.to_string()).await;
        let mut before = VecDeque::new();
        let answer = in_time(async {
            loop {
                let frame = self.take().await;
                if frame["id"] == request["id"] {
                    return frame;
                }
                before.push_back(frame);
            }
        })
        .await;
        self.waiting = before;
        if answer["type"] == "reply" {
            assert_asked(&request, &answer);
        }
        answer
    }

    /// Sends a text frame.
    pub(crate) async fn send(&mut self, text: &str) {
        self.send_message(Message::text(text)).await;
    }

    /// Sends a frame of any kind.
    pub(crate) async fn send_message(&mut self, message: Message) {
        self.stream.send(message).await.expect("the frame is sent");
    }

    /// Sends one frame as it is.
    pub(crate) async fn send_frame(&mut self, frame: Frame) {
        self.send_message(Message::Frame(frame)).await;
    }

    /// Sends bytes that need not be a frame; whether the server takes them.
    pub(crate) async fn send_raw(&mut self, bytes: &[u8]) -> bool {
        in_time(self.stream.get_mut().write_all(bytes)).await.is_ok()
    }

    /// The code that the server closes with, and what it said before.
    pub(crate) async fn closed(&mut self) -> (u16, Vec<Value>) {
        let mut said: Vec<_> = self.waiting.drain(..).collect();
        let closed = async {
            loop {
                match self.read().await {
                    Ok(frame) => said.push(frame),
                    Err(code) => return code,
                }
            }
        };
        (in_time(closed).await, said)
    }

    /// The bare connection, of which nobody reads frames any more.
    pub(crate) fn into_tcp(self) -> TcpStream {
        self.stream.into_inner()
    }

    /// A text frame, or the code that the server closes with: 0 where it just goes.
    async fn read(&mut self) -> Result<Value, u16> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => {
                    let frame = serde_json::from_str(&text).expect("JSON");
                    assert_told(Transport::Socket, &frame);
                    self.heard.push(text.to_string());
                    return Ok(frame);
                }
                Some(Ok(Message::Close(reason))) => return Err(reason.map_or(0, |reason| reason.code.into())),
                Some(Ok(_)) => {}
                None | Some(Err(Error::Io(_) | Error::Protocol(_) | Error::ConnectionClosed)) => {
                    return Err(0);
                }
                Some(Err(error)) => panic!("{error}"),
            }
        }
    }
}

async fn in_time<T>(what: impl Future<Output = T>) -> T {
    timeout(DEADLINE, what).await.expect("it comes in time")
}
