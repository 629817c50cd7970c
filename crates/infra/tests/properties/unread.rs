//! What is unread, against a model that keeps for each user the set of the messages that they have not read.

use std::collections::BTreeSet;

use groupchat_domain::accounts::{Actor, Origin, SessionKind};
use groupchat_domain::groups::{self, Candidate, GroupDraft, GroupName, Quotas};
use groupchat_domain::ids::{GroupId, Seq, SessionId};
use groupchat_domain::messages::{self, MessageDraft, ReadMark};
use groupchat_domain::permissions::RoleName;
use groupchat_domain::storage::Tx;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::check;
use crate::support::Database;
use crate::support::fixture::{text, user};

const USERS: usize = 3;
const GROUPS: usize = 2;

/// What one of the users does in one of the groups.
#[derive(Debug, Clone, Copy)]
enum Act {
    Send,
    Read(i64),
    UnreadFrom(i64),
    ReadAll,
}

type Step = (usize, usize, Act);

fn step() -> impl Strategy<Value = Step> {
    let act = prop_oneof![
        3 => Just(Act::Send),
        2 => (0..12_i64).prop_map(Act::Read),
        2 => (1..12_i64).prop_map(Act::UnreadFrom),
        1 => Just(Act::ReadAll),
    ];
    (0..USERS, 0..GROUPS, act)
}

/// How many messages there are in each group, and which of them each user has not read.
#[derive(Debug, Clone, Default)]
struct Model {
    last: [i64; GROUPS],
    unread: [[BTreeSet<i64>; GROUPS]; USERS],
}

impl Model {
    /// Applies a step, if it is about a message that exists.
    fn apply(&mut self, (who, group, act): Step) -> bool {
        let last = self.last[group];
        match act {
            Act::Send => {
                self.last[group] += 1;
                for unread in &mut self.unread {
                    unread[group].insert(last + 1);
                }
                self.unread[who][group].clear();
            }
            Act::Read(seq) | Act::UnreadFrom(seq) if seq > last => return false,
            Act::Read(seq) => self.unread[who][group].retain(|unread| *unread > seq),
            Act::UnreadFrom(seq) => self.unread[who][group] = (seq..=last).collect(),
            Act::ReadAll => self.unread[who].iter_mut().for_each(BTreeSet::clear),
        }
        true
    }
}

/// Groups that all users are in.
struct Room {
    users: Vec<Actor>,
    groups: Vec<GroupId>,
}

fn room(tx: &mut dyn Tx) -> Result<Room, groupchat_domain::Error> {
    let actor = |nth: usize, tx: &mut dyn Tx| Actor {
        user: user(tx, &format!("user{nth}")).as_ref(),
        session: SessionId::new(1),
        session_kind: SessionKind::Login,
        origin: Origin::UNKNOWN,
    };
    let users: Vec<_> = (0..USERS).map(|nth| actor(nth, tx)).collect();
    let mut groups = Vec::new();
    for nth in 0..GROUPS {
        let draft = GroupDraft::named(GroupName::parse(&format!("group {nth}")).unwrap());
        let group = groups::create(tx, &users[0], &draft, &Quotas::default())?.group.id;
        for user in &users[1..] {
            let candidate = Candidate::Id(user.id());
            groups::add_member(tx, &users[0], group, &candidate, &RoleName::MEMBER, &Quotas::default())?;
        }
        groups.push(group);
    }
    Ok(Room { users, groups })
}

fn take(tx: &mut dyn Tx, room: &Room, (who, group, act): Step) -> Result<(), groupchat_domain::Error> {
    let (actor, group) = (&room.users[who], room.groups[group]);
    match act {
        Act::Send => {
            let draft =
                MessageDraft { group, text: text("hello"), client_id: None, thread: None, reply_to: None };
            messages::send(tx, actor, &draft).map(drop)
        }
        Act::Read(seq) => messages::mark_read(tx, actor, group, ReadMark::Read(Seq::new(seq))).map(drop),
        Act::UnreadFrom(seq) => {
            messages::mark_read(tx, actor, group, ReadMark::UnreadFrom(Seq::new(seq))).map(drop)
        }
        Act::ReadAll => messages::read_groups(tx, actor, GroupId::new(0)).map(drop),
    }
}

#[test]
fn what_is_unread_is_what_was_not_read() {
    check(64, &vec(step(), 1..40), |steps| {
        let database = Database::sqlite_unobserved();
        let outcome = database.write(move |tx| {
            let (room, mut model) = (room(tx)?, Model::default());
            for step in &steps {
                let is_valid = model.apply(*step);
                assert_eq!(take(tx, &room, *step).is_ok(), is_valid, "{step:?}");
                for (user, expected) in room.users.iter().zip(&model.unread) {
                    for (group, expected) in room.groups.iter().zip(expected) {
                        let shown = groups::find(tx, user, *group)?.read_state().expect("a member");
                        assert_eq!(usize::try_from(shown.unread), Ok(expected.len()), "after {step:?}");
                    }
                }
            }
            Ok(())
        });
        outcome.unwrap();
    });
}
