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
    /// What a page is compared with: the same bytes, ready-made.
    Static,
    /// Reads 50 messages from a random place of a group, with authors and likes.
    Page,
    /// Reads one group with the count of unread messages and the last message.
    Unread,
    /// Reads 200 of 500 groups, with the counts of unread messages and the last messages.
    Groups,
    /// Signs in with a password.
    Login,
}

impl Route {
    /// What is measured on a database made by `seed` without quiet groups. The cost of a
    /// login does not depend on it.
    pub(crate) const ON_SEEDED: [Self; 5] = [Self::Echo, Self::Send, Self::Static, Self::Page, Self::Unread];

    /// Whether the comparison answers it, and not the server.
    pub(crate) const fn is_baseline(self) -> bool {
        matches!(self, Self::Echo | Self::Static)
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
            Route::Static => "static reply",
            Route::Page => "page of 50",
            Route::Unread => "unread count",
            Route::Groups => "group list",
            Route::Login => "login",
        };
        write!(f, "{name} @ {}", self.connections)
    }
}

/// Connections of the reading scenarios.
pub(crate) const READERS: usize = 64;
/// Connections that sign in at once. A hash takes a core, so more would only queue.
pub(crate) const LOGINS: usize = 2;

/// The scenarios of a round, in their order: what is compared runs side by side.
pub(crate) fn scenarios(routes: &[Route], send_connections: &[usize]) -> Vec<Scenario> {
    let of = |route, connections| Scenario { route, connections };
    let mut all: Vec<_> = send_connections
        .iter()
        .flat_map(|&connections| [of(Route::Echo, connections), of(Route::Send, connections)])
        .collect();
    all.extend([Route::Static, Route::Page, Route::Unread, Route::Groups].map(|route| of(route, READERS)));
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
