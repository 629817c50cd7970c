//! What is unread, and which mentions are, against a model that keeps for each user the set of the messages that they have
//! not read.

use std::collections::BTreeSet;

use groupchat_domain::accounts::{Actor, FactorStanding, Origin, SessionKind};
use groupchat_domain::groups::{self, Candidate, GroupDraft, GroupName, Quotas};
use groupchat_domain::ids::{GroupId, Seq, SessionId};
use groupchat_domain::messages::{
    self, ChangeTerms, MessageDraft, MessageRange, MessageRefusal, ReadMark, ReadState, Window,
};
use groupchat_domain::paging::Limit;
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
    /// A message that mentions nobody.
    Send,
    /// One that mentions this user.
    Mention(usize),
    /// One that mentions all.
    MentionAll,
    /// Deletes the message with this number, if it is one's own.
    Delete(i64),
    /// Blocks another user, or ends the block.
    Block(usize),
    Read(i64),
    UnreadFrom(i64),
    ReadAll,
}

type Step = (usize, usize, Act);

fn step() -> impl Strategy<Value = Step> {
    let act = prop_oneof![
        3 => Just(Act::Send),
        3 => (0..USERS).prop_map(Act::Mention),
        2 => Just(Act::MentionAll),
        1 => (1..12_i64).prop_map(Act::Delete),
        1 => (0..USERS).prop_map(Act::Block),
        2 => (0..12_i64).prop_map(Act::Read),
        2 => (1..12_i64).prop_map(Act::UnreadFrom),
        1 => Just(Act::ReadAll),
    ];
    (0..USERS, 0..GROUPS, act)
}

/// A message: who wrote it, and whom it mentions.
#[derive(Debug, Clone, Copy)]
struct Said {
    by: usize,
    mentions: [bool; USERS],
    /// Who hears of it: not who had blocked its author then, but for a mention of all.
    told: [bool; USERS],
}

/// The messages in each group, and which of them each user has not read.
#[derive(Debug, Clone, Default)]
struct Model {
    said: [Vec<Said>; GROUPS],
    unread: [[BTreeSet<i64>; GROUPS]; USERS],
    /// Who has blocked whom.
    blocks: BTreeSet<(usize, usize)>,
}

impl Model {
    /// Applies a step, if it is about a message that exists.
    fn apply(&mut self, (who, group, act): Step) -> bool {
        let last = self.said[group].len() as i64;
        match act {
            Act::Send => self.send(who, group, [false; USERS], true),
            Act::Mention(user) => self.send(who, group, std::array::from_fn(|nth| nth == user), false),
            // Only the owner may.
            Act::MentionAll => self.send(who, group, [who == 0; USERS], true),
            Act::Delete(seq) => {
                let said = usize::try_from(seq - 1).ok().and_then(|at| self.said[group].get_mut(at));
                let Some(said) = said.filter(|said| said.by == who || who == 0) else { return false };
                said.mentions = [false; USERS];
            }
            Act::Block(user) if user == who => return false,
            Act::Block(user) => {
                if !self.blocks.remove(&(who, user)) {
                    self.blocks.insert((who, user));
                }
            }
            Act::Read(seq) | Act::UnreadFrom(seq) if seq > last => return false,
            Act::Read(seq) => self.unread[who][group].retain(|unread| *unread > seq),
            Act::UnreadFrom(seq) => self.unread[who][group] = (seq..=last).collect(),
            Act::ReadAll => self.unread[who].iter_mut().for_each(BTreeSet::clear),
        }
        true
    }

    fn send(&mut self, who: usize, group: usize, mentions: [bool; USERS], to_all: bool) {
        let told = std::array::from_fn(|user| to_all || !self.blocks.contains(&(user, who)));
        self.said[group].push(Said { by: who, mentions, told });
        let seq = self.said[group].len() as i64;
        for unread in &mut self.unread {
            unread[group].insert(seq);
        }
        self.unread[who][group].clear();
    }

