//! Stands between the storage and the server, and loses what it is told to.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// Forwards connections, each way on a thread of its own, until it is dropped.
pub(crate) struct Proxy {
    here: SocketAddr,
    url: String,
    line: Arc<Line>,
}

/// What it has been told, and what is open.
struct Line {
    /// `HOST:PORT` of the server.
    server: String,
    /// How many connections are still rejected.
    refuse: AtomicUsize,
    /// How many are admitted then.
    admit: AtomicUsize,
    /// The request whose answer is lost.
    lose: Mutex<Option<&'static str>>,
    open: Mutex<Vec<TcpStream>>,
    closed: AtomicBool,
}

impl Proxy {
    /// One in front of the server of this URL.
    pub(crate) fn to(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap();
        let (place, database) = rest.split_once('/').unwrap();
        let (user, server) = place.split_once('@').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let here = listener.local_addr().unwrap();
        let line = Arc::new(Line {
            server: server.to_owned(),
            refuse: AtomicUsize::new(0),
            admit: AtomicUsize::new(usize::MAX),
            lose: Mutex::new(None),
            open: Mutex::default(),
            closed: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&line);
        thread::spawn(move || accepting.accept(&listener));
        // It couldn't read what is encrypted.
        let and = if database.contains('?') { '&' } else { '?' };
        Self { here, url: format!("{scheme}://{user}@{here}/{database}{and}sslmode=disable"), line }
    }

    /// The database's URL by way of this.
    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    /// The next answer to this request never arrives; the connection ends instead.
    pub(crate) fn lose_the_next_answer_to(&self, request: &'static str) {
        *self.line.lose.lock().unwrap() = Some(request);
    }

    /// Rejects the next connections.
    pub(crate) fn refuse_next(&self, count: usize) {
        self.line.refuse.store(count, Ordering::SeqCst);
    }

    /// Rejects connections after so many more.
    pub(crate) fn admit_only(&self, count: usize) {
        self.line.admit.store(count, Ordering::SeqCst);
    }

    /// Rejects connections from now on, and ends those that are open.
    pub(crate) fn refuse(&self) {
        self.refuse_next(usize::MAX);
        for stream in self.line.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Rejects no more connections.
    pub(crate) fn forward(&self) {
        self.refuse_next(0);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.line.closed.store(true, Ordering::SeqCst);
        self.refuse();
        // Wakes whoever accepts.
        let _ = TcpStream::connect(self.here);
    }
}

impl Line {
    fn accept(self: &Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming() {
            if self.closed.load(Ordering::SeqCst) {
                return;
            }
            if !take_one(&self.refuse) && take_one(&self.admit) {
                self.connect(client.unwrap());
            }
        }
    }

    fn connect(self: &Arc<Self>, client: TcpStream) {
        let server = TcpStream::connect(&self.server).unwrap();
        let kept = [&client, &server].map(|stream| stream.try_clone().unwrap());
        self.open.lock().unwrap().extend(kept);
        let is_mute = Arc::new(AtomicBool::new(false));
        let (back, forth) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        let (line, mute) = (Arc::clone(self), Arc::clone(&is_mute));
        thread::spawn(move || {
            pump(client, server, |request| {
                if line.is_to_be_lost(request) {
                    mute.store(true, Ordering::SeqCst);
                }
                true
            });
        });
        thread::spawn(move || pump(back, forth, |_| !is_mute.load(Ordering::SeqCst)));
    }

    /// Whether the answer to this is to be lost; if so, only this once.
    fn is_to_be_lost(&self, request: &[u8]) -> bool {
        let mut lose = self.lose.lock().unwrap();
        let sought = lose.map(str::as_bytes);
        let is_it = sought.is_some_and(|sought| request.windows(sought.len()).any(|part| part == sought));
        if is_it {
            *lose = None;
        }
        is_it
    }
}

/// Counts down to nothing; whether it has not come to it yet.
fn take_one(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

/// Forwards until either end closes, or something is not to be forwarded; then closes both.
fn pump(mut from: TcpStream, mut to: TcpStream, forward: impl Fn(&[u8]) -> bool) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if !forward(&buffer[..length]) || to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    for stream in [from, to] {
        let _ = stream.shutdown(Shutdown::Both);
    }
}
