//! A log whose ids and positions differ is given to SQLite: every member sees the same events of their groups.

use std::collections::{BTreeMap, BTreeSet};

use groupchat_infra::transfer::Endpoint;

use crate::contents::{ask, lines};
use crate::endpoints::{Folder, copy, execute};
use crate::postgres::{endpoint, open};
use groupchat_testing::Dice;
use groupchat_testing::Scratch;

const ROUNDS: usize = 8;
const GROUPS: usize = 4;
const USERS: usize = 5;
const STEPS: usize = 400;

/// A transaction that has taken ids for events.
struct Transaction {
    /// The group whose lock it holds, if its events are a group's.
    group: Option<usize>,
    ids: Vec<i64>,
    /// Who was added to the group by the first of them.
    added: Option<usize>,
}

/// A log as many servers write it: ids are taken when a command runs, and places given after the commit.
#[derive(Default)]
struct History {
    last_id: i64,
    last_position: i64,
    open: Vec<Transaction>,
    unnumbered: BTreeSet<i64>,
    /// By id: the group that it is addressed to.
    addressed: BTreeMap<i64, Option<usize>>,
    positions: BTreeMap<i64, i64>,
    /// By group and user.
    since: BTreeMap<(usize, usize), i64>,
}

impl History {
    fn by_chance(dice: &mut Dice) -> Self {
        let mut history = Self::default();
        for _ in 0..STEPS {
            match dice.below(5) {
                0 | 1 => history.begin(dice),
                2 | 3 => history.end(dice),
                _ => history.number(dice.below(6)),
            }
        }
        while !history.open.is_empty() {
            history.end(dice);
        }
        history
    }

    fn begin(&mut self, dice: &mut Dice) {
        let group = Some(dice.below(GROUPS + 1)).filter(|group| *group < GROUPS);
        if group.is_some() && self.open.iter().any(|open| open.group == group) {
            return; // It would wait for the lock.
        }
        let count = i64::try_from(1 + dice.below(3)).unwrap();
        let ids = (self.last_id + 1..=self.last_id + count).collect();
        self.last_id += count;
        let added = group.and(Some(dice.below(2 * USERS))).filter(|user| *user < USERS);
        self.open.push(Transaction { group, ids, added });
    }

    fn end(&mut self, dice: &mut Dice) {
        if self.open.is_empty() {
            return;
        }
        let Transaction { group, ids, added } = self.open.swap_remove(dice.below(self.open.len()));
        if dice.below(6) == 0 {
            return; // Rolled back; its ids are lost.
        }
        if let (Some(group), Some(user)) = (group, added) {
            self.since.insert((group, user), ids[0]);
        }
        self.addressed.extend(ids.iter().map(|id| (*id, group)));
        self.unnumbered.extend(ids);
    }

    fn number(&mut self, count: usize) {
        for _ in 0..count {
            let Some(id) = self.unnumbered.pop_first() else { return };
            self.last_position += 1;
            self.positions.insert(id, self.last_position);
        }
    }

    /// Forgets the oldest events.
    fn prune(&mut self, count: i64) {
        let gone: Vec<_> =
            self.positions.iter().filter(|(_, endpoint)| **endpoint <= count).map(|(id, _)| *id).collect();
        for id in gone {
            self.positions.remove(&id);
            self.addressed.remove(&id);
        }
    }

    /// Stores it, with memberships that no program makes: that begin nowhere, before all, between all or after all.
    fn store(&self, endpoint: &Endpoint, dice: &mut Dice) {
        let mut sql = String::from(
            "INSERT INTO users (id, username, username_key, is_admin, password_hash, version, created_at) \
             SELECT n, 'u' || n, 'u' || n, true, 'h', 1, 0 FROM generate_series(1, 100) AS n; \
             INSERT INTO groups (id, name, name_key, visibility, version, created_at, member_count, last_seq) \
             SELECT n, 'g', 'g', 'private', 1, 0, 0, 0 FROM generate_series(0, 5) AS n;",
        );
        for (id, group) in &self.addressed {
            let position = self.positions.get(id).map_or("NULL".to_owned(), ToString::to_string);
            let (audience, group) = match group {
                Some(group) => (["group", "group_and_user"][dice.below(2)], *group),
                None => (["all", "user"][dice.below(2)], dice.below(GROUPS)),
            };
            sql += &format!(
                "INSERT INTO events (id, at, type, audience, group_id, position) \
                 VALUES ({id}, {id}, 't', '{audience}', {group}, {position});"
            );
        }
        let odd = [0, self.last_id / 3, self.last_id / 2, self.last_id, self.last_id + 1_000];
        let odd = odd.into_iter().enumerate().map(|(n, since)| ((dice.below(GROUPS + 1), USERS + n), since));
        for ((group, user), since) in self.since.iter().map(|(key, since)| (*key, *since)).chain(odd) {
            sql += &format!(
                "INSERT INTO memberships (group_id, user_id, role, read_seq, joined_at, since_event) VALUES ({group}, {user} + 1, 'member', 0, 0, {since});"
            );
        }
        execute(endpoint, &sql);
    }
}

/// Which events addressed to their group each member sees, by position.
fn seen(endpoint: &Endpoint) -> BTreeSet<String> {
    let query = "SELECT events.group_id || ' ' || memberships.user_id || ' ' || position AS line \
                 FROM events JOIN memberships ON memberships.group_id = events.group_id \
                 WHERE audience IN ('group', 'group_and_user') AND events.id >= since_event";
    lines(endpoint, query).into_iter().collect()
}

#[test]
fn every_member_sees_the_same_events_of_their_groups() {
    let mut dice = Dice::seeded();
    for round in 0..ROUNDS {
        let mut history = History::by_chance(&mut dice);
        if round % 2 == 1 {
            history.prune(history.last_position / 2);
        }
        let (folder, scratch) = (Folder::new(), Scratch::create());
        let (from, to) = (endpoint(&scratch), folder.endpoint("to.db"));
        drop(open(&scratch).unwrap());
        history.store(&from, &mut dice);
        copy(&from, &to).unwrap();

        assert_eq!(ask(&from, "SELECT count(*)::text AS line FROM events WHERE position IS NULL"), "0");
        assert!(!seen(&from).is_empty());
        assert_eq!(seen(&to), seen(&from));
        let renumbered = ask(&to, "SELECT CAST(count(*) AS TEXT) AS line FROM events WHERE at <> id");
        assert_ne!(renumbered, "0", "the ids were those already");
        // An event that comes next is seen by everybody, and has the next number.
        let head = ask(&from, "SELECT max(position)::text AS line FROM events");
        let next = format!(
            "SELECT CAST(seq = {head} AND seq + 1 >= (SELECT max(since_event) FROM memberships) AS TEXT) AS line \
             FROM sqlite_sequence WHERE name = 'events'"
        );
        assert_eq!(ask(&to, &next), "1");
    }
}
