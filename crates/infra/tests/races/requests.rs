//! Races about requests to join.

use groupchat_domain::Refusal;
use groupchat_domain::accounts::delete_user;
use groupchat_domain::admissions::{AdmissionRefusal, Joined, approve_request, end_request, join};
use groupchat_domain::events::{EventRecord, EventType};
use groupchat_domain::groups::{GroupChanges, GroupRefusal, Quotas, RestrictionDraft, Visibility, ban, edit};
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::permissions::{BanTerm, BuiltInRole};

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::people::Person;
use crate::support::log::about;

const GONE: Refusal = Refusal::Admission(AdmissionRefusal::JoinRequestNotFound);
const BANNED: Refusal = Refusal::Group(GroupRefusal::Banned(BanTerm { until: None }));
const HIDDEN: Refusal = Refusal::Group(GroupRefusal::NotFound);

fn show(arena: &Arena, by: &Person, group: GroupId, visibility: Visibility) -> Result<(), Refusal> {
    let changes = GroupChanges { visibility: Some(visibility), ..GroupChanges::default() };
    arena.act(by.who, move |tx, actor| edit(tx, actor, group, &changes)).map(drop)
}

/// A closed group of these owners.
fn closed(arena: &Arena, owners: &[&Person]) -> GroupId {
    let members: Vec<_> = owners.iter().map(|owner| (*owner, BuiltInRole::Owner)).collect();
    let group = arena.group(&members);
    show(arena, owners[0], group, Visibility::Closed).expect("an owner closes it");
    group
}

/// Whether somebody became a member, or only asked.
fn asks(arena: &Arena, by: &Person, group: GroupId) -> Result<bool, Refusal> {
    let joined = arena.act(by.who, move |tx, actor| join(tx, actor, group, None, &Quotas::UNLIMITED))?;
    Ok(!matches!(joined, Joined::Requested(_)))
}

fn approves(arena: &Arena, by: &Person, group: GroupId, user: UserId) -> Result<(), Refusal> {
    let approve =
        arena.act(by.who, move |tx, actor| approve_request(tx, actor, group, user, &Quotas::UNLIMITED));
    approve.map(drop)
}

fn ends(arena: &Arena, by: &Person, group: GroupId, user: UserId) -> Result<(), Refusal> {
    arena.act(by.who, move |tx, actor| end_request(tx, actor, group, user))
}

/// Whether somebody is a member, and whether they ask to become one.
fn place(arena: &Arena, group: GroupId, user: UserId) -> (bool, bool) {
    arena.look(move |tx| {
        let is_member = tx.members().find(group, user).unwrap().is_some();
        (is_member, tx.join_requests().find(group, user).unwrap().is_some())
    })
}

/// How often an event of this type is among the news about a group.
fn told(log: &[EventRecord], event_type: EventType) -> usize {
    log.iter().filter(|record| record.event_type == event_type).count()
}

/// A request that two approve, one refuses and the asker withdraws at once ends in one of these ways, and lets the asker
/// in only if it was approved.
fn a_request_ends_once(arena: &Arena) {
    let [one, other] = [(); 2].map(|()| arena.person());
    rounds(|round| {
        let (guest, group) = (arena.person(), closed(arena, &[&one, &other]));
        assert_eq!(asks(arena, &guest, group), Ok(false));
        let user = guest.id;
        let mut parts: Vec<Part<'_, Result<bool, Refusal>>> = vec![
            part(|| approves(arena, &one, group, user).map(|()| true)),
            part(|| approves(arena, &other, group, user).map(|()| true)),
            part(|| ends(arena, &other, group, user).map(|()| false)),
            part(|| ends(arena, &guest, group, user).map(|()| false)),
        ];
        parts.rotate_left(round % 4);
        let outcomes = at_once(parts);
        let done: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok()).collect();
        assert_eq!(done.len(), 1, "{outcomes:?}");
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Err(GONE)).count(), 3, "{outcomes:?}");
        assert_eq!(place(arena, group, user), (*done[0], false), "in round {round}");
        assert_eq!(told(&about(&arena.news(), group), EventType::JoinRequestEnded), 1, "in round {round}");
    });
}

/// Who asks several times at once asks once.
fn who_asks_twice_asks_once(arena: &Arena) {
    let owner = arena.person();
    rounds(|round| {
        let (guest, group) = (arena.person(), closed(arena, &[&owner]));
        let parts: Vec<_> = (0..3).map(|_| part(|| asks(arena, &guest, group))).collect();
        assert_eq!(at_once(parts), [Ok(false), Ok(false), Ok(false)]);
        assert_eq!(place(arena, group, guest.id), (false, true));
        assert_eq!(told(&about(&arena.news(), group), EventType::JoinRequestCreated), 1, "in round {round}");
    });
}

