//! Writers in many groups and a reader of the log, all at once for a while.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use groupchat_domain::Error;
use groupchat_domain::accounts::{Actor, FactorStanding, Origin, SessionKind};
use groupchat_domain::admissions;
use groupchat_domain::events::EventRecord;
use groupchat_domain::groups::{self, GroupDraft, GroupName, Quotas};
use groupchat_domain::ids::{GroupId, MessageId, SessionId};
use groupchat_domain::messages::{self, MessageDraft};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::{Access, Caller, Mode, Storage, StorageFault, Tx};
use groupchat_infra::DatabaseStorage;
use groupchat_testing::Dice;

use crate::history::{MomentCounter, Written, check};
use crate::reader;
use crate::support::Database;
use crate::support::fixture::{self, text};
use crate::support::log::emit_mark;

/// How long the writers write at least.
pub(crate) const DURATION: Duration = Duration::from_millis(1_500);
/// How long at most, whatever happens to the rest of the test.
const LONGEST: Duration = Duration::from_secs(20);
/// Who write at the same time, each one command after the other.
const WRITERS: usize = 8;
/// Fewer than writers, so that some meet in one group.
const GROUPS: usize = 5;

/// A database, the servers on it, and who writes.
pub(crate) struct Room<'d> {
    database: &'d Database,
    servers: Vec<Arc<dyn DatabaseStorage>>,
    /// Whether the first server is shut down while others write to it.
    first_ends: bool,
    actors: Vec<Actor>,
    groups: Vec<GroupId>,
    clock: MomentCounter,
    /// How many writers have written something.
    underway: AtomicUsize,
}

impl<'d> Room<'d> {
    /// Lets everybody into every group.
    pub(crate) fn new(database: &'d Database, servers: Vec<Arc<dyn DatabaseStorage>>) -> Self {
        let (actors, groups) = database.write(|tx| Ok(furnish(tx))).unwrap();
        Self {
            database,
            servers,
            first_ends: false,
            actors,
            groups,
            clock: MomentCounter::default(),
            underway: AtomicUsize::new(0),
        }
    }

    /// The same, with a first server that will be shut down.
    #[cfg(feature = "postgres")]
    pub(crate) fn whose_first_server_ends(self) -> Self {
        Self { first_ends: true, ..self }
    }

    /// Waits until every writer has written something.
    #[cfg(feature = "postgres")]
    pub(crate) fn wait_for_all_writers(&self) {
        let end = Instant::now() + LONGEST;
        while self.underway.load(Ordering::Relaxed) < WRITERS {
            assert!(Instant::now() < end, "a writer doesn't get a turn");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Lets the writers write and a reader read while `disturb` does what it does, and checks what became of it. The
    /// last server has to live to the end. The whole log.
    pub(crate) fn run(&self, disturb: impl FnOnce()) -> Vec<EventRecord> {
        let (begin, stop, mut dice) = (Instant::now(), AtomicBool::new(false), Dice::seeded());
        let survivor = self.servers.last().unwrap().as_ref();
        let mark = OnceLock::new();
        let (log, written) = thread::scope(|scope| {
            let reader = scope.spawn(|| reader::follow(self.database, survivor, &mark));
            let writers: Vec<_> = (0..WRITERS)
                .map(|nth| {
                    let (dice, stop) = (dice.split(), &stop);
                    scope.spawn(move || self.write_until(stop, nth, dice))
                })
                .collect();
            disturb();
            thread::sleep(DURATION.saturating_sub(begin.elapsed()));
            stop.store(true, Ordering::Relaxed);
            let written = writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect::<Vec<_>>();
            mark.set(emit_mark(self.database, survivor)).expect("nobody else sets it");
            (reader.join().unwrap(), written)
        });
        check(self.database, survivor, &log, &written);
        log
    }

    /// Sends messages, and does other things besides, until told to stop or the server is shut down.
    fn write_until(&self, stop: &AtomicBool, nth: usize, mut dice: Dice) -> Vec<Written> {
        let nth_server = nth % self.servers.len();
        let (server, is_mortal) = (self.servers[nth_server].as_ref(), self.first_ends && nth_server == 0);
        let (mut written, end) = (Vec::new(), Instant::now() + LONGEST);
        while !stop.load(Ordering::Relaxed) && Instant::now() < end {
            let actor = self.actors[nth].clone();
            let group = self.groups[dice.below(GROUPS)];
            let begun = self.clock.tick();
            let outcome = match dice.below(8) {
                0 => self.command(server, move |tx| found(tx, &actor, begun)).map(|()| None),
                1 => self.command(server, move |tx| come_and_go(tx, &actor, group)).map(|()| None),
                _ => self.command(server, move |tx| send(tx, &actor, group)).map(Some),
            };
            match outcome {
                Ok(message) => {
                    let ended = self.clock.tick();
                    if message.is_some() && written.is_empty() {
                        self.underway.fetch_add(1, Ordering::Relaxed);
                    }
                    written.extend(message.map(|message| Written { begun, ended, message }));
                }
                Err(Error::Fault(StorageFault::Unavailable { .. })) if is_mortal => break,
                Err(error) => panic!("a command failed: {error:?}"),
            }
        }
        assert!(!written.is_empty(), "a writer never got a turn");
        written
    }

    fn command<T: Send + 'static>(
        &self,
        server: &dyn Storage,
        work: impl Fn(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.database.wait_for(server.run(Access { mode: Mode::Write, caller: Caller::System }, work))
    }
}

/// The writers, and groups in which they all are.
fn furnish(tx: &mut dyn Tx) -> (Vec<Actor>, Vec<GroupId>) {
    let actors = (0..WRITERS).map(|nth| Actor {
        user: fixture::user(tx, &format!("writer-{nth}")).as_ref(),
        session: SessionId::new(1),
        session_kind: SessionKind::Login,
        must_change_password: false,
        factor: FactorStanding::default(),
        origin: Origin::UNKNOWN,
    });
    let actors: Vec<_> = actors.collect();
    // Stays in all of the groups, so that the others can leave.
    let owner = fixture::user(tx, "owner").id;
    let groups = (0..GROUPS).map(|nth| {
        let group = fixture::group(tx, &format!("group {nth}"));
        fixture::join(tx, group, owner, BuiltInRole::Owner);
        actors.iter().for_each(|actor| fixture::join(tx, group, actor.id(), BuiltInRole::Member));
        group
    });
    let groups = groups.collect();
    (actors, groups)
}

fn send(tx: &mut dyn Tx, actor: &Actor, group: GroupId) -> Result<MessageId, Error> {
    let draft = MessageDraft {
        group,
        text: text("hello"),
        client_id: None,
        thread: None,
        reply_to: None,
        poll: None,
    };
    Ok(messages::send(tx, actor, &draft)?.view.message.id)
}

/// Several events in one command, in a group of its own.
fn found(tx: &mut dyn Tx, actor: &Actor, number: u64) -> Result<(), Error> {
    let name = GroupName::parse(&format!("founded at {number}")).unwrap();
    let draft = GroupDraft::named(name);
    let group = groups::create(tx, actor, &draft, &Quotas::UNLIMITED)?.group.id;
    send(tx, actor, group).map(drop)
}

/// Several events in one command, in a group where others write.
fn come_and_go(tx: &mut dyn Tx, actor: &Actor, group: GroupId) -> Result<(), Error> {
    groups::remove_member(tx, actor, group, actor.id())?;
    admissions::join(tx, actor, group, None, &Quotas::UNLIMITED).map(drop)
}
