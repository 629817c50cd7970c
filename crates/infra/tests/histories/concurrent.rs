//! Several users at once. What the log says happened first is done first on the model, one command after the other:
//! then every command that changed something must answer the same, and the same must be stored.

use std::collections::BTreeMap;
use std::sync::{Arc, Barrier, Mutex, PoisonError};
use std::thread;

use groupchat_domain::Error;
use groupchat_domain::events::EventRecord;
use groupchat_domain::ids::Position;
use groupchat_domain::storage::{Access, Done, Mode, Storage, Tx, Work};
use groupchat_domain::time::Timestamp;
use groupchat_simulation::commands::*;
use groupchat_simulation::history::{Dump, SetClock, World, dump, settle};
use groupchat_testing::Dice;

use crate::comparison::{GREATEST, READ, compare_dumps};
use crate::support::{Database, log};
use crate::{Open, histories};

/// How many users act at once.
const USERS: u32 = 4;
/// How many groups they meet in.
const GROUPS: u16 = 2;
/// How many commands each of them gives.
const COMMANDS: usize = 40;

/// A storage that notes the time of the command that it runs.
struct Timed {
    inner: Arc<dyn Storage>,
    at: Arc<Mutex<Option<Timestamp>>>,
}

impl Storage for Timed {
    fn inner(&self) -> Option<&dyn Storage> {
        Some(self.inner.as_ref())
    }

    fn submit(&self, access: Access, work: Work) -> Done {
        if access.mode == Mode::Read {
            return self.inner.submit(access, work);
        }
        let at = Arc::clone(&self.at);
        let noting = move |tx: &mut dyn Tx| {
            *at.lock().unwrap_or_else(PoisonError::into_inner) = Some(tx.now());
            work(tx)
        };
        self.inner.submit(access, Box::new(noting))
    }
}

/// A command that was given, and what came of it; in the ids of the database.
#[derive(Debug, Clone)]
struct Given {
    by: AKey,
    number: u32,
    command: Command,
    answer: Result<Answer, Error>,
}

/// Gives a command; when it ran last, if it did, and what came of it.
fn give(database: &Database, by: AKey, number: u32, command: Command) -> (Option<Timestamp>, Given) {
    let at = Arc::default();
    let storage = Timed { inner: database.storage(), at: Arc::clone(&at) };
    let (live, ids) = (Notebook::default(), Ids::of_model());
    let ports = Ports::new(&storage, &live, &ids, by, number);
    let answer = database.wait_for(command.run(&ports));
    let at = *at.lock().unwrap_or_else(PoisonError::into_inner);
    (at, Given { by, number, command, answer })
}

/// The commands that succeeded, by their times.
type Succeeded = BTreeMap<Timestamp, Given>;

/// Gives a command that is to be done again later.
fn note(database: &Database, commands: &Mutex<Succeeded>, by: AKey, number: u32, command: Command) -> Given {
    let (at, given) = give(database, by, number, command);
    if let (Some(at), Ok(_)) = (at, &given.answer) {
        let before = commands.lock().unwrap().insert(at, given.clone());
        assert!(before.is_none(), "two commands at one time");
    }
    given
}

/// Users who are signed in and in all groups: the first one is an admin, owns the groups and has the key 2.
fn prepare(database: &Database, commands: &Mutex<Succeeded>) -> (Vec<AKey>, Known) {
    let (mut known, mut number) = (Known::default(), 0);
    let mut next = |by, command| {
        number += 1;
        let given = note(database, commands, by, number, command);
        known.learn(number, given.answer.as_ref().expect("a preparation succeeds"));
        AKey(number)
    };
    let nobody = AKey(u32::MAX);
    next(nobody, Command::CreateFirstAdmin {});
    let mut keys = Vec::new();
    for nth in 0..USERS {
        let name = u16::try_from(nth * 2).unwrap();
        if nth > 0 {
            let (name, password) = (AUsername(name), APassword(0));
            let (display, email, admin) = (None, None, AFlag(false));
            next(
                nobody,
                Command::CreateUserByOperator { name, display, email, admin, password, default: None },
            );
        }
        let login = Command::Login {
            name: ATypedName(name),
            password: ATypedPassword(0),
            network: ANetwork(1),
            on: None,
        };
        keys.push(next(nobody, login));
    }
    for nth in 0..GROUPS {
        let group = Command::CreateGroup {
            name: AGroupName(nth * 2),
            description: None,
            visibility: AVisibility(0),
            history: AHistory(0),
        };
        next(keys[0], group);
    }
    (keys, known)
}