/// Who is banned while they ask, or are approved, is neither in nor asks in the end.
fn a_ban_wins_over_every_request(arena: &Arena) {
    let [owner, other] = [(); 2].map(|()| arena.person());
    rounds(|round| {
        let (guest, group) = (arena.person(), closed(arena, &[&owner, &other]));
        let user = guest.id;
        if round % 2 == 0 {
            assert_eq!(asks(arena, &guest, group), Ok(false));
        }
        let mut parts: Vec<Part<'_, Result<(), Refusal>>> = vec![
            part(|| {
                let draft = RestrictionDraft::default();
                arena.act(owner.who, move |tx, actor| ban(tx, actor, group, user, &draft)).map(drop)
            }),
            part(|| asks(arena, &guest, group).map(drop)),
            part(|| approves(arena, &other, group, user)),
        ];
        parts.rotate_left(round % 3);
        let mut outcomes = at_once(parts);
        outcomes.rotate_right(round % 3);
        assert_eq!(outcomes[0], Ok(()));
        for outcome in &outcomes[1..] {
            let is_expected = matches!(outcome, Ok(())) || [Err(BANNED), Err(GONE)].contains(outcome);
            assert!(is_expected, "in round {round}: {outcomes:?}");
        }
        assert_eq!(place(arena, group, user), (false, false), "in round {round}: {outcomes:?}");
    });
}

/// Nobody asks to join what is private, and nobody who asked before is left or let in after it became so.
fn a_group_that_is_hidden_has_no_requests(arena: &Arena) {
    let [owner, other] = [(); 2].map(|()| arena.person());
    rounds(|round| {
        let [early, late] = [(); 2].map(|()| arena.person());
        let group = closed(arena, &[&owner, &other]);
        assert_eq!(asks(arena, &early, group), Ok(false));
        let mut parts: Vec<Part<'_, Result<(), Refusal>>> = vec![
            part(|| show(arena, &owner, group, Visibility::Private)),
            part(|| asks(arena, &late, group).map(drop)),
            part(|| approves(arena, &other, group, early.id)),
        ];
        parts.rotate_left(round % 3);
        let mut outcomes = at_once(parts);
        outcomes.rotate_right(round % 3);
        assert_eq!(outcomes[0], Ok(()));
        assert!([Ok(()), Err(HIDDEN)].contains(&outcomes[1]), "in round {round}: {outcomes:?}");
        assert!([Ok(()), Err(GONE)].contains(&outcomes[2]), "in round {round}: {outcomes:?}");
        assert_eq!(place(arena, group, early.id), (outcomes[2].is_ok(), false), "in round {round}");
        assert_eq!(place(arena, group, late.id), (false, false), "in round {round}");
    });
}

/// Who joins while the group is opened is a member, or asks and is not.
fn who_joins_while_a_group_is_opened_is_in_it_or_asks(arena: &Arena) {
    let owner = arena.person();
    rounds(|round| {
        let (guest, group) = (arena.person(), closed(arena, &[&owner]));
        let mut parts: Vec<Part<'_, Result<bool, Refusal>>> = vec![
            part(|| show(arena, &owner, group, Visibility::Public).map(|()| false)),
            part(|| asks(arena, &guest, group)),
        ];
        parts.rotate_left(round % 2);
        let mut outcomes = at_once(parts);
        outcomes.rotate_right(round % 2);
        let is_in = *outcomes[1].as_ref().expect("everybody may ask or join");
        assert_eq!(place(arena, group, guest.id), (is_in, !is_in), "in round {round}");
        assert_eq!(asks(arena, &guest, group), Ok(true), "now it is public");
        assert_eq!(place(arena, group, guest.id), (true, false), "the request has ended");
    });
}

/// Of somebody whose account is deleted, no request is left.
fn no_request_outlives_an_account(arena: &Arena) {
    let (root, owner) = (arena.admin(), arena.person());
    rounds(|round| {
        let (guest, group) = (arena.person(), closed(arena, &[&owner]));
        let user = guest.id;
        let outcomes = at_once(vec![
            part(|| arena.act(root.who, move |tx, actor| delete_user(tx, actor, user))),
            part(|| asks(arena, &guest, group).map(drop)),
        ]);
        assert_eq!(outcomes[0], Ok(()), "in round {round}");
        arena.settle();
        let left = arena.prepare(move |tx| tx.join_requests().groups_of(user, 1).unwrap());
        assert_eq!(left, [], "in round {round}: {outcomes:?}");
    });
}

cases! { once:
    a_request_ends_once
    who_asks_twice_asks_once
    a_ban_wins_over_every_request
    a_group_that_is_hidden_has_no_requests
    who_joins_while_a_group_is_opened_is_in_it_or_asks
    no_request_outlives_an_account
}
