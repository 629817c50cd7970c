//! What happens in the simulated world, one thing after the other.

use groupchat_testing::Dice;

use crate::commands::{ANetwork, AText, ATypedName, ATypedPassword, Argument, Command, Known};

/// What becomes of a command that a server takes from its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It runs, and is answered.
    Runs,
    /// It meets a conflict and is undone, another command that waits to write is committed, and it runs again.
    RunsAgain,
    /// It is committed, and nobody learns of it.
    CommitLost,
    /// It is undone by a commit that fails, and nobody learns of it.
    UndoneUnknown,
    /// The database can't be used.
    Unavailable,
}

/// One thing that happens. Clients and servers are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The clock moves by so many microseconds, also back.
    MoveClock(i64),
    /// A client signs in.
    SignIn {
        /// Which.
        client: usize,
        /// At which server.
        server: usize,
        /// As whom.
        name: ATypedName,
        /// A number that no other command has: that of the key that it gets.
        number: u32,
    },
    /// A client gives a command.
    Give {
        /// Which.
        client: usize,
        /// To which server.
        server: usize,
        /// What.
        command: Command,
        /// A number that no other command has: that of a message's text, or of the key that it issues.
        number: u32,
    },
    /// A server takes a command from its queue; if none waits there, the next server does.
    Execute {
        /// Which server.
        server: usize,
        /// Which of those that wait.
        nth: usize,
        /// What becomes of it.
        fate: Fate,
    },
    /// So many committed events get their positions in the log.
    Number(usize),
    /// So many ids of events are never given out, as on PostgreSQL after a command was undone. From then on, the ids of
    /// events are not their positions.
    SkipEventIds(u32),
    /// The hub of a server broadcasts so many of the events that follow, as they were published or as it reads them
    /// from the log.
    Broadcast {
        /// Which server.
        server: usize,
        /// How many.
        count: usize,
        /// Whether it reads the log.
        from_log: bool,
    },
    /// A client connects, with its cursor if it has one.
    Connect {
        /// Which.
        client: usize,
        /// To which server.
        server: usize,
    },
    /// A client goes on with what it has begun.
    Poll {
        /// Which.
        client: usize,
    },
    /// The connection of a client breaks.
    Disconnect {
        /// Which.
        client: usize,
    },
    /// The heartbeat of a client's connection.
    Heartbeat {
        /// Which.
        client: usize,
    },
    /// A client waits no longer for a reply. Its server doesn't learn of that and carries the request out; the client
    /// sends its message again to this server.
    GiveUp {
        /// Which.
        client: usize,
        /// To which server it turns.
        server: usize,
    },
    /// A server is killed and starts again.
    Restart {
        /// Which.
        server: usize,
    },
    /// The log gets another epoch, as after a restore.
    ReplaceLog,
    /// Nothing fails any more until all have what they wait for: then clients show what the server has.
    Settle,
}

/// How many there are of what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counts {
    pub(super) clients: usize,
    pub(super) servers: usize,
}

/// The password that people sign in with: that of whoever was created in the usual way.
pub(super) const PASSWORD: ATypedPassword = ATypedPassword(0);
/// Where they sign in from.
pub(super) const NETWORK: ANetwork = ANetwork(1);

/// How a client is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Situation {
    pub(super) is_signed_in: bool,
    pub(super) is_connected: bool,
    pub(super) is_busy: bool,
}

impl Action {
    /// Throws the dice for what happens next; `number` is one that no other action has. Mostly something that makes
    /// sense for a client in its situation.
    pub(super) fn draw(
        dice: &mut Dice,
        known: &Known,
        counts: Counts,
        number: u32,
        situation: impl Fn(usize) -> Situation,
    ) -> Self {
        let (client, server) = (awake(dice, counts, number), dice.below(counts.servers));
        let Situation { is_signed_in, is_connected, is_busy } = situation(client);
        match dice.below(1_000) {
            0..420 if is_busy || is_connected => Self::Poll { client },
            0..420 if is_signed_in => Self::Connect { client, server },
            0..420 => Self::SignIn { client, server, name: name(dice, known, client), number },
            420..700 => Self::Execute { server, nth: dice.below(3), fate: Fate::draw(dice) },
            700..760 => Self::Number(1 + dice.below(3)),
            760..850 => Self::Broadcast { server, count: 1 + dice.below(4), from_log: dice.below(4) == 0 },
            850..975 if is_busy => Self::Poll { client },
            850..975 => Self::Give { client, server, command: command(dice, known), number },
            975..978 if is_busy => Self::GiveUp { client, server },
            975..982 => Self::Disconnect { client },
            982..986 => Self::Heartbeat { client },
            986..993 => Self::MoveClock(leap(dice)),
            993 => Self::Restart { server },
            994 if dice.below(8) == 0 => Self::ReplaceLog,
            995 if dice.below(4) == 0 => Self::Settle,
            996..998 => Self::SkipEventIds(1 + number % 1_000),
            _ => Self::MoveClock(1),
        }
    }
}

/// For so many actions a client does nothing: long enough for what waits for it to become too much.
const NAP: u32 = 300;

/// A client. One after the other does nothing for a while.
fn awake(dice: &mut Dice, counts: Counts, number: u32) -> usize {
    let asleep = usize::try_from(number / NAP).unwrap_or(0) % counts.clients;
    (asleep + 1 + dice.below(counts.clients - 1)) % counts.clients
}

/// A command: of twelve, four send a message, one joins a group and one reads messages.
fn command(dice: &mut Dice, known: &Known) -> Command {
    match dice.below(12) {
        0..4 => Command::Send { group: Argument::draw(dice, known), text: AText(0), client_id: None },
        4 => Command::JoinGroup { group: Argument::draw(dice, known), message: None },
        5 => {
            let group = Argument::draw(dice, known);
            Command::ListMessages {
                group,
                window: Argument::draw(dice, known),
                limit: Argument::draw(dice, known),
            }
        }
        _ => Command::draw(dice, known),
    }
}

impl Fate {
    fn draw(dice: &mut Dice) -> Self {
        match dice.below(100) {
            0..3 => Self::RunsAgain,
            3 => Self::CommitLost,
            4 => Self::UndoneUnknown,
            5 => Self::Unavailable,
            _ => Self::Runs,
        }
    }
}

/// Two clients are of one user, as a rule.
fn name(dice: &mut Dice, known: &Known, client: usize) -> ATypedName {
    let own = u16::try_from(client & !1).unwrap_or(0);
    if dice.below(8) == 0 { ATypedName::draw(dice, known) } else { ATypedName(own) }
}

/// How far the clock moves, forward or back: seconds mostly, sometimes hours.
fn leap(dice: &mut Dice) -> i64 {
    let far = 1 + i64::try_from(dice.below(600)).unwrap_or(0);
    let unit = if dice.below(20) == 0 { 3_600_000_000 } else { 100_000 };
    if dice.below(3) == 0 { -far * unit } else { far * unit }
}
