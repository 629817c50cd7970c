//! Stands between a client and a server, and loses, holds back or delays what it is told to. The client may be a
//! groupchat server, and the server PostgreSQL.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

/// How many bytes at the beginning of a connection are kept: more than it takes to sign in to PostgreSQL and to say
/// what the connection is for.
const INTRODUCTION: usize = 8 << 10;

/// Forwards connections, each way on a thread of its own, until it is dropped.
pub struct Proxy {
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
    lose: Mutex<Option<LostAnswer>>,
    open: Mutex<Vec<Weak<Pair>>>,
    closed: AtomicBool,
    traffic: Mutex<Traffic>,
    /// Told when the traffic resumes.
    resumed: Condvar,
}

/// A request whose answer is lost.
#[derive(Clone, Copy)]
struct LostAnswer {
    /// What the client says at the beginning of the connections that are meant; nothing if all are.
    introduction: &'static str,
    request: &'static str,
}

/// The two ends of a connection.
struct Pair {
    client: TcpStream,
    server: TcpStream,
}

/// How fast bytes are forwarded.
#[derive(Default)]
struct Traffic {
    is_paused: bool,
    /// The delay of each piece that arrives at once.
    delay: Duration,
}

impl Proxy {
    /// One in front of the server of this URL.
    ///
    /// # Panics
    /// The URL isn't `SCHEME://USER@HOST:PORT/DATABASE`, or no port is free.
    #[must_use]
    pub fn to(url: &str) -> Self {
        let parts = url.split_once("://").and_then(|(scheme, rest)| {
            let (place, database) = rest.split_once('/')?;
            let (user, server) = place.split_once('@')?;
            Some((scheme, user, server, database))
        });
        let (scheme, user, server, database) = parts.expect("SCHEME://USER@HOST:PORT/DATABASE");
        let mut proxy = Self::in_front_of(server);
        // It couldn't read what is encrypted.
        let and = if database.contains('?') { '&' } else { '?' };
        proxy.url = format!("{scheme}://{user}@{}/{database}{and}sslmode=disable", proxy.here);
        proxy
    }

    /// One in front of this `HOST:PORT`, whatever is spoken there.
    ///
    /// # Panics
    /// No port is free.
    #[must_use]
    pub fn in_front_of(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let here = listener.local_addr().expect("it is bound");
        let line = Arc::new(Line {
            server: server.to_owned(),
            refuse: AtomicUsize::new(0),
            admit: AtomicUsize::new(usize::MAX),
            lose: Mutex::new(None),
            open: Mutex::default(),
            closed: AtomicBool::new(false),
            traffic: Mutex::default(),
            resumed: Condvar::new(),
        });
        let accepting = Arc::clone(&line);
        thread::spawn(move || accepting.accept(&listener));
        Self { here, url: here.to_string(), line }
    }

    /// The database's URL by way of this, or `HOST:PORT` if it isn't in front of a database.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The next answer to this request never arrives; the connection ends instead.
    pub fn lose_the_next_answer_to(&self, request: &'static str) {
        self.lose_the_next_answer_of("", request);
    }

    /// The same, on one of the connections at whose beginning the client says this.
    pub fn lose_the_next_answer_of(&self, introduction: &'static str, request: &'static str) {
        *lock(&self.line.lose) = Some(LostAnswer { introduction, request });
    }

    /// Rejects the next connections.
    pub fn refuse_next(&self, count: usize) {
        self.line.refuse.store(count, Ordering::SeqCst);
    }

    /// Rejects connections after so many more.
    pub fn admit_only(&self, count: usize) {
        self.line.admit.store(count, Ordering::SeqCst);
    }

    /// Ends the connections that are open.
    pub fn cut(&self) {
        for pair in lock(&self.line.open).drain(..).filter_map(|pair| pair.upgrade()) {
            pair.shut_down();
        }
    }

