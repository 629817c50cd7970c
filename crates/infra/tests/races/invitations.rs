//! Races about invitations.

use groupchat_domain::Refusal;
use groupchat_domain::admissions::{
    AdmissionRefusal, InvitationDraft, InvitationQuery, Invitations, accept, decline, invite, join, withdraw,
};
use groupchat_domain::events::{EventRecord, EventType};
use groupchat_domain::groups::{Candidate, GroupRefusal, Quotas, RestrictionDraft, ban, change_role};
use groupchat_domain::ids::{GroupId, InvitationId};
use groupchat_domain::permissions::{BanTerm, BuiltInRole, RoleName};

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::people::Person;
use crate::support::fixture::limit;
use crate::support::log::about;

const GONE: Refusal = Refusal::Admission(AdmissionRefusal::InvitationNotFound);

fn invites(
    arena: &Arena,
    inviter: &Person,
    group: GroupId,
    invited: &Person,
) -> Result<InvitationId, Refusal> {
    let candidate = Candidate::Id(invited.id);
    let draft = InvitationDraft { candidate, role: RoleName::MEMBER, note: None, expires_at: None };
    let made = arena.act(inviter.who, move |tx, actor| invite(tx, actor, group, &draft))?;
    Ok(made.0.invitation.id)
}

fn accepts(arena: &Arena, invited: &Person, id: InvitationId) -> Result<(), Refusal> {
    let quotas = Quotas::UNLIMITED;
    arena.act(invited.who, move |tx, actor| accept(tx, actor, id, &quotas)).map(drop)
}

/// The invitations to a group that are stored.
fn stored(arena: &Arena, group: GroupId) -> usize {
    arena.look(move |tx| {
        let query = InvitationQuery { of: Invitations::To(group), below: None, limit: limit(200) };
        tx.invitations().list(&query).unwrap().len()
    })
}

fn is_member(arena: &Arena, group: GroupId, person: &Person) -> bool {
    let (found, members) = arena.members(group).expect("the group is there");
    assert_eq!(usize::try_from(found.member_count), Ok(members.len()));
    members.iter().any(|member| member.user.id == person.id)
}

/// An invitation that is accepted twice, declined and withdrawn at once ends in one of these ways, and lets its user in
/// only if it was accepted.
fn an_invitation_ends_once(arena: &Arena) {
    let inviter = arena.person();
    rounds(|round| {
        let invited = arena.person();
        let group = arena.group(&[(&inviter, BuiltInRole::Owner)]);
        let id = invites(arena, &inviter, group, &invited).expect("an owner invites");
        let mut parts: Vec<Part<'_, Result<bool, Refusal>>> = Vec::new();
        for _ in 0..2 {
            parts.push(part(|| accepts(arena, &invited, id).map(|()| true)));
        }
        parts.push(part(|| arena.act(invited.who, move |tx, actor| decline(tx, actor, id)).map(|()| false)));
        parts.push(part(|| {
            arena.act(inviter.who, move |tx, actor| withdraw(tx, actor, group, id)).map(|()| false)
        }));
        parts.rotate_left(round % 4);
        let outcomes = at_once(parts);
        let done: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
        assert_eq!(done.len(), 1, "{outcomes:?}");
        let refused = outcomes.iter().filter(|outcome| **outcome == Err(GONE)).count();
        assert_eq!(refused, 3, "{outcomes:?}");
        assert_eq!(is_member(arena, group, &invited), *done[0], "in round {round}");
        assert_eq!(stored(arena, group), 0);
    });
}

