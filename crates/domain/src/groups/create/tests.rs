use mockall::Sequence;

use super::*;
use crate::events::{AddedMember, Audience};
use crate::groups::model::{Member, NewMembership};
use crate::ids::{EventId, GroupId, Version};
use crate::permissions::{ServerPermissionSet, ServerRights};
use crate::testing::told;
use crate::testing::{
    FIRST_EVENT, GROUP, ME, MockTx, NOW, assert_hands_faults_on, me, needs, rights, rights_with, standing,
};

fn draft() -> GroupDraft {
    GroupDraft {
        name: GroupName::parse("Gardeners").unwrap(),
        description: Some(Description::parse("All that grows").unwrap()),
        visibility: Visibility::Public,
        history: History::All,
    }
}

/// The actor is locked, found, and only then a group is stored.
fn stores_group(outcome: Unique<GroupId>) -> MockTx {
    let mut tx = MockTx::new();
    let mut order = Sequence::new();
    tx.accounts
        .expect_lock()
        .withf(|users, strength| users == [ME] && *strength == LockStrength::Exclusive)
        .times(1)
        .in_sequence(&mut order)
        .returning(|_, _| Ok(()));
    tx.server_roles.expect_rights().times(1).in_sequence(&mut order).returning(|_| Ok(Some(rights(false))));
    tx.groups
        .expect_insert()
        .withf(|new| {
            new.name == draft().name && new.description == draft().description && new.created_at == NOW
        })
        .times(1)
        .in_sequence(&mut order)
        .returning(move |_| Ok(outcome));
    tx
}

fn stores_owner(tx: MockTx) -> MockTx {
    // The first event tells of the group, the second of its owner.
    stores_owner_since(tx, FIRST_EVENT.next())
}

fn stores_owner_since(tx: MockTx, since_event: EventId) -> MockTx {
    let mut tx = tx.bans_nobody();
    let membership = NewMembership {
        group: GROUP,
        user: ME,
        role: BuiltInRole::Owner.into(),
        joined_at: NOW,
        read_seq: Seq::ZERO,
        joined_seq: Seq::ZERO,
        since_event,
        as_admin: false,
    };
    tx.members
        .expect_insert()
        .withf(move |new| *new == membership)
        .times(1)
        .returning(|_| Ok(Unique::Stored(())));
    counts_groups(tx, 1)
}

/// The actor is in so many groups, all of which they own.
fn counts_groups(mut tx: MockTx, count: u32) -> MockTx {
    tx.members.expect_count_groups().returning(move |user, _, most| {
        assert_eq!(user, ME);
        Ok(count.min(most))
    });
    tx
}

#[test]
fn whoever_creates_a_group_owns_it() {
    let mut tx = stores_owner(stores_group(Unique::Stored(GROUP)));
    let created = create(&mut tx, &me(), &draft(), &Quotas::default()).unwrap();
    assert_eq!(created.group.id, GROUP);
    assert_eq!(created.group.name, Some(draft().name));
    assert_eq!(created.group.description, draft().description);
    assert_eq!((created.group.version, created.group.created_at), (Version::FIRST, NOW));
    assert_eq!((created.group.member_count, created.group.last_seq), (1, Seq::ZERO));
    assert_eq!(
        created.standing,
        Some(Standing {
            read_seq: Seq::ZERO,
            read_version: Version::FIRST,
            joined_seq: Seq::ZERO,
            last_sent_at: NOW,
            muted_until: None,
            ..standing(BuiltInRole::Owner)
        })
    );
    assert_eq!(created.read_state().map(|state| state.unread), Some(0));
    assert_eq!(created.last_message, None);
}

