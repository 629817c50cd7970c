//! Simulated servers over one log, and clients that follow the documented protocol. One seed drives everything, on one
//! thread, and the actions that it draws can be replayed without it.
//!
//! Of the server, this is real: the use cases, the subscriber, the viewer and the replay of the domain. The database is
//! the [model](crate::model), the hub a simple one of its own.

mod action;
mod check;
mod client;
mod hub;
mod load;
mod mutation;
mod replica;
mod run;
mod server;
mod storage;
mod witness;

use std::sync::Arc;

use groupchat_domain::events::{Epoch, LogState, LoggedEvent, SharedEvent, SubscriberKind};
use groupchat_domain::ids::Position;
use groupchat_domain::storage::Storage;
use groupchat_domain::time::Timestamp;

use crate::cluster::action::{Counts, NETWORK, PASSWORD};
use crate::cluster::client::{Address, Client, Draft, Identity, Reply, Request};
use crate::cluster::hub::ServerHub;
use crate::cluster::server::Server;
use crate::cluster::storage::{Moment, ServerStorage};
use crate::cluster::witness::{Verdict, Witness};
use crate::commands::{AFlag, AKey, APassword, AUsername, Answer, Argument, Command, Ids, Known};
use crate::model::ModelDatabase;

pub use action::{Action, Fate};
pub use mutation::Mutation;
pub use run::{Failure, Options, Stats, replay, simulate};

/// When the world begins.
const BEGINNING: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

/// The numbers of the commands that prepare the world, which no other command has.
const PREPARATION: u32 = 4_000_000_000;

/// How often everything is driven on until nothing happens any more.
const ROUNDS: usize = 20_000;

/// How often a client looks, when it does, while something happens.
const POLLS: usize = 4;

/// The simulated world.
struct Cluster {
    database: ModelDatabase,
    now: Timestamp,
    epochs: u32,
    servers: Vec<Server>,
    clients: Vec<Client>,
    known: Known,
    witness: Witness,
    /// The events that have a position, in order.
    published: Vec<Arc<SharedEvent<LoggedEvent>>>,
    /// Requests that no client waits for any more, and of which their servers don't know that.
    abandoned: Vec<Request>,
    mutation: Mutation,
    /// What happened on the servers.
    stats: Stats,
}

fn epoch(number: u32) -> Epoch {
    Epoch::parse(&format!("epoch{number}")).unwrap_or_else(|| unreachable!("an epoch"))
}

impl Cluster {
    /// A world with an admin and some users, none of whom is signed in.
    fn new(counts: Counts, mutation: Mutation) -> Result<Self, String> {
        let database = ModelDatabase::new(epoch(0));
        let log = LogState { epoch: epoch(0), head: Position::ZERO, removed: Position::ZERO };
        let moment = Moment::default();
        let server = |_| Server {
            storage: Arc::new(ServerStorage::new(database.clone(), moment.clone())),
            hub: ServerHub::new(log.clone(), mutation),
        };
        let kind = |nth| if nth % 3 == 2 { SubscriberKind::Poll } else { SubscriberKind::Connection };
        let mut cluster = Self {
            servers: (0..counts.servers).map(server).collect(),
            clients: (0..counts.clients).map(|nth| Client::new(kind(nth), moment.clone())).collect(),
            database,
            now: BEGINNING,
            epochs: 0,
            known: Known::default(),
            witness: Witness::default(),
            published: Vec::new(),
            abandoned: Vec::new(),
            mutation,
            stats: Stats::default(),
        };
        let user = |number| Command::CreateUserByOperator {
            name: AUsername(number),
            display: None,
            email: None,
            admin: AFlag(false),
            password: APassword(0),
            default: None,
        };
        let names = (2..).step_by(2).take(counts.clients / 2);
        let commands = [Command::CreateFirstAdmin {}].into_iter().chain(names.map(user));
        for (number, command) in (PREPARATION..).zip(commands) {
            cluster.give(0, 0, command, number);
            cluster.drain()?;
        }
        Ok(cluster)
    }

    fn address(&self, server: usize) -> Address {
        let index = server % self.servers.len();
        let Server { storage, hub } = &self.servers[index];
        Address { index, storage: Arc::clone(storage) as Arc<dyn Storage>, live: Arc::new(hub.clone()) }
    }