/// Nobody comes in by an invitation after its maker has lost the right to make it.
fn nobody_accepts_after_the_inviter_was_demoted(arena: &Arena) {
    let [owner, inviter] = [(); 2].map(|()| arena.person());
    rounds(|round| {
        let invited = arena.person();
        let group = arena.group(&[(&owner, BuiltInRole::Owner), (&inviter, BuiltInRole::Admin)]);
        let id = invites(arena, &inviter, group, &invited).expect("an admin invites");
        let (who, member) = (owner.who, RoleName::MEMBER);
        let demoted = inviter.id;
        let mut parts: Vec<Part<'_, Result<(), Refusal>>> = vec![
            part(|| accepts(arena, &invited, id)),
            part(move || {
                let quotas = Quotas::UNLIMITED;
                arena
                    .act(who, move |tx, actor| change_role(tx, actor, group, demoted, Some(&member), &quotas))
                    .map(drop)
            }),
        ];
        parts.rotate_left(round % 2);
        let mut outcomes = at_once(parts);
        outcomes.rotate_right(round % 2);
        assert_eq!(outcomes[1], Ok(()));
        let log = about(&arena.news(), group);
        let place = |event_type| log.iter().position(|event: &EventRecord| event.event_type == event_type);
        match &outcomes[0] {
            Ok(()) => {
                assert!(place(EventType::MemberAdded) < place(EventType::MemberUpdated), "{log:#?}");
            }
            Err(refusal) => assert_eq!(*refusal, GONE, "in round {round}"),
        }
        assert_eq!(is_member(arena, group, &invited), outcomes[0].is_ok());
    });
}

/// Who is banned while they accept an invitation is out in the end, and the invitation has ended.
fn a_ban_wins_over_an_invitation_that_is_accepted(arena: &Arena) {
    let (owner, invited) = (arena.person(), arena.person());
    rounds(|round| {
        let group = arena.group(&[(&owner, BuiltInRole::Owner)]);
        let id = invites(arena, &owner, group, &invited).expect("an owner invites");
        let user = invited.id;
        let mut parts: Vec<Part<'_, Result<(), Refusal>>> = vec![
            part(|| {
                let draft = RestrictionDraft::default();
                arena.act(owner.who, move |tx, actor| ban(tx, actor, group, user, &draft)).map(drop)
            }),
            part(|| accepts(arena, &invited, id)),
            part(|| invites(arena, &owner, group, &invited).map(drop)),
        ];
        parts.rotate_left(round % 3);
        let mut outcomes = at_once(parts);
        outcomes.rotate_right(round % 3);
        assert_eq!(outcomes[0], Ok(()), "in round {round}");
        assert!(outcomes[1].as_ref().err().is_none_or(|refusal| *refusal == GONE), "{outcomes:?}");
        let banned = GroupRefusal::Banned(BanTerm { until: None }).into();
        let already = GroupRefusal::AlreadyMember.into();
        let is_fair = |refusal: &Refusal| *refusal == banned || *refusal == already;
        assert!(outcomes[2].as_ref().err().is_none_or(is_fair), "{outcomes:?}");
        assert!(!is_member(arena, group, &invited), "in round {round}: {outcomes:?}");
        assert_eq!(stored(arena, group), 0, "in round {round}: {outcomes:?}");
    });
}

/// Who is invited twice at once, joins and accepts at once is in the group once, and no invitation is left over unless
/// they were refused.
fn no_invitation_of_a_member_is_left(arena: &Arena) {
    let [owner, other] = [(); 2].map(|()| arena.person());
    rounds(|round| {
        let invited = arena.person();
        let group = arena.group(&[(&owner, BuiltInRole::Owner), (&other, BuiltInRole::Owner)]);
        let id = invites(arena, &owner, group, &invited).expect("an owner invites");
        let quotas = Quotas::UNLIMITED;
        let mut parts: Vec<Part<'_, Result<(), Refusal>>> = vec![
            part(|| invites(arena, &owner, group, &invited).map(drop)),
            part(|| invites(arena, &other, group, &invited).map(drop)),
            part(|| accepts(arena, &invited, id)),
            part(|| arena.act(invited.who, move |tx, actor| join(tx, actor, group, None, &quotas)).map(drop)),
        ];
        parts.rotate_left(round % 4);
        let outcomes = at_once(parts);
        let already = GroupRefusal::AlreadyMember.into();
        let is_fair = |outcome: &Result<(), Refusal>| match outcome {
            Ok(()) => true,
            Err(refusal) => *refusal == GONE || *refusal == already,
        };
        assert!(outcomes.iter().all(is_fair), "{outcomes:?}");
        assert!(is_member(arena, group, &invited));
        assert_eq!(stored(arena, group), 0, "in round {round}: {outcomes:?}");
    });
}

cases! { once:
    an_invitation_ends_once
    nobody_accepts_after_the_inviter_was_demoted
    a_ban_wins_over_an_invitation_that_is_accepted
    no_invitation_of_a_member_is_left
}