/// What members do in their groups: all that the log tells of and that one group alone decides.
fn draw(dice: &mut Dice, known: &Known) -> Command {
    loop {
        let command = Command::draw(dice, known);
        match command {
            Command::Send { .. }
            | Command::EditMessage { .. }
            | Command::DeleteMessage { .. }
            | Command::Like { .. }
            | Command::Unlike { .. }
            | Command::React { .. }
            | Command::Unreact { .. }
            | Command::Pin { .. }
            | Command::Unpin { .. }
            | Command::JoinGroup { .. }
            | Command::LeaveGroup { .. }
            | Command::AddMember { .. }
            | Command::AddMembers { .. }
            | Command::RemoveMember { .. }
            | Command::ChangeRole { .. }
            | Command::ArchiveGroup { .. }
            | Command::RestoreGroup { .. }
            | Command::ChangeSettings { .. } => return command,
            // Its name is checked against those of all groups.
            Command::EditGroup { group, description, topic, .. } => {
                return Command::EditGroup {
                    group,
                    name: None,
                    description,
                    topic,
                    slow_mode: None,
                    visibility: None,
                    history: None,
                    receipts: None,
                    retention: None,
                };
            }
            _ => {}
        }
    }
}

/// Lets all users act at once.
fn act(database: &Database, commands: &Mutex<Succeeded>, keys: &[AKey], known: &Known, dice: &mut Dice) {
    let (known, start) = (Mutex::new(known.clone()), Barrier::new(keys.len()));
    thread::scope(|scope| {
        for (nth, key) in keys.iter().enumerate() {
            let (known, start, mut dice) = (&known, &start, dice.split());
            scope.spawn(move || {
                start.wait();
                for count in 0..COMMANDS {
                    let command = draw(&mut dice, &known.lock().unwrap());
                    let number = u32::try_from(1_000 + nth * COMMANDS + count).unwrap();
                    let given = note(database, commands, *key, number, command);
                    match &given.answer {
                        Ok(answer) => known.lock().unwrap().learn(number, answer),
                        Err(Error::Refused(_)) => {}
                        Err(error) => panic!("{command:?}: {error}"),
                    }
                }
            });
        }
    });
}

/// Does on the model, in the order of the log, what was done at once; what it holds then, and whose ids are whose.
fn replay(prepared: Succeeded, log: &[EventRecord], mut commands: Succeeded) -> (Dump, Ids) {
    let (world, mut ids) = (World::model(), Ids::of_backend());
    // Of a command with several events, the first one stands for it.
    let in_order = log.iter().filter_map(|record| commands.remove_entry(&record.at));
    for (at, given) in prepared.into_iter().chain(in_order) {
        world.clock().set(at);
        let (live, of_database) = (Notebook::default(), ids.clone().inverse());
        let storage = world.storage();
        let ports = Ports::new(storage.as_ref(), &live, &of_database, given.by, given.number);
        let expected = settle(given.command.run(&ports));
        let found = given.answer.clone().expect("only what succeeded is done again");
        pair(&mut ids, expected.as_ref().ok(), &found);
        let found = Ok(found.canonical(&ids));
        assert_eq!(expected, found, "in its place in the log: {given:?}");
    }
    let of_model = Ids::of_model();
    let dump = settle(world.storage().run(READ, move |tx| Ok(dump(tx, &of_model, GREATEST)?)));
    (dump.expect("the model can be read"), ids)
}