    /// Lets an action happen. What makes no sense now does nothing.
    fn apply(&mut self, action: Action) -> Verdict {
        match action {
            Action::MoveClock(micros) => {
                self.now = Timestamp::from_micros(self.now.as_micros().saturating_add(micros));
            }
            Action::SignIn { client, server, name, number } => {
                if self.clients[client].identity.is_none() {
                    let command = Command::Login { name, password: PASSWORD, network: NETWORK, on: None };
                    self.give(client, server, command, number);
                }
            }
            Action::Give { client, server, command, number } => self.give(client, server, command, number),
            Action::Execute { server, nth, fate } => {
                let mut servers = (0..self.servers.len()).map(|more| (server + more) % self.servers.len());
                if let Some(server) = servers.find(|server| self.servers[*server].storage.waiting() > 0) {
                    return self.execute(server, nth, fate).map(drop);
                }
            }
            Action::Number(count) => drop(self.number(count)),
            Action::SkipEventIds(count) => self.database.skip_event_ids(count),
            Action::Broadcast { server, count, from_log } => drop(self.broadcast(server, count, from_log)),
            Action::Connect { client, server } => self.connect(client, server),
            Action::Poll { client } => return self.poll_on(client),
            Action::Disconnect { client } => self.clients[client].disconnect(),
            Action::Heartbeat { client } => self.clients[client].heartbeat(),
            Action::GiveUp { client, server } => self.give_up(client, server),
            Action::Restart { server } => self.restart(server),
            Action::ReplaceLog => {
                self.epochs += 1;
                self.database.set_epoch(epoch(self.epochs));
            }
            Action::Settle => return self.settle(),
        }
        Ok(())
    }

    fn give(&mut self, client: usize, server: usize, command: Command, number: u32) {
        let to = self.address(server);
        let client = &mut self.clients[client];
        match command {
            Command::Send { group, .. } => {
                client.write(Draft { group, number });
                client.send(&to, number, self.mutation);
            }
            command => client.begin(&to, command, number, self.mutation),
        }
    }

    /// A client waits no longer, and sends its message again, if it was one, to another server.
    fn give_up(&mut self, client: usize, server: usize) {
        let to = self.address(server);
        let client = &mut self.clients[client];
        if let Some(request) = client.give_up() {
            self.abandoned.push(request);
            client.send(&to, 0, self.mutation);
        }
    }

    fn connect(&mut self, client: usize, server: usize) {
        let to = self.address(server);
        self.clients[client].connect(&to, self.witness.last());
    }

    /// A client goes on for as long as something happens, but not for ever.
    fn poll_on(&mut self, client: usize) -> Verdict {
        for _ in 0..POLLS {
            if !self.poll(client)? {
                break;
            }
        }
        Ok(())
    }

    /// A client goes on; whether anything happened.
    fn poll(&mut self, client: usize) -> Result<bool, String> {
        let server = self.clients[client].server;
        let to = self.address(server);
        let (witness, mutation) = (&self.witness, self.mutation);
        let this = &mut self.clients[client];
        let reply = this.poll_request(witness)?;
        let mut moved = reply.is_some();
        moved |= this.poll_connection(&to.storage, witness, mutation)?;
        moved |= this.poll_load(&to.storage, witness)?;
        if let Some(reply) = reply {
            self.learn(client, &reply);
        } else if !self.clients[client].is_busy() {
            self.clients[client].send(&to, 0, mutation);
            moved |= self.clients[client].is_busy();
        }
        Ok(moved)
    }

    fn learn(&mut self, client: usize, reply: &Reply) {
        let Ok(answer) = &reply.answer else { return };
        self.known.learn(reply.number, answer);
        if let (Command::Login { .. }, Answer::LoggedIn((_, _, _, user))) = (reply.command, answer) {
            let key = AKey(reply.number);
            if let Some(session) = self.database.session_of(&key.on(&Ids::of_model())) {
                self.witness.signed_in(user.id, session);
                self.clients[client].sign_in(Identity { key, user: user.id, session });
            }
        }
    }

    /// Drives everything on, with nothing failing, until nothing happens any more.
    fn drain(&mut self) -> Verdict {
        for _ in 0..ROUNDS {
            let mut moved = self.number(usize::MAX);
            for server in 0..self.servers.len() {
                while self.execute(server, 0, Fate::Runs)? {
                    moved = true;
                }
                moved |= self.broadcast(server, usize::MAX, false);
            }
            for client in 0..self.clients.len() {
                let this = &self.clients[client];
                if this.identity.is_some() && !this.is_connected() {
                    self.connect(client, self.clients[client].server);
                    moved = true;
                }
                moved |= self.poll(client)?;
            }
            if !moved && self.servers.iter().all(|server| server.storage.waiting() == 0) {
                return Ok(());
            }
        }
        Err("the world does not come to rest".to_owned())
    }
}