#[test]
fn all_learn_of_a_public_group_and_its_members_of_its_owner() {
    let mut tx = stores_owner(stores_group(Unique::Stored(GROUP)));
    let group = create(&mut tx, &me(), &draft(), &Quotas::default()).unwrap().group;
    let owner = Member {
        user: me().user,
        role: BuiltInRole::Owner.into(),
        joined_at: NOW,
        joined_seq: Seq::ZERO,
        settings: MemberSettings::default(),
        mute: None,
        as_admin: false,
    };
    let added = AddedMember { group: GROUP, member: owner, history: History::All };
    let expected = [
        (Audience::All, Some(ME), Event::GroupCreated(GroupUpdate::of(group))),
        (Audience::Group(GROUP), Some(ME), Event::MemberAdded(added)),
    ];
    assert_eq!(tx.emitted, expected);
    assert_eq!(told(&tx.recorded), ["group.created in 7"]);
}

#[test]
fn nobody_else_learns_of_a_private_group() {
    let mut tx = stores_owner_since(stores_group(Unique::Stored(GROUP)), FIRST_EVENT);
    let draft = GroupDraft { visibility: Visibility::Private, ..draft() };
    let group = create(&mut tx, &me(), &draft, &Quotas::default()).unwrap().group;
    let events: Vec<_> = tx.emitted.into_iter().map(|(audience, _, event)| (audience, event)).collect();
    assert!(matches!(&events[0], (Audience::Group(GROUP), Event::MemberAdded(_))), "{events:?}");
    let shown = Event::GroupCreated(GroupUpdate::shown_to(group, ME));
    assert_eq!(events[1..], [(Audience::User(ME), shown)]);
}

#[test]
fn a_taken_name_is_refused() {
    let mut tx = stores_group(Unique::Taken);
    assert_eq!(create(&mut tx, &me(), &draft(), &Quotas::default()), Err(GroupRefusal::NameTaken.into()));
    assert_eq!(tx.emitted, []);
}

#[test]
fn an_account_that_just_ended_gets_no_group() {
    let mut tx = MockTx::new().locks_users(&[ME], LockStrength::Exclusive);
    tx.server_roles.expect_rights().times(1).returning(|_| Ok(None));
    assert_eq!(
        create(&mut tx, &me(), &draft(), &Quotas::default()),
        Err(AccountRefusal::Unauthenticated.into())
    );
    assert_eq!(tx.emitted, []);
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(
        || stores_owner(stores_group(Unique::Stored(GROUP))),
        |tx| create(tx, &me(), &draft(), &Quotas::default()),
    );
}

/// Somebody with these rights, who is locked, wants a group of this visibility.
fn refused(rights: ServerRights, visibility: Visibility) -> Option<Error> {
    let mut tx = MockTx::new();
    tx.accounts.expect_lock().returning(|_, _| Ok(()));
    tx.server_roles.expect_rights().returning(move |_| Ok(Some(rights)));
    tx.groups.expect_insert().returning(|_| Ok(Unique::Taken));
    let outcome = create(&mut tx, &me(), &GroupDraft { visibility, ..draft() }, &Quotas::UNLIMITED);
    // What is allowed gets as far as the name.
    outcome.err().filter(|error| *error != GroupRefusal::NameTaken.into())
}

#[test]
fn who_may_not_create_groups_is_refused_and_admins_are_not_cut_off_by_what_is_taken_from_everybody() {
    use ServerPermission::{CreateGroups, CreatePrivateGroups};
    let nothing = ServerPermissionSet::EMPTY;
    let taken = |rights| ServerRights { everybodys: nothing, ..rights };
    let cases = [
        (rights(false), None, None),
        (taken(rights(false)), Some(CreateGroups), Some(CreateGroups)),
        (taken(rights(true)), None, None),
        (taken(rights_with(&[CreateGroups])), None, Some(CreatePrivateGroups)),
        (taken(rights_with(&[CreatePrivateGroups])), Some(CreateGroups), Some(CreateGroups)),
        (taken(rights_with(&[CreateGroups, CreatePrivateGroups])), None, None),
    ];
    for (rights, public, private) in cases {
        let error = |missing: Option<_>| missing.map(|missing| Error::from(needs(missing)));
        assert_eq!(refused(rights, Visibility::Public), error(public), "{rights:?}");
        assert_eq!(refused(rights, Visibility::Closed), error(public), "{rights:?}");
        // Refused, never made public.
        assert_eq!(refused(rights, Visibility::Private), error(private), "{rights:?}");
    }
}
