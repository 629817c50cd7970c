//! What the server acknowledged, to be compared with what it stored.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use groupchat_domain::ids::GroupId;

use crate::audit_fault::AuditFault;
use crate::seed::message_text;
use crate::turn::Turn;

/// The sends of all measurements on a database.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger(Arc<Mutex<Vec<Arc<SendLog>>>>);

/// The sends of one measurement. A connection numbers its messages from 0 and sends one at a time, so how many of them
/// were acknowledged says which.
#[derive(Debug)]
pub(crate) struct SendLog {
    /// Part of the client ids. No earlier measurement on the same database has the same one.
    nonce: u128,
    /// Each connection sends to one of these, in turn.
    rooms: Vec<GroupId>,
    acknowledged: Mutex<HashMap<usize, u64>>,
}

impl Ledger {
    /// Begins a measurement that sends to these groups.
    pub(crate) fn begin(&self, rooms: Vec<GroupId>) -> Arc<SendLog> {
        let mut logs = locked(&self.0);
        // Two may begin in the same microsecond.
        let nonce = logs.last().map_or(0, |last| last.nonce + 1).max(microseconds());
        let log = Arc::new(SendLog { nonce, rooms, acknowledged: Mutex::default() });
        logs.push(Arc::clone(&log));
        log
    }

    /// What is to be stored now.
    pub(crate) fn expectation(&self) -> Expectation {
        let mut expected = HashMap::new();
        for log in &*locked(&self.0) {
            for (&connection, &count) in &*locked(&log.acknowledged) {
                let connection = Connection { nonce: log.nonce, number: connection };
                let sends = Sends { group: log.room(connection.number), stored: vec![0; count as usize] };
                expected.insert(connection, sends);
            }
        }
        Expectation(expected)
    }
}

impl SendLog {
    /// The client id of a message.
    pub(crate) fn client_id(&self, turn: Turn) -> String {
        format!("{:x}-{}-{}", self.nonce, turn.connection, turn.number)
    }

    /// The server has acknowledged a message, as it has all earlier ones of the connection.
    pub(crate) fn acknowledge(&self, turn: Turn) {
        locked(&self.acknowledged).insert(turn.connection, turn.number + 1);
    }

    fn room(&self, connection: usize) -> GroupId {
        self.rooms[connection % self.rooms.len()]
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Connection {
    nonce: u128,
    number: usize,
}

/// The acknowledged messages of a connection.
#[derive(Debug)]
struct Sends {
    group: GroupId,
    /// How often each of them was found.
    stored: Vec<u32>,
}

/// The acknowledged messages, to be found in the database.
#[derive(Debug)]
pub(crate) struct Expectation(HashMap<Connection, Sends>);

impl Expectation {
    /// Notes a stored message. One of another program, or one that was not acknowledged, is of no interest.
    ///
    /// # Errors
    /// It is not the only one, or not what was sent.
    pub(crate) fn find(
        &mut self,
        group: GroupId,
        client_id: &str,
        text: Option<&str>,
    ) -> Result<(), AuditFault> {
        let Some((connection, number)) = parse(client_id) else { return Ok(()) };
        let Some(sends) = self.0.get_mut(&connection) else { return Ok(()) };
        let Some(times) = sends.stored.get_mut(number) else { return Ok(()) };
        if group != sends.group || text != Some(message_text(number as u64).as_str()) {
            return Err(AuditFault::Altered(client_id.to_owned()));
        }
        *times += 1;
        if *times > 1 { Err(AuditFault::Repeated(client_id.to_owned())) } else { Ok(()) }
    }

    /// How many messages were acknowledged, all of which were found.
    ///
    /// # Errors
    /// [`AuditFault::Lost`].
    pub(crate) fn finish(self) -> Result<u64, AuditFault> {
        let acknowledged = self.0.values().map(|sends| sends.stored.len() as u64).sum();
        let missing = self.0.iter().flat_map(|(connection, sends)| {
            let numbers = (0..).zip(&sends.stored).filter(|(_, times)| **times == 0);
            numbers.map(|(number, _): (u64, _)| (*connection, number))
        });
        let missing: Vec<_> = missing.collect();
        let Some((Connection { nonce, number: connection }, number)) = missing.iter().min() else {
            return Ok(acknowledged);
        };
        let first = format!("{nonce:x}-{connection}-{number}");
        Err(AuditFault::Lost { lost: missing.len() as u64, acknowledged, first })
    }
}

/// The reverse of [`SendLog::client_id`].
fn parse(client_id: &str) -> Option<(Connection, usize)> {
    let mut parts = client_id.split('-');
    let nonce = u128::from_str_radix(parts.next()?, 16).ok()?;
    let connection = Connection { nonce, number: parts.next()?.parse().ok()? };
    let number = parts.next()?.parse().ok()?;
    parts.next().is_none().then_some((connection, number))
}

fn microseconds() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_micros())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOMS: [GroupId; 2] = [GroupId::new(7), GroupId::new(8)];

