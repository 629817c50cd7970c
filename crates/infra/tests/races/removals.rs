//! Races between messages and the end of what they are sent to: a membership, a group.

use std::collections::HashMap;

use groupchat_domain::Refusal;
use groupchat_domain::accounts::{AccountRefusal, delete_user};
use groupchat_domain::admissions::join;
use groupchat_domain::events::{EventRecord, EventType};
use groupchat_domain::groups::{self, GroupChanges, GroupRefusal, Quotas, remove_member};
use groupchat_domain::ids::{GroupId, MessageId, Seq, UserId};
use groupchat_domain::messages::{self, MessageDraft, MessageQuery, MessageRange};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::Credential;
use groupchat_domain::time::Timestamp;

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::people::{Person, group_name};
use crate::support::fixture::{limit, post, text};
use crate::support::log::about;

/// How many messages somebody sends one after the other, as long as they may.
const MESSAGES: usize = 4;

/// Messages of a group that is not purged in one step.
const LARGE: usize = 900;

/// No message of a member who is removed comes after the removal, and the numbers of the group's messages have no gap
/// and follow the order of the log.
fn nothing_is_sent_after_the_removal(arena: &Arena) {
    rounds(|round| {
        let [owner, removed, other] = [(); 3].map(|()| arena.person());
        let group = arena.group(&[
            (&owner, BuiltInRole::Owner),
            (&removed, BuiltInRole::Member),
            (&other, BuiltInRole::Member),
        ]);
        let mut parts: Vec<Part<'_, Result<(), Refusal>>> = Vec::new();
        for sender in [&removed, &other, &removed, &other] {
            parts.push(part(|| send_some(arena, sender, group)));
        }
        let (id, owner) = (removed.id, owner.who);
        let remove = move || arena.act(owner, move |tx, actor| remove_member(tx, actor, group, id));
        parts.insert(round % parts.len(), part(remove));
        let members_only = |outcome: &Result<_, Refusal>| {
            outcome.as_ref().err().is_none_or(|refusal| *refusal == GroupRefusal::MembersOnly.into())
        };
        let outcomes = at_once(parts);
        assert!(outcomes.iter().all(members_only), "{outcomes:?}");
        let log = about(&arena.news(), group);
        let removal = log.iter().position(|event| event.event_type == EventType::MemberRemoved);
        let after = &log[removal.expect("the removal is told")..];
        let late = after.iter().find(|event| event.actor == Some(id));
        assert_eq!(late, None, "a removed member did something in round {round}");
        check_numbers(arena, group, &log);
    });
}

/// Nothing happens in a group after its deletion, whatever its members, those who join and the deletion of an account
/// do at that moment; once the jobs are done, nothing of it is left.
fn nothing_is_left_of_a_deleted_group(arena: &Arena) {
    let admin = arena.admin();
    rounds(|round| {
        let people: [Person; 4] = [(); 4].map(|()| arena.person());
        let [owner, member, leaver, joiner] = &people;
        let group = arena.group(&[
            (owner, BuiltInRole::Owner),
            (member, BuiltInRole::Member),
            (leaver, BuiltInRole::Member),
        ]);
        let mut parts = departing_parts(arena, &people, admin.who, group);
        let delete = || {
            arena.act(owner.who, move |tx, actor| groups::delete(tx, actor, group))?;
            arena.settle();
            Ok(())
        };
        parts.insert(round % parts.len(), part(delete));
        let outcomes = at_once(parts);
        assert!(outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).all(is_fair), "{outcomes:?}");
        arena.settle();
        let log = about(&arena.news(), group);
        let last = log.last().expect("the deletion is told");
        assert_eq!(last.event_type, EventType::GroupDeleted, "in round {round}: {log:#?}");
        check_gone(arena, &[owner, member, leaver, joiner], group);
    });
}

/// A group that takes many steps to purge may be purged by two servers at the same time: no step fails, and nothing of
/// the group is left.
fn a_large_group_may_be_purged_twice_at_once(arena: &Arena) {
    rounds(|_| {
        let owner = arena.person();
        let (group, author) = (arena.group(&[(&owner, BuiltInRole::Owner)]), owner.id);
        arena.prepare(move |tx| {
            for _ in 0..LARGE {
                post(tx, group, author, "hello");
            }
        });
        arena.act(owner.who, move |tx, actor| groups::delete(tx, actor, group)).expect("an owner may");
        let settle = || part(|| arena.settle());
        at_once(vec![settle(), settle()]);
        check_gone(arena, &[&owner], group);
    });
}

