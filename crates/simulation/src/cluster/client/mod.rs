//! A client: one device of a user, which follows the protocol of docs/EVENTS.md and docs/API.md.

mod connection;
mod mutated;
mod request;
mod showing;

use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use groupchat_domain::Error;
use groupchat_domain::accounts::Origin;
use groupchat_domain::events::{Cursor, LiveEvents, Subscriber, SubscriberKind, Subscription};
use groupchat_domain::ids::{GroupId, SessionId, UserId};
use groupchat_domain::network::Network;
use groupchat_domain::storage::{Credential, Principal, Storage};

use self::connection::Room;
use self::showing::{Change, Wanted};
use crate::cluster::action::Situation;
use crate::cluster::load::Finished;
use crate::cluster::replica::Replica;
use crate::cluster::run::Stats;
use crate::cluster::storage::Moment;
use crate::cluster::witness::{Asked, Reader};
use crate::commands::{AKey, Argument, Ids};

pub(super) use self::request::{Draft, Reply, Request};

type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What leads to a server.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) index: usize,
    pub(super) storage: Arc<dyn Storage>,
    pub(super) live: Arc<dyn LiveEvents>,
}

/// How a client is connected.
enum Connection {
    None,
    Opening(Pending<Result<Subscription, Error>>),
    Open(Box<Subscriber<Room>>),
}

/// Who a client is signed in as.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity {
    pub(super) key: AKey,
    pub(super) user: UserId,
    pub(super) session: SessionId,
}

impl Identity {
    /// What was asked as this, and ran after the event `at`.
    fn asked(self, at: i64, group: Option<GroupId>) -> Asked {
        Asked { user: self.user, session: self.session, at, group }
    }
}

/// A client.
pub(super) struct Client {
    /// What happened to it.
    pub(super) stats: Stats,
    moment: Moment,
    kind: SubscriberKind,
    pub(super) identity: Option<Identity>,
    connection: Connection,
    pub(super) server: usize,
    request: Option<Request>,
    draft: Option<Draft>,
    /// What it has applied so far.
    cursor: Option<Cursor>,
    /// What it was delivered so far: an event, and the last event when it connected.
    delivered: i64,
    since: i64,
    /// The last event when the first live one was delivered.
    live_since: Option<i64>,
    wanted: Wanted,
    load: Option<Pending<Finished>>,
    buffer: VecDeque<Change>,
    pub(super) replica: Replica,
}

impl Client {
    pub(super) fn new(kind: SubscriberKind, moment: Moment) -> Self {
        Self {
            stats: Stats::default(),
            moment,
            kind,
            identity: None,
            connection: Connection::None,
            server: 0,
            request: None,
            draft: None,
            cursor: None,
            delivered: 0,
            since: 0,
            live_since: None,
            wanted: Wanted::All,
            load: None,
            buffer: VecDeque::new(),
            replica: Replica::default(),
        }
    }

    pub(super) const fn is_connected(&self) -> bool {
        !matches!(self.connection, Connection::None)
    }

    pub(super) const fn is_open(&self) -> bool {
        matches!(self.connection, Connection::Open(_))
    }

    pub(super) const fn is_busy(&self) -> bool {
        self.request.is_some()
    }

    /// Whether it is told what is in no log.
    pub(super) fn gets_ephemeral(&self) -> bool {
        self.kind == SubscriberKind::Connection
    }

    /// How it is there.
    pub(super) fn situation(&self) -> Situation {
        Situation {
            is_signed_in: self.identity.is_some(),
            is_connected: self.is_connected(),
            is_busy: self.is_busy(),
        }
    }

    /// Whether it has nothing left to do.
    pub(super) fn is_settled(&self) -> bool {
        self.is_open()
            && self.request.is_none()
            && self.draft.is_none()
            && self.load.is_none()
            && self.wanted == Wanted::default()
            && self.buffer.is_empty()
    }

    /// Somebody signs in.
    pub(super) fn sign_in(&mut self, identity: Identity) {
        self.sign_out();
        self.identity = Some(identity);
        (self.cursor, self.wanted, self.replica) = (None, Wanted::All, Replica::default());
    }

    /// The session is over.
    pub(super) fn sign_out(&mut self) {
        self.disconnect();
        (self.identity, self.draft) = (None, None);
    }

    fn credential(&self) -> Option<Credential> {
        let key = self.identity?.key;
        Some(Credential { key: key.on(&Ids::of_model()), network: Network::UNKNOWN, origin: Origin::UNKNOWN })
    }

    fn reader(&self) -> Option<Reader> {
        let Identity { user, session, .. } = self.identity?;
        Some(Reader { user, session, since: self.since, live_since: self.live_since })
    }

    /// Opens a connection, with the cursor.
    pub(super) fn connect(&mut self, to: &Address, last: i64) {
        let Some(who) = self.credential() else { return };
        if self.is_connected() {
            return;
        }
        let (storage, live, cursor) = (Arc::clone(&to.storage), Arc::clone(&to.live), self.cursor.clone());
        self.server = to.index;
        (self.since, self.live_since) = (last, None);
        self.connection = Connection::Opening(Box::pin(async move {
            Subscription::open(storage.as_ref(), live.as_ref(), Principal::Key(who), cursor).await
        }));
    }

    /// The connection breaks: what was not applied will come again.
    pub(super) fn disconnect(&mut self) {
        self.connection = Connection::None;
        self.load = None;
        self.buffer.clear();
    }

    /// The server is gone: whether the request was carried out, nobody knows.
    pub(super) fn lose(&mut self, server: usize) {
        if self.server == server {
            self.disconnect();
        }
        if self.request.as_ref().is_some_and(|request| request.server == server) {
            self.request = None;
        }
    }
}

/// Polls a future once.
fn poll_once<T>(future: impl Future<Output = T>) -> Poll<T> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}