    /// Rejects connections from now on, and ends those that are open.
    pub fn refuse(&self) {
        self.refuse_next(usize::MAX);
        self.cut();
    }

    /// Rejects no more connections.
    pub fn forward(&self) {
        self.refuse_next(0);
    }

    /// Forwards nothing from now on. Connections stay open, and new ones are accepted.
    pub fn pause(&self) {
        lock(&self.line.traffic).is_paused = true;
    }

    /// Forwards what was held back, and everything from now on.
    pub fn resume(&self) {
        lock(&self.line.traffic).is_paused = false;
        self.line.resumed.notify_all();
    }

    /// Delays each piece by so long from now on.
    pub fn delay(&self, delay: Duration) {
        lock(&self.line.traffic).delay = delay;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.line.closed.store(true, Ordering::SeqCst);
        self.refuse();
        self.resume();
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
            if let Ok(client) = client
                && !take_one(&self.refuse)
                && take_one(&self.admit)
            {
                self.connect(client);
            }
        }
    }

    /// Rejects the client, as a server would that is down, if there is no server.
    fn connect(self: &Arc<Self>, client: TcpStream) {
        let Ok(server) = TcpStream::connect(&self.server) else { return };
        // Small packets one after the other would otherwise wait for each other's acknowledgement.
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let pair = Arc::new(Pair { client, server });
        let mut open = lock(&self.open);
        open.retain(|pair| pair.strong_count() > 0);
        open.push(Arc::downgrade(&pair));
        drop(open);
        let is_mute = Arc::new(AtomicBool::new(false));
        let (line, back, mute) = (Arc::clone(self), Arc::clone(&pair), Arc::clone(&is_mute));
        thread::spawn(move || {
            let mut begin = Vec::new();
            line.pump(&back.client, &back.server, |request| {
                begin.extend_from_slice(&request[..request.len().min(INTRODUCTION - begin.len())]);
                if line.is_to_be_lost(&begin, request) {
                    mute.store(true, Ordering::SeqCst);
                }
                true
            });
            back.shut_down();
        });
        let line = Arc::clone(self);
        thread::spawn(move || {
            line.pump(&pair.server, &pair.client, |_| !is_mute.load(Ordering::SeqCst));
            pair.shut_down();
        });
    }

    /// Whether the answer to this is to be lost; if so, only this once.
    fn is_to_be_lost(&self, begin: &[u8], request: &[u8]) -> bool {
        let mut lose = lock(&self.lose);
        let is_it = lose.is_some_and(|lost| {
            contains(begin, lost.introduction.as_bytes()) && contains(request, lost.request.as_bytes())
        });
        if is_it {
            *lose = None;
        }
        is_it
    }

    /// Forwards until either end closes, or something is not to be forwarded.
    fn pump(&self, mut from: &TcpStream, mut to: &TcpStream, mut forward: impl FnMut(&[u8]) -> bool) {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            self.hold_back();
            if !forward(&buffer[..length]) || to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
    }

    /// Waits as long as the traffic is paused or delayed.
    fn hold_back(&self) {
        let traffic = lock(&self.traffic);
        let is_held = |traffic: &mut Traffic| traffic.is_paused && !self.closed.load(Ordering::SeqCst);
        let traffic = self.resumed.wait_while(traffic, is_held).unwrap_or_else(PoisonError::into_inner);
        let delay = traffic.delay;
        drop(traffic);
        if !delay.is_zero() {
            thread::sleep(delay);
        }
    }
}

impl Pair {
    fn shut_down(&self) {
        for stream in [&self.client, &self.server] {
            // The other end may have done it.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn contains(bytes: &[u8], sought: &[u8]) -> bool {
    sought.is_empty() || bytes.windows(sought.len()).any(|part| part == sought)
}

/// Counts down to nothing; whether it has not come to it yet.
fn take_one(left: &AtomicUsize) -> bool {
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

/// A thread that panicked has left nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
