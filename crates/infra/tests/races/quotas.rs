//! Races for the last place that a quota leaves.

use groupchat_domain::Refusal;
use groupchat_domain::accounts::Actor;
use groupchat_domain::admissions::join;
use groupchat_domain::groups::{
    Batch, Candidate, GroupDraft, GroupRefusal, Quota, Quotas, add_member, add_members, change_role, create,
};
use groupchat_domain::ids::GroupId;
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::Tx;

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::people::{self, Person, group_name};

/// How many there may be, and how many are tried at once.
const LIMIT: u32 = 3;
const TRIES: usize = 6;

const QUOTAS: Quotas =
    Quotas { owned_groups: LIMIT, memberships: LIMIT, members: LIMIT, direct_conversations: LIMIT };

/// However many groups somebody joins, and is added to by others, at once, they are in no more than they may.
fn nobody_comes_to_be_in_more_groups_than_they_may(arena: &Arena) {
    rounds(|round| {
        let (user, host) = (arena.person(), arena.person());
        let groups: Vec<_> = (0..TRIES).map(|_| arena.group(&[(&host, BuiltInRole::Owner)])).collect();
        let parts = groups.iter().enumerate().map(|(nth, group)| {
            let (group, user) = (*group, &user);
            let own = (nth + round).is_multiple_of(2);
            let host = &host;
            part(move || if own { joins(arena, group, user) } else { adds(arena, group, host, user) })
        });
        check_outcomes(&at_once(parts.collect()), Quota::Memberships);
        let joined = count(arena, &user, None);
        assert_eq!(joined, LIMIT, "in round {round}");
    });
}

/// However many groups somebody makes, is handed and takes over at once, they own no more than they may.
fn nobody_comes_to_own_more_groups_than_they_may(arena: &Arena) {
    const QUOTAS: Quotas = Quotas { owned_groups: LIMIT, ..Quotas::UNLIMITED };
    rounds(|round| {
        let (user, host) = (arena.person(), arena.person());
        let parts = (0..TRIES).map(|nth| -> Part<'_, _> {
            let name = group_name(&format!("owned {}", arena.serial()));
            let draft = GroupDraft::named(name);
            let id = user.id;
            match (nth + round) % 3 {
                0 => {
                    let who = user.who;
                    part(move || {
                        arena.act(who, move |tx, actor| create(tx, actor, &draft, &QUOTAS).map(drop))
                    })
                }
                1 => {
                    let group = arena.group(&[(&host, BuiltInRole::Owner), (&user, BuiltInRole::Member)]);
                    let promote = move |tx: &mut dyn Tx, actor: &Actor| {
                        change_role(tx, actor, group, id, Some(&BuiltInRole::Owner.into()), &QUOTAS).map(drop)
                    };
                    let who = host.who;
                    part(move || arena.act(who, promote))
                }
                _ => {
                    // Nobody is in it.
                    let (group, who) = (arena.group(&[]), user.who);
                    part(move || {
                        arena.act(who, move |tx, actor| join(tx, actor, group, None, &QUOTAS).map(drop))
                    })
                }
            }
        });
        check_outcomes(&at_once(parts.collect()), Quota::OwnedGroups);
        assert_eq!(count(arena, &user, Some(BuiltInRole::Owner)), LIMIT, "in round {round}");
    });
}

/// However many join a group at once, it has no more members than it may.
fn no_group_gets_more_members_than_it_may(arena: &Arena) {
    rounds(|round| {
        let host = arena.person();
        let group = arena.group(&[(&host, BuiltInRole::Owner)]);
        let comers: Vec<_> = (0..TRIES).map(|_| arena.person()).collect();
        let parts = comers.iter().enumerate().map(|(nth, comer)| {
            let host = &host;
            let own = (nth + round).is_multiple_of(2);
            part(move || if own { joins(arena, group, comer) } else { adds(arena, group, host, comer) })
        });
        check_outcomes(&at_once(parts.collect()), Quota::Members);
        let (found, _) = arena.members(group).expect("the group is not deleted");
        assert_eq!(found.member_count, i64::from(LIMIT), "in round {round}");
    });
}

/// However the batches overlap that add to a group at once, and in whatever order they name their users, each user comes in
/// once, nobody waits for another, and the group has no more members than it may.
fn batches_that_overlap_add_each_user_once(arena: &Arena) {
    rounds(|round| {
        let hosts = [arena.person(), arena.person()];
        let group = arena.group(&[(&hosts[0], BuiltInRole::Owner)]);
        let id = hosts[1].id;
        arena.prepare(move |tx| people::join(tx, group, id, BuiltInRole::Member));
        let mut comers: Vec<_> = (0..TRIES).map(|_| arena.person().id.get()).collect();
        let quotas = Quotas { members: 2 + LIMIT, ..Quotas::UNLIMITED };
        let parts = hosts.iter().map(|host| {
            comers.reverse();
            let (batch, who) = (Batch::parse(&comers).unwrap(), host.who);
            part(move || arena.act(who, move |tx, actor| add_members(tx, actor, group, &batch, &quotas)))
        });
        let outcomes = at_once(parts.collect());
        let additions = outcomes.into_iter().flat_map(|outcome| outcome.expect("a member may add"));
        let mut added: Vec<_> = additions.filter(|one| one.outcome.is_ok()).map(|one| one.user).collect();
        assert_eq!(added.len(), LIMIT as usize, "in round {round}");
        added.sort_unstable();
        added.dedup();
        assert_eq!(added.len(), LIMIT as usize, "nobody comes in twice, in round {round}");
        let (found, members) = arena.members(group).expect("the group is not deleted");
        assert_eq!((found.member_count, members.len()), (i64::from(2 + LIMIT), 2 + LIMIT as usize));
    });
}

fn joins(arena: &Arena, group: GroupId, user: &Person) -> Result<(), Refusal> {
    arena.act(user.who, move |tx, actor| join(tx, actor, group, None, &QUOTAS).map(drop))
}

fn adds(arena: &Arena, group: GroupId, host: &Person, user: &Person) -> Result<(), Refusal> {
    let candidate = Candidate::Id(user.id);
    arena.act(host.who, move |tx, actor| {
        add_member(tx, actor, group, &candidate, &BuiltInRole::Member.into(), &QUOTAS).map(drop)
    })
}

/// How many groups somebody is in, or has this role in.
fn count(arena: &Arena, user: &Person, role: Option<BuiltInRole>) -> u32 {
    let id = user.id;
    arena.look(move |tx| tx.members().count_groups(id, role, 100).unwrap())
}

/// Fails unless each rejection is about the quota.
fn check_outcomes(outcomes: &[Result<(), Refusal>], quota: Quota) {
    for refusal in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        assert_eq!(*refusal, Refusal::Group(GroupRefusal::QuotaExceeded { quota, limit: LIMIT }));
    }
}

cases! { once:
    nobody_comes_to_be_in_more_groups_than_they_may
    nobody_comes_to_own_more_groups_than_they_may
    no_group_gets_more_members_than_it_may
    batches_that_overlap_add_each_user_once
}
