use std::time::Duration;

use mockall::predicate::eq;

use super::*;
use crate::accounts::{KeyHash, LockStrength};
use crate::admissions::invite_link::IssuedLink;
use crate::paging::Limit;
use crate::permissions::{BuiltInRole, Role};
use crate::testing::told;
use crate::testing::{
    ADMIN, GROUP, GroupCaller, INVITE_LINK, ME, MEMBER, MockTx, NOW, OUTSIDER, OWNER, SERVER_ADMIN,
    SERVER_ADMIN_INSIDE, assert_hands_faults_on, group, issued_link, lacks, me, user,
};

const CODE: CodeHash = KeyHash::new([9; 32]);
const LACKS: GroupRefusal = lacks(GroupPermission::Invite);

fn draft() -> LinkDraft {
    LinkDraft {
        role: RoleName::MEMBER,
        max_uses: MaxUses::from_stored(20),
        expires_at: None,
        note: Note::parse("For the fair").ok(),
    }
}

fn locks_maker(caller: GroupCaller) -> MockTx {
    let tx = MockTx::new().called_by(caller);
    tx.locks_users(&[ME], LockStrength::Exclusive)
}

/// A link is stored, where there are so many already.
fn stores(caller: GroupCaller, to_group: u32, by_maker: u32) -> MockTx {
    let mut tx = locks_maker(caller);
    let counted = move |of| match of {
        Counted::To(GROUP) => to_group,
        Counted::By(ME) => by_maker,
        _ => unreachable!("another group or user"),
    };
    tx.invite_links.expect_count().returning(move |of, most| Ok(counted(of).min(most)));
    tx.invite_links.expect_insert().returning(|_| Ok(INVITE_LINK));
    tx
}

fn create(tx: &mut dyn Tx, draft: &LinkDraft) -> Result<JudgedLink, Error> {
    create_link(tx, &me(), GROUP, draft, CODE)
}

#[test]
fn who_may_invite_makes_links_and_who_manages_roles_makes_them_for_any() {
    for (caller, as_member, as_admin) in [
        (OUTSIDER, Some(GroupRefusal::MembersOnly), Some(GroupRefusal::MembersOnly)),
        (MEMBER, Some(LACKS), Some(LACKS)),
        (ADMIN, None, Some(lacks(GroupPermission::ManageRoles))),
        (OWNER, None, None),
        (SERVER_ADMIN, None, None),
        (SERVER_ADMIN_INSIDE, None, None),
    ] {
        for (role, refusal) in [(BuiltInRole::Member, as_member), (BuiltInRole::Admin, as_admin)] {
            let mut tx = stores(caller, 0, 0);
            let outcome = create(&mut tx, &LinkDraft { role: role.into(), ..draft() });
            match refusal {
                Some(refusal) => assert_eq!(outcome, Err(refusal.into()), "{caller:?} {role:?}"),
                None => {
                    let JudgedLink { link, is_valid } = outcome.unwrap();
                    assert_eq!((link.id, link.uses, is_valid), (INVITE_LINK, 0, true), "{caller:?}");
                    assert_eq!((link.role, link.created_by.id), (role.into(), ME));
                }
            }
            assert_eq!(tx.emitted, []);
        }
    }
}

#[test]
fn a_link_is_stored_as_it_was_drafted_with_the_hash_of_its_code() {
    let mut tx = locks_maker(OWNER);
    tx.invite_links.expect_count().returning(|_, _| Ok(0));
    let LinkDraft { role, max_uses, note, .. } = draft();
    let expires_at = NOW.plus(LINK_LIFETIME);
    let new = NewInviteLink {
        group: GROUP,
        created_by: ME,
        code: CODE,
        role,
        note,
        max_uses,
        created_at: NOW,
        expires_at,
    };
    tx.invite_links.expect_insert().with(eq(new)).times(1).returning(|_| Ok(INVITE_LINK));
    assert_eq!(create(&mut tx, &draft()).unwrap().link.expires_at, expires_at);
    assert_eq!(told(&tx.recorded), [format!("invite_link.created in 7 about {INVITE_LINK}")]);
}

#[test]
fn a_link_ends_within_a_year() {
    let longest = NOW.plus(MAX_LINK_LIFETIME);
    for good in [NOW.plus(Duration::from_micros(1)), longest] {
        let made = create(&mut stores(OWNER, 0, 0), &LinkDraft { expires_at: Some(good), ..draft() });
        assert_eq!(made.unwrap().link.expires_at, good);
    }
    for bad in [NOW, longest.plus(Duration::from_micros(1))] {
        let refused = create(&mut stores(OWNER, 0, 0), &LinkDraft { expires_at: Some(bad), ..draft() });
        let Err(Error::Refused(crate::Refusal::Invalid(fields))) = refused else { panic!("{refused:?}") };
        let field = &fields[0];
        assert_eq!((field.field.as_str(), field.violation.code), ("expires_at", ViolationCode::OutOfRange));
    }
}

