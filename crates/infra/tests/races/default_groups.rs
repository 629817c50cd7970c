//! Races between new users who are put into a default group, and the end of that group.

use std::sync::{Arc, Mutex, PoisonError};

use groupchat_domain::Refusal;
use groupchat_domain::accounts::{Welcome, create_by_operator};
use groupchat_domain::events::EventType;
use groupchat_domain::groups::{self, DefaultGroups, GroupJournal, GroupRefusal, Quotas, SkipReason};
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::permissions::BuiltInRole;

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::people::{Person, draft};
use crate::plain_hasher::PlainHasher;
use crate::support::log::about;

/// How many users are created at once.
const COMERS: usize = 3;

/// Notes for what reasons groups were skipped, of which a command that runs again tells more than once.
#[derive(Default)]
struct Skips(Mutex<Vec<SkipReason>>);

impl GroupJournal for Skips {
    fn skipped(&self, _group: GroupId, reason: SkipReason) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(reason);
    }
}

/// Creates users, whom a default group awaits, while something is done to that group.
fn welcome_during(
    arena: &Arena,
    round: usize,
    group: GroupId,
    skips: &Arc<Skips>,
    end: impl FnOnce() + Send,
) -> Vec<UserId> {
    let journal = Arc::clone(skips) as Arc<dyn GroupJournal>;
    let welcome: Arc<dyn Welcome> = Arc::new(DefaultGroups::new(&[group], Quotas::default(), journal));
    let create = || {
        let (name, welcome) = (format!("comer-{}", arena.serial()), Arc::clone(&welcome));
        let created = create_by_operator(arena.server(), &PlainHasher, welcome, draft(&name));
        Some(arena.wait_for(created).expect("nothing keeps anybody from an account").id)
    };
    let mut parts: Vec<Part<'_, Option<UserId>>> = (0..COMERS).map(|_| part(create)).collect();
    let end = || {
        end();
        None
    };
    parts.insert(round % (COMERS + 1), part(end));
    at_once(parts).into_iter().flatten().collect()
}

/// Who came into a group, by the events before and after one of this type.
fn arrivals(arena: &Arena, group: GroupId, end: EventType) -> (Vec<UserId>, Vec<UserId>) {
    let log = about(&arena.news(), group);
    let place = log.iter().position(|event| event.event_type == end).expect("the end is told");
    let (before, after) = log.split_at(place);
    let added = |events: &[groupchat_domain::events::EventRecord]| {
        let added = events.iter().filter(|event| event.event_type == EventType::MemberAdded);
        added.filter_map(|event| event.subject.user).collect()
    };
    (added(before), added(after))
}

fn assert_skipped(skips: &Skips, reason: GroupRefusal, at_least: usize) {
    let reason = SkipReason::from(reason);
    let skips = skips.0.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(skips.iter().all(|skip| *skip == reason), "{skips:?}");
    assert!(skips.len() >= at_least, "{skips:?} of {at_least}");
}

/// Users who are created while their default group is deleted are put into it before that, or not at all; nothing of the
/// group is left.
fn nobody_is_put_into_a_default_group_after_it_was_deleted(arena: &Arena) {
    let owner = arena.person();
    rounds(|round| {
        let group = arena.group(&[(&owner, BuiltInRole::Owner)]);
        let skips = Arc::new(Skips::default());
        let delete = || {
            let deleted = arena.act(owner.who, move |tx, actor| groups::delete(tx, actor, group));
            deleted.expect("an owner may");
            arena.settle();
        };
        let comers = welcome_during(arena, round, group, &skips, delete);
        arena.settle();
        let (before, after) = arrivals(arena, group, EventType::GroupDeleted);
        assert_eq!(after, [], "in round {round}");
        assert_skipped(&skips, GroupRefusal::NotFound, COMERS - before.len());
        let left = arena.look(move |tx| {
            let of = |user: &UserId| tx.members().groups_of(*user, 10).unwrap();
            comers.iter().flat_map(of).collect::<Vec<_>>()
        });
        assert_eq!(left, [], "in round {round}");
    });
}

/// Users who are created while their default group is archived are in it, told of and counted, or none of these.
fn nobody_is_put_into_a_default_group_after_it_was_archived(arena: &Arena) {
    let owner = arena.person();
    rounds(|round| {
        let group = arena.group(&[(&owner, BuiltInRole::Owner)]);
        let skips = Arc::new(Skips::default());
        let comers = welcome_during(arena, round, group, &skips, || archive(arena, &owner, group).unwrap());
        let (mut before, after) = arrivals(arena, group, EventType::GroupUpdated);
        assert_eq!(after, [], "in round {round}");
        assert_skipped(&skips, GroupRefusal::Archived, COMERS - before.len());
        let (found, members) = arena.members(group).expect("the group is there");
        let mut inside: Vec<_> =
            members.iter().map(|member| member.user.id).filter(|id| comers.contains(id)).collect();
        inside.sort_unstable();
        before.sort_unstable();
        assert_eq!(inside, before, "in round {round}");
        assert_eq!(usize::try_from(found.member_count), Ok(1 + inside.len()), "in round {round}");
    });
}

fn archive(arena: &Arena, owner: &Person, group: GroupId) -> Result<(), Refusal> {
    arena.act(owner.who, move |tx, actor| groups::archive(tx, actor, group)).map(drop)
}

cases! { once:
    nobody_is_put_into_a_default_group_after_it_was_deleted
    nobody_is_put_into_a_default_group_after_it_was_archived
}
