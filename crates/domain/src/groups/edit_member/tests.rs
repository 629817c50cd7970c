use mockall::predicate::eq;

use super::*;
use crate::Refusal;
use crate::events::Audience;
use crate::groups::settings::{MemberSettings, Notify};
use crate::permissions::{BuiltInRole, GroupPermission};
use crate::testing::{GROUP, ME, MEMBER, MockTx, OTHER, assert_hands_faults_on, group, lacks, me, member};

const MUTED: SettingsChanges =
    SettingsChanges { notify: Some(Notify::None), pinned: None, hidden: Some(true) };

fn pinned() -> Member {
    Member {
        settings: MemberSettings { pinned: true, ..MemberSettings::default() },
        ..member(ME, BuiltInRole::Member)
    }
}

fn muted() -> Member {
    Member { settings: MemberSettings { notify: Notify::None, pinned: true, hidden: true }, ..pinned() }
}

/// The actor is found in the group as this member.
fn finds(found: Option<Member>) -> MockTx {
    let mut tx = MockTx::new().locks_group(Some(group()), found.as_ref().map(|_| BuiltInRole::Member));
    tx.members.expect_find().with(eq(GROUP), eq(ME)).times(1).returning(move |_, _| Ok(found.clone()));
    tx
}

fn stores(mut tx: MockTx, settings: MemberSettings) -> MockTx {
    let stored = tx.members.expect_set_settings().with(eq(GROUP), eq(ME), eq(settings));
    stored.times(1).returning(|_, _, _| Ok(()));
    tx
}

#[test]
fn own_devices_are_told_of_what_changed_and_nobody_else() {
    let mut tx = stores(finds(Some(pinned())), muted().settings);
    assert_eq!(change_settings(&mut tx, &me(), GROUP, MUTED), Ok(muted()));
    let own = OwnMembership(GroupMember { group: GROUP, member: muted() });
    assert_eq!(tx.emitted, [(Audience::User(ME), Some(ME), Event::SettingsUpdated(own))]);
}

#[test]
fn settings_that_stay_are_not_stored_and_nobody_is_told() {
    for changes in [SettingsChanges::default(), MUTED] {
        let mut tx = finds(Some(muted()));
        assert_eq!(change_settings(&mut tx, &me(), GROUP, changes), Ok(muted()));
        assert_eq!(tx.emitted, []);
    }
}

#[test]
fn only_members_have_settings() {
    let not_in_it = Err(GroupRefusal::MemberNotFound.into());
    assert_eq!(change_settings(&mut finds(None), &me(), GROUP, MUTED), not_in_it);
    let mut no_group = MockTx::new().locks_group(None, None);
    assert_eq!(change_settings(&mut no_group, &me(), GROUP, MUTED), Err(GroupRefusal::NotFound.into()));
}

#[test]
fn nobody_changes_the_settings_of_others() {
    let changes = MemberChanges { role: Some(BuiltInRole::Admin.into()), settings: MUTED };
    let refused = edit_member(&mut MockTx::new(), &me(), GROUP, OTHER, &changes, &Quotas::default());
    let Err(Error::Refused(Refusal::Invalid(errors))) = refused else { panic!("{refused:?}") };
    let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["notify", "hidden"]);
    assert!(errors.iter().all(|error| error.violation.code == ViolationCode::NotEditable));
}

#[test]
fn a_change_of_settings_needs_no_role_and_one_of_the_role_still_does() {
    let changes = |role| MemberChanges { role, settings: MUTED };
    let mut tx = stores(finds(Some(pinned())), muted().settings);
    assert_eq!(edit_member(&mut tx, &me(), GROUP, ME, &changes(None), &Quotas::default()), Ok(muted()));
    let mut tx = MockTx::new().called_by(MEMBER);
    tx.members.expect_find().with(eq(GROUP), eq(ME)).returning(|_, _| Ok(Some(pinned())));
    let admin = changes(Some(BuiltInRole::Admin.into()));
    let refused = edit_member(&mut tx, &me(), GROUP, ME, &admin, &Quotas::default());
    assert_eq!(refused, Err(lacks(GroupPermission::ManageRoles).into()));
    assert_eq!(tx.emitted, []);
}

#[test]
fn to_change_nothing_of_oneself_needs_no_role_and_of_others_does() {
    let nothing = MemberChanges::default();
    let mut tx = finds(Some(pinned()));
    assert_eq!(edit_member(&mut tx, &me(), GROUP, ME, &nothing, &Quotas::default()), Ok(pinned()));
    assert_eq!(tx.emitted, []);
    let mut tx = MockTx::new().called_by(MEMBER);
    tx.members.expect_find().returning(|_, _| Ok(Some(member(OTHER, BuiltInRole::Member))));
    let refused = edit_member(&mut tx, &me(), GROUP, OTHER, &nothing, &Quotas::default());
    assert_eq!(refused, Err(lacks(GroupPermission::ManageRoles).into()));
}

#[test]
fn a_choice_has_one_name() {
    for choice in Notify::ALL {
        assert_eq!(Notify::parse(choice.as_str()), Ok(choice));
    }
    assert!(Notify::parse("All").is_err());
}

#[test]
fn faults_are_returned() {
    let prepare = || stores(finds(Some(pinned())), muted().settings);
    assert_hands_faults_on(prepare, |tx| change_settings(tx, &me(), GROUP, MUTED));
}
