//! What is measured.

use std::fmt;

use clap::ValueEnum;
use serde::Serialize;

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Route {
    /// What a send is compared with: reads and writes JSON of the same size, and does nothing else.
    Echo,
    /// Sends a message with a client id; answered once it is on the disk.
    Send,
    /// Votes in a poll, for another option than before; answered once it is on the disk. Compared with a send.
    Vote,
    /// What a page is compared with: the same bytes, ready-made.
    Static,
    /// Reads 50 messages from a random place of a group, with authors and likes.
    Page,
    /// What a rich page is compared with: the same bytes, ready-made.
    RichStatic,
    /// Reads 50 messages, of which every second one has three reactions, a thread and a mention.
    RichPage,
    /// Reads 50 replies from a random place of a long thread.
    ThreadPage,
    /// Reads 50 of the threads that the reader follows.
    Threads,
    /// Reads 50 mentions of the reader.
    Mentions,
    /// Reads 50 messages of the reader from a group of many authors.
    ByAuthor,
    /// Reads 50 messages before a random time.
    ByTime,
    /// Reads one group with the count of unread messages and the last message.
    Unread,
    /// Reads 200 of 500 groups, with the counts of unread messages and the last messages.
    Groups,
    /// Reads what a client shows first, with 500 groups.
    Sync,
    /// Signs in with a password.
    Login,
}

impl Route {
    /// Whether it reads from groups whose messages have reactions, threads and mentions.
    pub(crate) const fn is_rich(self) -> bool {
        use Route::{ByAuthor, Mentions, RichPage, RichStatic, ThreadPage, Threads};
        matches!(self, RichStatic | RichPage | ThreadPage | Threads | Mentions | ByAuthor)
    }

    /// Whether the comparison answers it, and not the server.
    pub(crate) const fn is_baseline(self) -> bool {
        matches!(self, Self::Echo | Self::Static | Self::RichStatic)
    }
}

/// A kind of request from a number of connections at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Scenario {
    /// What is asked for.
    pub route: Route,
    /// From how many connections, each with one request at a time.
    pub connections: usize,
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.route {
            Route::Echo => "echo",
            Route::Send => "durable send",
            Route::Vote => "vote",
            Route::Static => "static reply",
            Route::Page => "page of 50",
            Route::RichStatic => "static rich reply",
            Route::RichPage => "rich page of 50",
            Route::ThreadPage => "thread page of 50",
            Route::Threads => "list of threads",
            Route::Mentions => "list of mentions",
            Route::ByAuthor => "page of an author",
            Route::ByTime => "page of a time",
            Route::Unread => "unread count",
            Route::Groups => "group list",
            Route::Sync => "first screen",
            Route::Login => "login",
        };
        write!(f, "{name} @ {}", self.connections)
    }
}

/// Connections of the reading scenarios.
pub(crate) const READERS: usize = 64;
/// Connections that sign in at once. A hash takes a core, so more would only queue.
pub(crate) const LOGINS: usize = 2;

/// The reading scenarios, in the order of a round.
const READS: [Route; 12] = [
    Route::Static,
    Route::Page,
    Route::RichStatic,
    Route::RichPage,
    Route::ThreadPage,
    Route::ByAuthor,
    Route::ByTime,
    Route::Threads,
    Route::Mentions,
    Route::Unread,
    Route::Groups,
    Route::Sync,
];

/// The scenarios of a round, in their order: what is compared runs side by side.
pub(crate) fn scenarios(routes: &[Route], send_connections: &[usize]) -> Vec<Scenario> {
    let of = |route, connections| Scenario { route, connections };
    let mut all: Vec<_> = send_connections
        .iter()
        .flat_map(|&connections| [Route::Echo, Route::Send, Route::Vote].map(|route| of(route, connections)))
        .collect();
    all.extend(READS.map(|route| of(route, READERS)));
    all.push(of(Route::Login, LOGINS));
    all.retain(|scenario| routes.contains(&scenario.route));
    all
}

/// The measurements of live events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    /// Deliveries per second in one group with many sockets, compared with a program that only writes.
    FanOut,
    /// The delay from the 201 of a message to the sockets of its group.
    Delay,
    /// The memory of an idle socket, and whether it grows.
    Idle,
    /// How much listening sockets slow down sends.
    Sends,
    /// The delay from the 201 of one server to a socket on another. Needs --database-url.
    TwoServers,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FanOut => "fan-out",
            Self::Delay => "delay",
            Self::Idle => "idle sockets",
            Self::Sends => "sends beside sockets",
            Self::TwoServers => "two servers",
        })
    }
}