/// Learns which ids stand for each other, from what both have given out.
fn pair(ids: &mut Ids, expected: Option<&Answer>, found: &Answer) {
    match (expected, found) {
        (Some(Answer::Sent(model)), Answer::Sent(backend)) => {
            ids.pair_message(model.view.message.id, backend.view.message.id);
        }
        (Some(Answer::Batch(model)), Answer::Batch(backend)) => {
            for (model, backend) in model.iter().zip(backend) {
                ids.pair_message(model.view.message.id, backend.view.message.id);
            }
        }
        (Some(Answer::Group(model)), Answer::Group(backend)) => {
            ids.pair_group(model.group.id, backend.group.id)
        }
        (Some(Answer::User(model)), Answer::User(backend))
        | (Some(Answer::FirstAdmin(Some((model, _)))), Answer::FirstAdmin(Some((backend, _)))) => {
            ids.pair_user(model.id, backend.id);
        }
        (Some(Answer::InviteLink(model)), Answer::InviteLink(backend)) => {
            ids.pair_invite_link(model.link.id, backend.link.id);
        }
        (Some(Answer::Invited((model, _))), Answer::Invited((backend, _))) => {
            ids.pair_invitation(model.invitation.id, backend.invitation.id);
        }
        _ => {}
    }
}

fn compare(open: Open) {
    let (mut dice, mut events) = (Dice::seeded(), 0);
    for _ in 0..histories() {
        let clock = Arc::new(SetClock::ticking());
        let database = open(Arc::clone(&clock));
        let commands = Mutex::new(Succeeded::new());
        let (keys, known) = prepare(&database, &commands);
        let prepared = std::mem::take(&mut *commands.lock().unwrap());
        act(&database, &commands, &keys, &known, &mut dice);
        let commands = commands.into_inner().unwrap();
        let log = by_command(read_log(&database));
        events += log.len();
        let (expected, ids) = replay(prepared, &log, commands);
        let records = Answer::from(log).canonical(&ids);
        let of_model = expected.iter().find(|(name, _)| name == "the log").map(|(_, records)| records);
        assert_eq!(of_model, Some(&records), "the log is another one");
        let found = database.write(move |tx| Ok(dump(tx, &ids, GREATEST)?)).unwrap();
        assert_eq!(compare_dumps(&comparable(expected), &comparable(found)), Ok(()));
    }
    assert!(events > histories() * COMMANDS / 2, "next to nothing happened: {events} events");
}

/// The events of each command one after the other, in the order of the first ones. On PostgreSQL, commands that commit at
/// the same time may have theirs between each other's.
fn by_command(mut log: Vec<EventRecord>) -> Vec<EventRecord> {
    let places: Vec<_> = log.iter().map(|record| (record.position, record.id)).collect();
    let first_of = |record: &EventRecord| log.iter().position(|other| other.at == record.at);
    let firsts: BTreeMap<_, _> = log.iter().map(|record| (record.position, first_of(record))).collect();
    log.sort_by_key(|record| firsts[&record.position]);
    for (record, (position, id)) in log.iter_mut().zip(places) {
        (record.position, record.id) = (position, id);
    }
    log
}

/// All that is acknowledged, in the order of the log.
fn read_log(database: &Database) -> Vec<EventRecord> {
    let mut log = log::read(database, Position::ZERO);
    // The last one marks the end.
    log.pop();
    log
}

/// Without what can't be compared: the ids of sessions are in no answer, the log has a mark at its end, and the audit log
/// has an order of its own.
fn comparable(dump: Dump) -> Dump {
    let left_out = ["the sessions", "the log", "the audit log"];
    let is_left_out = |what: &str| left_out.iter().any(|start| what.starts_with(start));
    dump.into_iter().filter(|(what, _)| !is_left_out(what)).collect()
}

#[test]
fn what_several_do_at_once_on_sqlite_has_the_order_of_the_log() {
    compare(|clock| Database::sqlite_at(clock));
}

#[cfg(feature = "postgres")]
#[test]
fn what_several_do_at_once_on_postgres_has_the_order_of_the_log() {
    compare(|clock| Database::postgres_at(clock));
}
