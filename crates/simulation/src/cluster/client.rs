//! A client: one device of a user, which follows the protocol of docs/EVENTS.md and docs/API.md.

use std::collections::{BTreeSet, VecDeque};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use groupchat_domain::Error;
use groupchat_domain::accounts::AccountRefusal;
use groupchat_domain::events::{
    Backpressure, Cursor, EndReason, EphemeralEvent, Item, LiveEvents, LoggedEvent, Subscriber,
    SubscriberKind, Subscription,
};
use groupchat_domain::ids::{GroupId, Seq, SessionId, UserId};
use groupchat_domain::network::Network;
use groupchat_domain::storage::{Credential, Principal, Storage};

use crate::cluster::action::Situation;
use crate::cluster::load::{Loaded, load_all, load_one};
use crate::cluster::mutation::Mutation;
use crate::cluster::replica::Replica;
use crate::cluster::witness::{Reader, Verdict, Witness};
use crate::commands::{AClientId, AGroup, AKey, AText, Answer, Argument, Command, Ids, Ports};

type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// There is always room.
pub(super) struct Room;

impl Backpressure for Room {
    type Hold = ();

    async fn make_room(&mut self) -> Result<bool, EndReason> {
        Ok(true)
    }

    fn page_read(&mut self, _: usize, _: usize) {}

    fn hold(&self) -> Option<()> {
        None
    }

    fn page_delivered(&mut self) {}
}

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

/// A message that is to be sent, until it is known whether it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) group: AGroup,
    pub(super) number: u32,
}

impl Draft {
    fn command(self, mutation: Mutation) -> Command {
        let client_id = (mutation != Mutation::SendIgnoresClientId).then_some(AClientId(self.number));
        Command::Send { group: self.group, text: AText(self.number), client_id }
    }

    fn text(self) -> String {
        AText(self.number).on(&Ids::of_model()).into_string()
    }
}

/// A request under way.
struct Request {
    server: usize,
    command: Command,
    /// The number of the key that it issues.
    number: u32,
    reply: Pending<Result<Answer, Error>>,
}

/// Who a client is signed in as.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity {
    pub(super) key: AKey,
    pub(super) user: UserId,
    pub(super) session: SessionId,
}

/// What the client still has to load.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Wanted {
    Groups(BTreeSet<GroupId>),
    All,
}

impl Default for Wanted {
    fn default() -> Self {
        Self::Groups(BTreeSet::new())
    }
}

/// What is to be applied once what was asked for is loaded.
enum Change {
    Logged(Box<LoggedEvent>, Cursor),
    Read(GroupId, Seq),
}

/// A reply, and what it was to.
pub(super) struct Reply {
    pub(super) command: Command,
    pub(super) number: u32,
    pub(super) answer: Result<Answer, Error>,
}

/// How often what happened to a client.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) live: usize,
    pub(super) replayed: usize,
    pub(super) gaps: usize,
    pub(super) acknowledged: usize,
    pub(super) loads: usize,
    pub(super) ends: usize,
}

/// A client.
pub(super) struct Client {
    pub(super) tally: Tally,
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
    wanted: Wanted,
    load: Option<Pending<Result<Loaded, Error>>>,
    buffer: VecDeque<Change>,
    pub(super) replica: Replica,
}