    /// How many unread messages of a group mention a user.
    fn unread_mentions(&self, user: usize, group: usize) -> i64 {
        let counts = |seq: &&i64| {
            let said = self.said[group][usize::try_from(**seq - 1).unwrap()];
            said.mentions[user]
                && said.told[user]
                && said.by != user
                && !self.blocks.contains(&(user, said.by))
        };
        self.unread[user][group].iter().filter(counts).count() as i64
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
        must_change_password: false,
        factor: FactorStanding::default(),
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

/// Takes a step, and returns the read states that it tells of.
fn take(tx: &mut dyn Tx, room: &Room, (who, group, act): Step) -> Result<Told, groupchat_domain::Error> {
    let (actor, group) = (&room.users[who], room.groups[group]);
    let mut say = |words: &str| {
        let draft = MessageDraft {
            group,
            text: text(words),
            client_id: None,
            thread: None,
            reply_to: None,
            poll: None,
        };
        messages::send(tx, actor, &draft).map(|_| Vec::new())
    };
    let mark = match act {
        Act::Send => return say("hello"),
        Act::Mention(user) => return say(&format!("hello @user{user}")),
        Act::MentionAll => return say("hello @all"),
        Act::Delete(seq) => {
            let upwards = MessageRange::Below(Some(Seq::new(seq + 1)));
            let limit = Limit::parse(1).unwrap();
            let page = messages::list(tx, actor, group, Window::Range(upwards), limit)?;
            let found = page.items.first().filter(|view| view.message.seq == Seq::new(seq));
            let found = found.ok_or(MessageRefusal::NotFound)?;
            let (id, terms) = (found.message.id, ChangeTerms::default());
            return messages::delete(tx, actor, group, id, terms).map(|()| Vec::new());
        }
        Act::Block(user) => {
            let user = room.users[user].id();
            let is_blocked = tx.blocks().find(actor.id(), user)?.is_some();
            if is_blocked {
                groups::unblock(tx, actor, user)?;
            } else {
                groups::block(tx, actor, user)?;
            }
            return Ok(Vec::new());
        }
        Act::ReadAll => {
            let moved = messages::read_groups(tx, actor, GroupId::new(0))?.moved;
            return Ok(moved.into_iter().map(|update| (update.group, update.state)).collect());
        }
        Act::Read(seq) => ReadMark::Read(Seq::new(seq)),
        Act::UnreadFrom(seq) => ReadMark::UnreadFrom(Seq::new(seq)),
    };
    Ok(vec![(group, messages::mark_read(tx, actor, group, mark)?.state)])
}

type Told = Vec<(GroupId, ReadState)>;

#[test]
fn what_is_unread_is_what_was_not_read() {
    check(64, &vec(step(), 1..40), |steps| {
        let database = Database::sqlite_unobserved();
        let outcome = database.write(move |tx| {
            let (room, mut model) = (room(tx)?, Model::default());
            for step in &steps {
                let is_valid = model.apply(*step);
                let told = take(tx, &room, *step);
                assert_eq!(told.is_ok(), is_valid, "{step:?}: {told:?}");
                for (group, state) in told.unwrap_or_default() {
                    let shown = groups::find(tx, &room.users[step.0], group)?.read_state();
                    assert_eq!(shown, Some(state), "what {step:?} tells is what is shown");
                }
                for (user, expected) in model.unread.iter().enumerate() {
                    for (nth, expected) in expected.iter().enumerate() {
                        let shown = groups::find(tx, &room.users[user], room.groups[nth])?;
                        let shown = shown.read_state().expect("a member");
                        assert_eq!(usize::try_from(shown.unread), Ok(expected.len()), "after {step:?}");
                        let mentions = model.unread_mentions(user, nth);
                        assert_eq!(shown.unread_mentions, mentions, "of {user} in {nth} after {step:?}");
                    }
                }
            }
            Ok(())
        });
        outcome.unwrap();
    });
}
