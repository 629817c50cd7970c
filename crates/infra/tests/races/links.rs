//! Races about invite links.

use groupchat_domain::Refusal;
use groupchat_domain::admissions::{
    AdmissionRefusal, InviteLink, InviteLinkQuery, LinkDraft, LinkPorts, MaxUses, accept_link, create_link,
    revoke_link,
};
use groupchat_domain::codes::{SecretCode, SecretCodes};
use groupchat_domain::groups::{GroupRefusal, Quotas, RestrictionDraft, ban, change_role};
use groupchat_domain::ids::{GroupId, InviteLinkId};
use groupchat_domain::permissions::{BanTerm, BuiltInRole, RoleName};
use groupchat_infra::accounts::keys::RandomKeys;

use crate::arena::{Arena, Part, at_once, part, rounds};
use crate::people::Person;
use crate::plain::AnyNumberOfTries;
use crate::support::fixture::limit;

const GONE: Refusal = Refusal::Admission(AdmissionRefusal::LinkNotFound);
const BANNED: Refusal = Refusal::Group(GroupRefusal::Banned(BanTerm { until: None }));

/// A link with a code of its own.
struct Link {
    id: InviteLinkId,
    code: SecretCode,
}

/// A new link, for so many.
fn makes(arena: &Arena, maker: &Person, group: GroupId, max_uses: i64) -> Link {
    let code = RandomKeys.issue_code();
    let hash = RandomKeys.digest_code(&code);
    let max_uses = Some(MaxUses::parse(max_uses).unwrap());
    let draft = LinkDraft { role: RoleName::MEMBER, max_uses, expires_at: None, note: None };
    let made = arena.act(maker.who, move |tx, actor| create_link(tx, actor, group, &draft, hash));
    Link { id: made.expect("who may invite makes a link").link.id, code }
}

/// Whether somebody came in, or was in the group before.
fn accepts(arena: &Arena, guest: &Person, link: &Link) -> Result<bool, Refusal> {
    let (storage, codes, attempts) = (arena.server(), &RandomKeys, &AnyNumberOfTries);
    let ports = LinkPorts { storage, codes, attempts };
    let accepted = accept_link(ports, guest.who, &link.code, Quotas::UNLIMITED);
    arena.wait_for(accepted).map(|admitted| admitted.is_new)
}

/// The only link to a group, if it is there.
fn stored(arena: &Arena, group: GroupId) -> Option<InviteLink> {
    arena.look(move |tx| {
        let query = InviteLinkQuery { group, below: None, limit: limit(10) };
        tx.invite_links().list(&query).unwrap().pop().map(|issued| issued.link)
    })
}

fn members(arena: &Arena, group: GroupId) -> usize {
    let (found, members) = arena.members(group).expect("the group is there");
    assert_eq!(usize::try_from(found.member_count), Ok(members.len()));
    members.len()
}

fn is_member(arena: &Arena, group: GroupId, person: &Person) -> bool {
    let id = person.id;
    arena.look(move |tx| tx.members().find(group, id).unwrap().is_some())
}

/// Of a hundred people who accept a link with twenty uses at once, twenty get in.
fn a_link_lets_in_as_many_as_it_says(arena: &Arena) {
    let owner = arena.person();
    let people: Vec<_> = (0..100).map(|_| arena.person()).collect();
    for _ in 0..2 {
        let group = arena.group(&[(&owner, BuiltInRole::Owner)]);
        let link = makes(arena, &owner, group, 20);
        let parts = people.iter().map(|guest| part(|| accepts(arena, guest, &link))).collect();
        let outcomes = at_once(parts);
        let came_in = outcomes.iter().filter(|outcome| **outcome == Ok(true)).count();
        let refused = outcomes.iter().filter(|outcome| **outcome == Err(GONE)).count();
        assert_eq!((came_in, refused), (20, 80));
        assert_eq!(members(arena, group), 21);
        assert_eq!(stored(arena, group).map(|link| link.uses), Some(20));
    }
}

/// Who accepts a link several times at once spends one use.
fn who_accepts_twice_spends_one_use(arena: &Arena) {
    let owner = arena.person();
    rounds(|round| {
        let (guest, group) = (arena.person(), arena.group(&[(&owner, BuiltInRole::Owner)]));
        let link = makes(arena, &owner, group, 20);
        let outcomes = at_once((0..3).map(|_| part(|| accepts(arena, &guest, &link))).collect());
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Ok(true)).count(), 1, "{outcomes:?}");
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Ok(false)).count(), 2, "{outcomes:?}");
        assert_eq!(stored(arena, group).map(|link| link.uses), Some(1), "in round {round}");
    });
}

/// Nobody comes in by a link after it was revoked, or after its maker has lost the right to make it.
fn nobody_accepts_a_link_that_is_over(arena: &Arena) {
    let [owner, maker] = [(); 2].map(|()| arena.person());
    rounds(|round| {
        let guest = arena.person();
        let group = arena.group(&[(&owner, BuiltInRole::Owner), (&maker, BuiltInRole::Admin)]);
        let link = makes(arena, &maker, group, 20);
        let (id, demoted) = (link.id, maker.id);
        let mut parts: Vec<Part<'_, Result<bool, Refusal>>> = vec![
            part(|| accepts(arena, &guest, &link)),
            part(|| {
                if round % 4 < 2 {
                    return arena
                        .act(owner.who, move |tx, actor| revoke_link(tx, actor, group, id))
                        .map(|()| true);
                }
                let (role, quotas) = (RoleName::MEMBER, Quotas::UNLIMITED);
                let demote = arena.act(owner.who, move |tx, actor| {
                    change_role(tx, actor, group, demoted, Some(&role), &quotas)
                });
                demote.map(|_| true)
            }),
        ];
        parts.rotate_left(round % 2);
        let mut outcomes = at_once(parts);
        outcomes.rotate_right(round % 2);
        assert_eq!(outcomes[1], Ok(true));
        assert!([Ok(true), Err(GONE)].contains(&outcomes[0]), "in round {round}: {outcomes:?}");
        assert_eq!(is_member(arena, group, &guest), outcomes[0].is_ok(), "in round {round}");
        let late = arena.person();
        assert_eq!(accepts(arena, &late, &link), Err(GONE), "in round {round}");
    });
}

/// Who is banned while they come in by a link is out in the end.
fn a_ban_wins_over_every_link(arena: &Arena) {
    let owner = arena.person();
    rounds(|round| {
        let (guest, group) = (arena.person(), arena.group(&[(&owner, BuiltInRole::Owner)]));
        let (link, user) = (makes(arena, &owner, group, 20), guest.id);
        let mut parts: Vec<Part<'_, Result<bool, Refusal>>> = vec![
            part(|| accepts(arena, &guest, &link)),
            part(|| {
                let draft = RestrictionDraft::default();
                arena.act(owner.who, move |tx, actor| ban(tx, actor, group, user, &draft)).map(|_| true)
            }),
        ];
        parts.rotate_left(round % 2);
        let mut outcomes = at_once(parts);
        outcomes.rotate_right(round % 2);
        assert_eq!(outcomes[1], Ok(true));
        assert!([Ok(true), Err(BANNED)].contains(&outcomes[0]), "in round {round}: {outcomes:?}");
        assert!(!is_member(arena, group, &guest), "in round {round}: {outcomes:?}");
    });
}

cases! { once:
    a_link_lets_in_as_many_as_it_says
    who_accepts_twice_spends_one_use
    nobody_accepts_a_link_that_is_over
    a_ban_wins_over_every_link
}