impl Client {
    pub(super) fn new(kind: SubscriberKind) -> Self {
        Self {
            tally: Tally::default(),
            kind,
            identity: None,
            connection: Connection::None,
            server: 0,
            request: None,
            draft: None,
            cursor: None,
            delivered: 0,
            since: 0,
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
        Some(Credential { key: key.on(&Ids::of_model()), network: Network::UNKNOWN })
    }

    fn reader(&self) -> Option<Reader> {
        let Identity { user, session, .. } = self.identity?;
        Some(Reader { user, session, since: self.since })
    }

    /// Opens a connection, with the cursor.
    pub(super) fn connect(&mut self, to: &Address, last: i64) {
        let Some(who) = self.credential() else { return };
        if self.is_connected() {
            return;
        }
        let (storage, live, cursor) = (Arc::clone(&to.storage), Arc::clone(&to.live), self.cursor.clone());
        self.server = to.index;
        self.since = last;
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

    /// Takes a message to send, unless there is one already.
    pub(super) fn write(&mut self, draft: Draft) {
        self.draft.get_or_insert(draft);
    }

    /// Sends the message, or sends it again, if nothing else is under way.
    pub(super) fn send(&mut self, to: &Address, number: u32, mutation: Mutation) {
        if let Some(draft) = self.draft {
            self.begin(to, draft.command(mutation), number);
        }
    }

    /// Begins a request, if no other is under way.
    pub(super) fn begin(&mut self, to: &Address, command: Command, number: u32) {
        if self.is_busy() {
            return;
        }
        let by = self.identity.map_or(AKey(u32::MAX), |identity| identity.key);
        let Address { index, storage, live } = to.clone();
        let reply = Box::pin(async move {
            let ids = Ids::of_model();
            command.run(&Ports::new(storage.as_ref(), live.as_ref(), &ids, by, number)).await
        });
        self.request = Some(Request { server: index, command, number, reply });
    }

    /// Looks whether a reply has come.
    pub(super) fn poll_request(&mut self, witness: &Witness) -> Result<Option<Reply>, String> {
        let Some(request) = &mut self.request else { return Ok(None) };
        let Poll::Ready(answer) = poll_once(request.reply.as_mut()) else { return Ok(None) };
        let (command, number) = (request.command, request.number);
        self.request = None;
        if let (Some(draft), Command::Send { .. }) = (self.draft, command) {
            match &answer {
                Ok(Answer::Sent(sent)) => {
                    witness.acknowledge(&draft.text(), &sent.view)?;
                    self.tally.acknowledged += 1;
                    self.draft = None;
                }
                // Sent again later, with the same client id.
                Err(Error::Fault(_) | Error::Busy { .. }) => {}
                _ => self.draft = None,
            }
        }
        if answer == Err(AccountRefusal::Unauthenticated.into()) && self.identity.is_some() {
            self.sign_out();
        }
        Ok(Some(Reply { command, number, answer }))
    }

    /// Goes on with the connection; whether anything happened.
    pub(super) fn poll_connection(
        &mut self,
        storage: &Arc<dyn Storage>,
        witness: &Witness,
        mutation: Mutation,
    ) -> Result<bool, String> {
        match &mut self.connection {
            Connection::None => Ok(false),
            Connection::Opening(opening) => match poll_once(opening.as_mut()) {
                Poll::Pending => Ok(false),
                Poll::Ready(Ok(subscription)) => {
                    let subscriber = subscription.start(self.kind, Arc::clone(storage), Room);
                    self.delivered = subscriber.cursor().position.get();
                    if self.cursor.is_none() {
                        // The cursor of the hello; what is shown is loaded after it.
                        self.cursor = subscriber.resume_at().cloned();
                        self.wanted = Wanted::All;
                    }
                    self.connection = Connection::Open(Box::new(subscriber));
                    Ok(true)
                }
                Poll::Ready(Err(error)) => {
                    self.end(error.into());
                    Ok(true)
                }
            },
            Connection::Open(subscriber) => {
                let polled = poll_once(subscriber.next());
                let cursor = subscriber.cursor().clone();
                let resume_at = subscriber.resume_at().cloned();
                match polled {
                    Poll::Pending => self.advanced(&cursor, resume_at, witness),
                    Poll::Ready(Ok(delivered)) => {
                        self.take(delivered.item, &cursor, witness, mutation).map(|()| true)
                    }
                    Poll::Ready(Err(end)) => {
                        self.end(end);
                        Ok(true)
                    }
                }
            }
        }
    }

    fn end(&mut self, reason: EndReason) {
        self.tally.ends += 1;
        if reason == EndReason::SignedOut { self.sign_out() } else { self.disconnect() }
    }

    /// The log has moved on with nothing for this client.
    fn advanced(
        &mut self,
        cursor: &Cursor,
        resume_at: Option<Cursor>,
        witness: &Witness,
    ) -> Result<bool, String> {
        let position = cursor.position.get();
        let has_moved = position > self.delivered;
        self.judge_skipped(position + 1, witness)?;
        self.delivered = position;
        if self.buffer.is_empty() && self.load.is_none() && resume_at.is_some() {
            self.cursor = resume_at;
        }
        Ok(has_moved)
    }

    fn judge_skipped(&self, before: i64, witness: &Witness) -> Verdict {
        self.reader().map_or(Ok(()), |reader| witness.skipped(reader, self.delivered, before))
    }

    fn take(&mut self, item: Item, cursor: &Cursor, witness: &Witness, mutation: Mutation) -> Verdict {
        match item {
            Item::Replayed(event) => {
                if mutation == Mutation::ReplaySkipsOne && event.position.get() % 7 == 0 {
                    return Ok(());
                }
                self.tally.replayed += 1;
                self.deliver(*event, cursor, witness)
            }
            Item::Live(shared) => {
                self.tally.live += 1;
                self.deliver(shared.event.clone(), cursor, witness)
            }
            Item::Gap => {
                self.tally.gaps += 1;
                self.delivered = cursor.position.get();
                self.cursor = Some(cursor.clone());
                if mutation != Mutation::GapIsSilent {
                    (self.wanted, self.load) = (Wanted::All, None);
                    self.buffer.clear();
                }
                Ok(())
            }
            Item::Snapshot(event) => self.take_ephemeral(&event),
            Item::Ephemeral(shared) => self.take_ephemeral(&shared.event),
        }
    }

    fn deliver(&mut self, event: LoggedEvent, cursor: &Cursor, witness: &Witness) -> Verdict {
        let position = event.position.get();
        if position <= self.delivered {
            return Err(format!("event {position} came after event {}", self.delivered));
        }
        if let Some(reader) = self.reader() {
            witness.delivered(reader, &event)?;
        }
        self.judge_skipped(position, witness)?;
        self.delivered = position;
        // The rest of a page, of which nothing is for this client.
        self.judge_skipped(cursor.position.get() + 1, witness)?;
        self.delivered = cursor.position.get();
        self.buffer.push_back(Change::Logged(Box::new(event), cursor.clone()));
        self.apply();
        Ok(())
    }

    fn take_ephemeral(&mut self, event: &EphemeralEvent) -> Verdict {
        if let EphemeralEvent::ReadUpdated { group, read_seq, .. } = event {
            self.buffer.push_back(Change::Read(*group, *read_seq));
            self.apply();
        }
        Ok(())
    }

    /// Applies what has come, up to where something has to be loaded first.
    fn apply(&mut self) {
        let Some(Identity { user, .. }) = self.identity else { return };
        while self.wanted == Wanted::default() && self.load.is_none() {
            match self.buffer.pop_front() {
                Some(Change::Logged(event, cursor)) => {
                    if let (Some(group), Wanted::Groups(groups)) =
                        (self.replica.apply(user, &event), &mut self.wanted)
                    {
                        groups.insert(group);
                    }
                    self.cursor = Some(cursor);
                }
                Some(Change::Read(group, seq)) => self.replica.move_cursor(group, seq),
                None => return,
            }
        }
    }

    /// Goes on with loading; whether anything happened.
    pub(super) fn poll_load(&mut self, storage: &Arc<dyn Storage>) -> bool {
        let Some(who) = self.credential().filter(|_| self.is_open()) else { return false };
        let Some(load) = &mut self.load else {
            let storage = Arc::clone(storage);
            self.load = match &self.wanted {
                Wanted::All => Some(Box::pin(load_all(storage, who))),
                Wanted::Groups(groups) => match groups.first() {
                    Some(group) => Some(Box::pin(load_one(storage, who, *group))),
                    None => return false,
                },
            };
            return true;
        };
        let Poll::Ready(loaded) = poll_once(load.as_mut()) else { return false };
        self.load = None;
        self.tally.loads += 1;
        match loaded {
            Ok(Loaded::All(users, groups)) => {
                self.replica = Replica::show(&users, groups);
                self.wanted = Wanted::default();
            }
            Ok(Loaded::Group(id, group)) => {
                self.replica.show_group(id, group.map(|group| *group));
                if let Wanted::Groups(groups) = &mut self.wanted {
                    groups.remove(&id);
                }
            }
            Err(Error::Refused(_)) => self.sign_out(),
            // Once more.
            Err(_) => {}
        }
        self.apply();
        true
    }

    /// A heartbeat: the session is looked after.
    pub(super) fn heartbeat(&mut self) {
        let Connection::Open(subscriber) = &mut self.connection else { return };
        let beaten = poll_once(subscriber.on_heartbeat());
        if let Poll::Ready(Err(end)) = beaten {
            self.end(end);
        }
    }
}

/// Polls a future once.
fn poll_once<T>(future: impl Future<Output = T>) -> Poll<T> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}