    /// Two connections have sent two messages and one: the group and the client id of each.
    fn sent() -> (Ledger, Vec<(GroupId, String, String)>) {
        let ledger = Ledger::default();
        let log = ledger.begin(ROOMS.to_vec());
        let turns = [(0, 0), (0, 1), (1, 0)].map(|(connection, number)| Turn { connection, number });
        let messages = turns.map(|turn| {
            log.acknowledge(turn);
            (ROOMS[turn.connection], log.client_id(turn), message_text(turn.number))
        });
        (ledger, messages.to_vec())
    }

    fn audit(ledger: &Ledger, stored: &[(GroupId, String, String)]) -> Result<u64, AuditFault> {
        let mut expected = ledger.expectation();
        for (group, client_id, text) in stored {
            expected.find(*group, client_id, Some(text))?;
        }
        expected.finish()
    }

    #[test]
    fn what_is_stored_once_as_it_was_sent_passes() {
        let (ledger, mut stored) = sent();
        assert_eq!(audit(&ledger, &stored), Ok(3));
        let others = ["seed-1f-0", "0-0-0", "", "a-b-c", "1-2-3-4"].map(str::to_owned);
        stored.extend(others.map(|client_id| (ROOMS[0], client_id, String::new())));
        let unacknowledged = stored[1].1.replace("-0-1", "-0-2");
        stored.push((ROOMS[0], unacknowledged, message_text(2)));
        assert_eq!(audit(&ledger, &stored), Ok(3));
    }

    #[test]
    fn a_message_that_is_missing_is_lost() {
        let (ledger, mut stored) = sent();
        let (_, first, _) = stored.remove(1);
        assert_eq!(audit(&ledger, &stored), Err(AuditFault::Lost { lost: 1, acknowledged: 3, first }));
    }

    #[test]
    fn a_message_that_is_there_twice_is_repeated() {
        let (ledger, mut stored) = sent();
        stored.push(stored[0].clone());
        assert_eq!(audit(&ledger, &stored), Err(AuditFault::Repeated(stored[0].1.clone())));
    }

    #[test]
    fn another_text_or_group_is_an_alteration() {
        let (ledger, stored) = sent();
        let altered = |change: fn(&mut (GroupId, String, String))| {
            let mut stored = stored.clone();
            change(&mut stored[2]);
            audit(&ledger, &stored)
        };
        let fault = Err(AuditFault::Altered(stored[2].1.clone()));
        assert_eq!(altered(|message| message.0 = ROOMS[0]), fault);
        assert_eq!(altered(|message| message.2.push('!')), fault);
        assert_eq!(ledger.expectation().find(ROOMS[1], &stored[2].1, None).map_err(|_| ()), Err(()));
    }

    #[test]
    fn measurements_are_told_apart() {
        let ledger = Ledger::default();
        let turn = Turn { connection: 0, number: 0 };
        let [first, second] = [(); 2].map(|()| ledger.begin(ROOMS.to_vec()).client_id(turn));
        assert_ne!(first, second);
    }
}
