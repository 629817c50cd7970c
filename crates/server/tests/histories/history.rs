//! A history: what clients asked for and were told, when, and how the servers were disturbed meanwhile.
//!
//! A plain value, stored as JSON lines, so that one in which the checker finds a violation can be checked again later.
//! All times are microseconds since the run began, on one monotonic clock.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// A whole run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct History {
    pub setup: Setup,
    /// Requests of clients, in any order.
    pub operations: Vec<Operation>,
    /// Connections for events, in any order.
    pub visits: Vec<Visit>,
    pub disturbances: Vec<Disturbance>,
    /// The state at the end, as each server shows it.
    pub views: Vec<View>,
}

/// What is so before the first operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Setup {
    /// The seed of the clients' choices and of the disturbances.
    pub seed: u64,
    /// How many servers share the database.
    pub servers: usize,
    /// The groups, empty at first. Memberships never change.
    pub groups: Vec<i64>,
    /// The groups of each client that listens for events.
    pub listeners: BTreeMap<usize, Vec<i64>>,
    /// The position in the log after which the views list all events.
    pub start: i64,
}

/// A request and its outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Operation {
    pub client: usize,
    pub server: usize,
    /// Whether it was a request on a socket, and not one over REST.
    pub on_socket: bool,
    /// When the client was about to send the request.
    pub invoked: u64,
    /// When the client had the response, or gave up waiting for it.
    pub completed: u64,
    pub call: Call,
    pub outcome: Outcome,
}

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Call {
    /// A message. Every attempt with one `client_id` is an operation of its own.
    Send {
        group: i64,
        client_id: String,
        text: String,
    },
    /// Each edit of a run has a text of its own.
    Edit {
        message: i64,
        text: String,
    },
    Delete {
        message: i64,
    },
    Like {
        message: i64,
    },
    Unlike {
        message: i64,
    },
    /// The newest messages of a group, at most so many.
    Page {
        group: i64,
        limit: usize,
    },
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It was done. The messages of the response: those of a page are the newest first.
    Ok(Vec<Message>),
    /// It was not done, and never will be.
    Failed { status: u16, code: String },
    /// It was done, or not, or will be.
    Unknown(String),
}

/// A message in the state in which a client was shown it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Message {
    pub id: i64,
    pub group: i64,
    pub seq: i64,
    pub client_id: String,
    /// Grows by one with each change.
    pub version: i64,
    /// None once it is deleted.
    pub text: Option<String>,
    pub likes: i64,
}

/// A connection for events, or one poll. The visits of a client follow one another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Visit {
    pub client: usize,
    pub server: usize,
    pub transport: String,
    /// The position in the cursor that the client resumed from.
    pub cursor: Option<i64>,
    pub invoked: u64,
    pub completed: u64,
    pub arrivals: Vec<Arrival>,
}

/// Something that arrived on a connection for events, with a cursor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Arrival {
    pub at: u64,
    /// The position in its cursor. Cursors are opaque to clients, but not to this test.
    pub position: i64,
    pub content: Content,
}

/// What arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Content {
    /// A stored event about a message: its type, and the message.
    Event(String, Message),
    /// Only a cursor: a `hello`, a `heartbeat`, or the end of a poll's response.
    Cursor,
    /// The client has to reload.
    Gap,
}

/// Something that was done to a server, its connections to the database, or the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Disturbance {
    pub begun: u64,
    pub ended: u64,
    pub what: String,
}

/// The state at the end, read through one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct View {
    pub server: usize,
    /// All messages of all groups; those of a group in the order of their numbers.
    pub messages: Vec<Message>,
    /// All events since [`Setup::start`], in order.
    pub log: Vec<Entry>,
}

/// An event of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub position: i64,
    pub event_type: String,
    pub group: i64,
    pub message: i64,
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Setup(Setup),
    Operation(Operation),
    Visit(Visit),
    Disturbance(Disturbance),
    View(View),
}

impl History {
    /// A history of nothing.
    pub(crate) const fn new(setup: Setup) -> Self {
        Self { setup, operations: vec![], visits: vec![], disturbances: vec![], views: vec![] }
    }

    /// Stores it as JSON lines.
    ///
    /// # Errors
    /// The file can't be written.
    pub(crate) fn save(&self, path: &Path) -> io::Result<()> {
        let lines = [Line::Setup(self.setup.clone())]
            .into_iter()
            .chain(self.operations.iter().cloned().map(Line::Operation))
            .chain(self.visits.iter().cloned().map(Line::Visit))
            .chain(self.disturbances.iter().cloned().map(Line::Disturbance))
            .chain(self.views.iter().cloned().map(Line::View));
        let text: Result<String, _> =
            lines.map(|line| serde_json::to_string(&line).map(|line| line + "\n")).collect();
        fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        fs::write(path, text?)
    }

    /// Reads one that was stored.
    ///
    /// # Errors
    /// The file can't be read, or has another format.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(path)?;
        let mut lines = text.lines().map(serde_json::from_str);
        let Some(Line::Setup(setup)) = lines.next().transpose()? else {
            return Err(io::Error::other("the first line is not the setup"));
        };
        let mut history = Self::new(setup);
        for line in lines {
            match line? {
                Line::Setup(_) => return Err(io::Error::other("a second setup")),
                Line::Operation(operation) => history.operations.push(operation),
                Line::Visit(visit) => history.visits.push(visit),
                Line::Disturbance(disturbance) => history.disturbances.push(disturbance),
                Line::View(view) => history.views.push(view),
            }
        }
        Ok(history)
    }
}

impl Outcome {
    /// The messages of a response; none if there was no success.
    pub(crate) fn messages(&self) -> &[Message] {
        if let Self::Ok(messages) = self { messages } else { &[] }
    }

    /// Whether the request was done.
    pub(crate) const fn is_ok(&self) -> bool {
        matches!(self, Self::Ok(_))
    }

    /// Whether the request was done, or may have been.
    pub(crate) const fn may_be_done(&self) -> bool {
        matches!(self, Self::Ok(_) | Self::Unknown(_))
    }
}
