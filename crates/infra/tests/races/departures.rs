//! Races between the deletion of a user and what they, and others for them, do at that moment.

use groupchat_domain::Refusal;
use groupchat_domain::accounts::{AccountRefusal, delete_user};
use groupchat_domain::admissions::join;
use groupchat_domain::events::EventRecord;
use groupchat_domain::groups::{self, Candidate, GroupDraft, GroupRefusal, Quotas, add_member, change_role};
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::messages::{self, MessageDraft};
use groupchat_domain::permissions::{BuiltInRole, RoleName};

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::people::{Person, group_name};
use crate::support::fixture::text;
use crate::support::log::{about, is_balanced};

/// Where a user is expected, and already is, when their account is deleted.
struct Stage {
    leaver: Person,
    host: Person,
    /// Groups of the host: they are added to two, join the third, and are in the fourth.
    groups: [GroupId; 4],
}

impl Stage {
    fn new(arena: &Arena) -> Self {
        let (leaver, host) = (arena.person(), arena.person());
        let empty = || arena.group(&[(&host, BuiltInRole::Owner)]);
        let [added, named, joined] = [empty(), empty(), empty()];
        let present = arena.group(&[(&host, BuiltInRole::Owner), (&leaver, BuiltInRole::Member)]);
        Self { leaver, host, groups: [added, named, joined, present] }
    }

    /// All that gives the leaver a membership, a group or a message; a group that it made.
    fn parts<'a>(
        &'a self,
        arena: &'a Arena,
        round: usize,
    ) -> Vec<Part<'a, Result<Option<GroupId>, Refusal>>> {
        let (host, own, id) = (self.host.who, self.leaver.who, self.leaver.id);
        let [added, named, joined, present] = self.groups;
        let candidate = Candidate::Username(self.leaver.name.clone());
        let founded = GroupDraft::named(group_name(&format!("founded in round {round}")));
        let message = MessageDraft {
            group: present,
            text: text("bye"),
            client_id: None,
            thread: None,
            reply_to: None,
            poll: None,
        };
        vec![
            part(move || {
                let by_id = Candidate::Id(id);
                arena.act(host, move |tx, actor| {
                    add_member(tx, actor, added, &by_id, &RoleName::OWNER, &Quotas::default())
                })?;
                Ok(None)
            }),
            part(move || {
                arena.act(host, move |tx, actor| {
                    add_member(tx, actor, named, &candidate, &RoleName::MEMBER, &Quotas::default())
                })?;
                Ok(None)
            }),
            part(move || {
                arena
                    .act(own, move |tx, actor| join(tx, actor, joined, None, &Quotas::default()))
                    .map(|_| None)
            }),
            part(move || {
                let view = arena
                    .act(own, move |tx, actor| groups::create(tx, actor, &founded, &Quotas::default()))?;
                Ok(Some(view.group.id))
            }),
            part(move || arena.act(own, move |tx, actor| messages::send(tx, actor, &message)).map(|_| None)),
            part(move || {
                let promote = Some(&RoleName::OWNER);
                arena
                    .act(host, move |tx, actor| {
                        change_role(tx, actor, present, id, promote, &Quotas::default())
                    })
                    .map(|_| None)
            }),
        ]
    }
}

/// Whatever gives a user a membership, a role or a group while their account is deleted: once the jobs are done they
/// are in no group, own none, and the members of each are counted right and told of once.
fn a_deleted_user_is_in_no_group(arena: &Arena) {
    let admin = arena.admin();
    rounds(|round| {
        let stage = Stage::new(arena);
        let id = stage.leaver.id;
        let mut parts = stage.parts(arena, round);
        let delete = move || {
            arena.act(admin.who, move |tx, actor| delete_user(tx, actor, id))?;
            // At once, so that the job is done before what began before it.
            arena.settle();
            Ok(None)
        };
        parts.insert(round % parts.len(), part(delete));
        let outcomes = at_once(parts);
        assert!(outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).all(is_fair), "{outcomes:?}");
        arena.settle();
        let founded = outcomes.into_iter().filter_map(|outcome| outcome.ok().flatten());
        let news = arena.news();
        for group in stage.groups.into_iter().chain(founded) {
            check(arena, group, id, &news);
        }
        let left = arena.look(move |tx| tx.members().groups_of(id, 10).unwrap());
        assert!(left.is_empty(), "a deleted user is still in {left:?}, in round {round}");
    });
}

/// If two servers work off one job at the same time, what it does is done, and told of, once, and it does not fail.
fn a_job_may_be_worked_off_twice_at_once(arena: &Arena) {
    let admin = arena.admin();
    rounds(|_| {
        let stage = Stage::new(arena);
        let id = stage.leaver.id;
        arena.act(admin.who, move |tx, actor| delete_user(tx, actor, id)).expect("an admin may");
        let settle = || part(|| arena.settle());
        at_once(vec![settle(), settle(), settle()]);
        let news = arena.news();
        for group in stage.groups {
            check(arena, group, id, &news);
        }
    });
}

/// Fails unless the group is as if the user had never been in it, but for the log.
fn check(arena: &Arena, group: GroupId, user: UserId, news: &[EventRecord]) {
    let (found, members) = arena.members(group).expect("the group is not deleted");
    assert_eq!(usize::try_from(found.member_count), Ok(members.len()), "members are miscounted");
    assert!(members.iter().all(|member| member.user.id != user), "a deleted user is a member");
    let log = about(news, group);
    assert!(is_balanced(&log, user), "arrivals and departures don't match: {log:#?}");
}

/// Whether what came too late was rejected for that.
fn is_fair(refusal: &Refusal) -> bool {
    use AccountRefusal::{Unauthenticated, UserNotFound};
    match refusal {
        Refusal::Account(refusal) => matches!(refusal, Unauthenticated | UserNotFound),
        Refusal::Group(refusal) => {
            matches!(refusal, GroupRefusal::MembersOnly | GroupRefusal::MemberNotFound)
        }
        _ => false,
    }
}

cases! { once:
    a_deleted_user_is_in_no_group
    a_job_may_be_worked_off_twice_at_once
}