/// All that may happen in a group while it is deleted.
fn departing_parts<'a>(
    arena: &'a Arena,
    [owner, member, leaver, joiner]: &'a [Person; 4],
    admin: Credential,
    group: GroupId,
) -> Vec<Part<'a, Result<(), Refusal>>> {
    let renamed =
        GroupChanges { name: Some(group_name(&format!("renamed {group}"))), ..GroupChanges::default() };
    vec![
        part(move || send_some(arena, owner, group)),
        part(move || send_some(arena, member, group)),
        part(move || {
            arena.act(joiner.who, move |tx, actor| join(tx, actor, group, None, &Quotas::default()))?;
            send_some(arena, joiner, group)
        }),
        part(move || {
            arena.act(owner.who, move |tx, actor| groups::edit(tx, actor, group, &renamed)).map(drop)
        }),
        part(move || {
            let id = member.id;
            arena.act(member.who, move |tx, actor| remove_member(tx, actor, group, id))
        }),
        part(move || {
            let id = leaver.id;
            arena.act(admin, move |tx, actor| delete_user(tx, actor, id))?;
            arena.settle();
            Ok(())
        }),
    ]
}

/// Sends messages and likes each, until it is rejected.
fn send_some(arena: &Arena, sender: &Person, group: GroupId) -> Result<(), Refusal> {
    for _ in 0..MESSAGES {
        let draft = MessageDraft {
            group,
            text: text("hello"),
            client_id: None,
            thread: None,
            reply_to: None,
            poll: None,
        };
        let sent = arena.act(sender.who, move |tx, actor| messages::send(tx, actor, &draft))?;
        let id = sent.view.message.id;
        arena.act(sender.who, move |tx, actor| messages::like(tx, actor, group, id))?;
    }
    Ok(())
}

/// Whether what came too late was rejected for that.
fn is_fair(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::Group(GroupRefusal::NotFound | GroupRefusal::MembersOnly)
            | Refusal::Account(AccountRefusal::Unauthenticated)
    )
}

/// Fails unless the group's messages are numbered without a gap, in the order of the log.
pub(crate) fn check_numbers(arena: &Arena, group: GroupId, log: &[EventRecord]) {
    let viewer = UserId::new(0);
    let query = MessageQuery {
        group,
        thread: None,
        viewer,
        run: MessageRange::Above(Seq::ZERO),
        above: Seq::ZERO,
        hidden: None,
        limit: limit(200),
    };
    let stored = arena.look(move |tx| tx.messages().list(&query).unwrap());
    let numbers: HashMap<MessageId, Seq> =
        stored.iter().map(|view| (view.message.id, view.message.seq)).collect();
    let told = log.iter().filter(|event| event.event_type == EventType::MessageCreated);
    let told: Vec<_> =
        told.filter_map(|event| numbers.get(&event.subject.message?)).map(|seq| seq.get()).collect();
    let expected: Vec<_> = (1..).take(stored.len()).collect();
    assert_eq!(told, expected, "numbers have gaps or another order than the log");
}

/// Fails if anything is left of a deleted group, or of the work of removing it.
fn check_gone(arena: &Arena, people: &[&Person], group: GroupId) {
    let (viewer, ids) = (people[0].id, people.iter().map(|person| person.id).collect::<Vec<_>>());
    let query = MessageQuery {
        group,
        thread: None,
        viewer,
        run: MessageRange::Below(None),
        above: Seq::ZERO,
        hidden: None,
        limit: limit(1),
    };
    let left = arena.look(move |tx| {
        let messages = tx.messages().list(&query).unwrap();
        let memberships = ids.iter().flat_map(|id| tx.members().groups_of(*id, 10).unwrap());
        let memberships = memberships.filter(|joined| *joined == group).collect::<Vec<_>>();
        let job = tx.jobs().next(Timestamp::from_micros(i64::MAX), Timestamp::from_micros(i64::MAX)).unwrap();
        (messages, memberships, job)
    });
    assert_eq!(left, (vec![], vec![], None));
}

cases! { once:
    nothing_is_sent_after_the_removal
    nothing_is_left_of_a_deleted_group
    a_large_group_may_be_purged_twice_at_once
}