#[test]
fn a_group_and_a_maker_have_so_many_links() {
    let (group, maker) = (MAX_INVITE_LINKS, MAX_MADE_INVITE_LINKS);
    assert!(create(&mut stores(OWNER, group - 1, maker - 1), &draft()).is_ok());
    for (to_group, by_maker, quota, limit) in
        [(group, 0, Quota::InviteLinks, group), (0, maker, Quota::MadeInviteLinks, maker)]
    {
        let refused = create(&mut stores(OWNER, to_group, by_maker), &draft());
        assert_eq!(refused, Err(GroupRefusal::QuotaExceeded { quota, limit }.into()));
    }
}

fn query() -> InviteLinkQuery {
    InviteLinkQuery { group: GROUP, below: None, limit: Limit::parse(2).unwrap() }
}

/// Links of which the first one's maker has no right any more, the second has ended, and the third is used up.
fn lists(role: Option<BuiltInRole>) -> MockTx {
    let mut tx = MockTx::new().finds_group(Some(group()), role).reads_rights_or_not();
    tx.server_roles.expect_rights_of().returning(|_| Ok(Vec::new()));
    let ended = |mut issued: IssuedLink| {
        issued.link.expires_at = NOW;
        issued
    };
    let used_up = |mut issued: IssuedLink| {
        issued.link.uses = 20;
        issued
    };
    let [plain, owner] = [BuiltInRole::Member, BuiltInRole::Owner].map(|role| issued_link(Some(role)));
    let found = vec![plain, ended(owner.clone()), used_up(owner)];
    tx.invite_links.expect_list().with(eq(query())).returning(move |_| Ok(found.clone()));
    tx
}

#[test]
fn who_may_invite_lists_links_and_learns_which_are_dead() {
    let page = list_links(&mut lists(Some(BuiltInRole::Admin)), &me(), &query()).unwrap();
    let valid: Vec<_> = page.items.iter().map(|judged| judged.is_valid).collect();
    assert_eq!((valid, page.more), (vec![false, false], true));
    for (role, refusal) in [(None, GroupRefusal::MembersOnly), (Some(BuiltInRole::Member), LACKS)] {
        assert_eq!(list_links(&mut lists(role), &me(), &query()).unwrap_err(), refusal.into());
    }
}

#[test]
fn a_link_works_until_its_end_its_last_use_and_as_long_as_its_maker_may_make_it() {
    let valid = |issued: IssuedLink| {
        let mut tx = MockTx::new();
        tx.server_roles.expect_rights_of().returning(|_| Ok(Vec::new()));
        judge(&mut tx, vec![issued]).unwrap()[0].is_valid
    };
    let made = |change: fn(&mut IssuedLink)| {
        let mut issued = issued_link(Some(BuiltInRole::Admin));
        change(&mut issued);
        valid(issued)
    };
    assert!(made(|_| {}));
    assert!(made(|issued| issued.link.uses = 19));
    assert!(!made(|issued| issued.link.uses = 20));
    assert!(made(|issued| (issued.link.uses, issued.link.max_uses) = (20, None)));
    assert!(made(|issued| issued.link.expires_at = NOW.plus(Duration::from_micros(1))));
    assert!(!made(|issued| issued.link.expires_at = NOW));
    assert!(!made(|issued| issued.issuer = None), "its maker has left");
    assert!(!made(|issued| issued.issuer = Some(Role::unchanged(BuiltInRole::Member, false))));
    assert!(!made(|issued| issued.gift = None), "the group has no such role any more");
    assert!(!made(|issued| issued.gift = Some(Role::unchanged(BuiltInRole::Admin, false))));
    assert!(!made(|issued| issued.group.archived_at = Some(NOW)));
}

fn revokes(caller: GroupCaller, removed: bool) -> MockTx {
    let mut tx = MockTx::new().called_by(caller);
    tx.invite_links.expect_remove().with(eq(GROUP), eq(INVITE_LINK)).returning(move |_, _| Ok(removed));
    tx
}

#[test]
fn who_may_invite_revokes_links() {
    for (caller, refusal) in [
        (OUTSIDER, Some(GroupRefusal::MembersOnly)),
        (MEMBER, Some(LACKS)),
        (ADMIN, None),
        (SERVER_ADMIN, None),
    ] {
        let mut tx = revokes(caller, true);
        let outcome = revoke_link(&mut tx, &me(), GROUP, INVITE_LINK);
        assert_eq!(outcome, refusal.map_or(Ok(()), |refusal| Err(refusal.into())), "{caller:?}");
        let entry = format!("invite_link.revoked in 7 about {INVITE_LINK}");
        assert_eq!(told(&tx.recorded), if refusal.is_none() { vec![entry] } else { vec![] });
    }
    let gone = revoke_link(&mut revokes(OWNER, false), &me(), GROUP, INVITE_LINK);
    assert_eq!(gone, Err(AdmissionRefusal::LinkNotFound.into()));
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(|| stores(OWNER, 0, 0), |tx| create(tx, &draft()));
    assert_hands_faults_on(|| revokes(OWNER, true), |tx| revoke_link(tx, &me(), GROUP, INVITE_LINK));
    let reads = || {
        let mut tx = MockTx::new().finds_group(Some(group()), Some(BuiltInRole::Admin));
        tx.invite_links.expect_list().returning(|_| Ok(vec![issued_link(Some(BuiltInRole::Admin))]));
        tx
    };
    assert_hands_faults_on(reads, |tx| list_links(tx, &me(), &query()));
    assert_eq!(user(ME).as_ref(), issued_link(None).link.created_by);
}
