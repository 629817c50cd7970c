use mockall::predicate::eq;

use super::*;
use crate::Refusal;
use crate::events::Audience;
use crate::groups::model::Group;
use crate::groups::retention::{RetentionBounds, RetentionDays};
use crate::permissions::BuiltInRole;
use crate::permissions::{ServerPermissionSet, ServerRights};
use crate::testing::told;
use crate::testing::{
    ADMIN, GROUP, GroupCaller, ME, MEMBER, MockTx, NOW, OUTSIDER, OWNER, SERVER_ADMIN, SERVER_ADMIN_INSIDE,
    assert_hands_faults_on, group, lacks, me, needs, rights, rights_with, standing,
};

fn name(text: &str) -> GroupName {
    GroupName::parse(text).unwrap()
}

fn renaming() -> GroupChanges {
    GroupChanges { name: Some(name("Florists")), ..GroupChanges::default() }
}

fn renamed() -> Group {
    Group { name: Some(name("Florists")), version: group().version.next(), ..group() }
}

/// What the group looks like in the end; it is read once.
fn shows(mut tx: MockTx, group: Group) -> (MockTx, GroupView) {
    let shown = GroupView {
        group,
        standing: Some(standing(BuiltInRole::Admin)),
        last_message: None,
        unread_mentions: 0,
        owner: None,
    };
    let view = shown.clone();
    tx.groups.expect_view().with(eq(GROUP), eq(ME)).times(1).returning(move |_, _| Ok(Some(view.clone())));
    (tx, shown)
}

fn stores(mut tx: MockTx, group: Group) -> MockTx {
    tx.groups
        .expect_update()
        .withf(move |stored| *stored == group)
        .times(1)
        .returning(|_| Ok(Unique::Stored(())));
    tx
}

fn renames(caller: GroupCaller) -> (MockTx, GroupView) {
    shows(stores(MockTx::new().called_by(caller), renamed()), renamed())
}

#[test]
fn admins_owners_and_server_admins_edit_a_group() {
    for caller in [ADMIN, OWNER, SERVER_ADMIN, SERVER_ADMIN_INSIDE] {
        let (mut tx, shown) = renames(caller);
        assert_eq!(edit(&mut tx, &me(), GROUP, &renaming()), Ok(shown), "{caller:?}");
        assert_eq!(tx.emitted, [(Audience::All, Some(ME), Event::GroupUpdated(GroupUpdate::of(renamed())))]);
        assert_eq!(told(&tx.recorded), ["group.edited in 7 (name)"]);
    }
}

#[test]
fn who_gains_or_loses_sight_of_a_group_is_told() {
    use Visibility::{Closed, Private, Public};
    let with = |visibility| Group { visibility, ..group() };
    for (before, after) in [(Public, Closed), (Closed, Private), (Private, Public)] {
        let changed = Group { version: group().version.next(), ..with(after) };
        let tx = MockTx::new().locks_group(Some(with(before)), Some(BuiltInRole::Owner));
        // Making a group private takes the permission to create such groups.
        let tx = if after == Private { tx.reads_rights(false) } else { tx };
        let (mut tx, shown) = shows(stores(tx, changed.clone()), changed.clone());
        let ends_requests = tx.join_requests.expect_remove_all().with(eq(GROUP));
        ends_requests.times(usize::from(after == Private)).returning(|_| Ok(()));
        let changes = GroupChanges { visibility: Some(after), ..GroupChanges::default() };
        assert_eq!(edit(&mut tx, &me(), GROUP, &changes), Ok(shown));
        let updated = Event::GroupUpdated(GroupUpdate::between(&with(before), changed.clone()));
        let audience = updated.audience().unwrap();
        let mut expected = vec![(audience, Some(ME), updated)];
        expected.extend(match after {
            Closed => None,
            Private => Some((Audience::All, Some(ME), Event::GroupHidden(RemovedGroup::hidden(GROUP)))),
            Public => Some((Audience::All, Some(ME), Event::GroupCreated(GroupUpdate::of(changed)))),
        });
        assert_eq!(tx.emitted, expected, "{before:?} {after:?}");
    }
}

#[test]
fn whoever_may_not_create_private_groups_makes_none_private() {
    let private = GroupChanges { visibility: Some(Visibility::Private), ..GroupChanges::default() };
    let tx = MockTx::new().locks_group(Some(group()), Some(BuiltInRole::Owner));
    let nothing = ServerPermissionSet::EMPTY;
    let mut tx = tx.reads_these_rights(Some(ServerRights { everybodys: nothing, ..rights(false) }));
    let refused = edit(&mut tx, &me(), GROUP, &private);
    assert_eq!(refused, Err(needs(ServerPermission::CreatePrivateGroups).into()));
    assert_eq!(tx.emitted, []);
}

#[test]
fn nobody_else_does() {
    for (caller, refusal) in
        [(OUTSIDER, GroupRefusal::MembersOnly), (MEMBER, lacks(GroupPermission::EditGroup))]
    {
        let mut tx = MockTx::new().called_by(caller);
        assert_eq!(edit(&mut tx, &me(), GROUP, &renaming()), Err(refusal.into()), "{caller:?}");
        assert_eq!(tx.emitted, []);
    }
}

#[test]
fn a_group_that_is_not_there_can_t_be_edited() {
    let mut tx = MockTx::new().locks_group(None, None).may_manage(false);
    assert_eq!(edit(&mut tx, &me(), GROUP, &renaming()), Err(GroupRefusal::NotFound.into()));
}

#[test]
fn a_taken_name_is_refused() {
    let mut tx = MockTx::new().called_by(OWNER);
    tx.groups.expect_update().times(1).returning(|_| Ok(Unique::Taken));
    assert_eq!(edit(&mut tx, &me(), GROUP, &renaming()), Err(GroupRefusal::NameTaken.into()));
    assert_eq!(tx.emitted, []);
}

#[test]
fn what_is_not_named_is_kept_and_a_description_can_be_cleared() {
    let description = Some(Description::parse("All that grows").unwrap());
    let described = Group { description: description.clone(), ..group() };
    for (before, change, after) in
        [(group(), description.clone(), described.clone()), (described, None, group())]
    {
        let after = Group { version: before.version.next(), ..after };
        let tx = MockTx::new().locks_group(Some(before), Some(BuiltInRole::Admin));
        let (mut tx, shown) = shows(stores(tx, after.clone()), after);
        let changes = GroupChanges { description: Some(change), ..GroupChanges::default() };
        assert_eq!(edit(&mut tx, &me(), GROUP, &changes), Ok(shown));
    }
}

#[test]
fn a_topic_and_slow_mode_are_set_and_cleared() {
    let (topic, slow_mode) = (Topic::parse("Seeds").unwrap(), SlowMode::parse(30).unwrap());
    let slowed = Group { topic: Some(topic), slow_mode, ..group() };
    for (before, after) in [(group(), slowed.clone()), (slowed, group())] {
        let after = Group { version: before.version.next(), ..after };
        let changes = GroupChanges {
            topic: Some(after.topic.clone()),
            slow_mode: Some(after.slow_mode),
            ..GroupChanges::default()
        };
        let tx = MockTx::new().locks_group(Some(before), Some(BuiltInRole::Admin));
        let (mut tx, shown) = shows(stores(tx, after.clone()), after);
        assert_eq!(edit(&mut tx, &me(), GROUP, &changes), Ok(shown));
    }
}

#[test]
fn receipts_are_turned_on_and_off_and_left_to_the_size_of_the_group() {
    let with = |receipts| Group { receipts, ..group() };
    for (before, after) in [(None, Some(true)), (Some(true), Some(false)), (Some(false), None)] {
        let changed = Group { version: group().version.next(), ..with(after) };
        let tx = MockTx::new().locks_group(Some(with(before)), Some(BuiltInRole::Admin));
        let (mut tx, shown) = shows(stores(tx, changed.clone()), changed);
        let changes = GroupChanges { receipts: Some(after), ..GroupChanges::default() };
        assert_eq!(edit(&mut tx, &me(), GROUP, &changes), Ok(shown));
    }
}

#[test]
fn an_archived_group_stays_as_it_is() {
    let archived = Group { archived_at: Some(NOW), ..group() };
    for (caller, refusal) in [(OWNER, GroupRefusal::Archived), (MEMBER, lacks(GroupPermission::EditGroup))] {
        let mut tx = MockTx::new().called_by_in(caller, archived.clone());
        assert_eq!(edit(&mut tx, &me(), GROUP, &renaming()), Err(refusal.into()));
    }
}

#[test]
fn a_change_that_changes_nothing_stores_and_emits_nothing() {
    let same = GroupChanges {
        name: group().name,
        description: Some(group().description),
        visibility: Some(Visibility::Public),
        history: Some(History::All),
        topic: Some(group().topic),
        slow_mode: Some(group().slow_mode),
        receipts: Some(group().receipts),
        retention: Some(RetentionChange { to: group().retention, within: RetentionBounds::default() }),
    };
    for changes in [GroupChanges::default(), same] {
        let (mut tx, shown) = shows(MockTx::new().called_by(ADMIN), group());
        assert_eq!(edit(&mut tx, &me(), GROUP, &changes), Ok(shown));
        assert_eq!(tx.emitted, []);
    }
}

#[test]
fn a_change_that_changes_nothing_still_takes_the_rights() {
    let mut tx = MockTx::new().called_by(MEMBER);
    let outcome = edit(&mut tx, &me(), GROUP, &GroupChanges::default());
    assert_eq!(outcome, Err(lacks(GroupPermission::EditGroup).into()));
}

/// Messages are to stay for so many days, where 30 to 90 are allowed.
fn keeping(days: i64) -> GroupChanges {
    let within = RetentionBounds { least: 30, most: Some(90) };
    let to = Some(RetentionDays::parse(days).unwrap());
    GroupChanges { retention: Some(RetentionChange { to, within }), ..GroupChanges::default() }
}

fn kept_for(days: i64) -> Group {
    let retention = Some(RetentionDays::parse(days).unwrap());
    Group { retention, version: group().version.next(), ..group() }
}

/// Who asks has this role in the group, and these permissions on the server, which are read.
fn on_server(role: BuiltInRole, permissions: &[ServerPermission]) -> MockTx {
    let tx = MockTx::new().locks_group(Some(group()), Some(role));
    tx.reads_these_rights(Some(rights_with(permissions)))
}

#[test]
fn who_edits_a_group_keeps_messages_within_the_bounds() {
    let tx = MockTx::new().locks_group(Some(group()), Some(BuiltInRole::Admin));
    let (mut tx, shown) = shows(stores(tx, kept_for(30)), kept_for(30));
    assert_eq!(edit(&mut tx, &me(), GROUP, &keeping(30)), Ok(shown));
    assert_eq!(told(&tx.recorded), ["group.edited in 7 (retention)"]);
    for outside in [0, 29, 91] {
        let mut tx = on_server(BuiltInRole::Owner, &[ServerPermission::ManageGroups]);
        let Err(Error::Refused(Refusal::Invalid(fields))) = edit(&mut tx, &me(), GROUP, &keeping(outside))
        else {
            panic!("{outside} days are outside");
        };
        assert_eq!(fields.len(), 1);
        assert_eq!(fields[0].field, "retention_days");
        assert_eq!(tx.emitted, []);
    }
}

#[test]
fn who_manages_the_server_keeps_messages_as_they_like_and_changes_nothing_else() {
    let manages = [ServerPermission::ManageServer];
    for role in [BuiltInRole::Readonly, BuiltInRole::Member, BuiltInRole::Owner] {
        let tx = on_server(role, &manages);
        // Also whether those who don't edit the group by their role manage all groups.
        let by_role = role == BuiltInRole::Owner;
        let tx = if by_role { tx } else { tx.reads_these_rights(Some(rights_with(&manages))) };
        let (mut tx, shown) = shows(stores(tx, kept_for(1)), kept_for(1));
        assert_eq!(edit(&mut tx, &me(), GROUP, &keeping(1)), Ok(shown), "{role:?}");
    }
    let lacks = Err(lacks(GroupPermission::EditGroup).into());
    let mut tx = on_server(BuiltInRole::Member, &[]).reads_these_rights(Some(rights_with(&[])));
    assert_eq!(edit(&mut tx, &me(), GROUP, &keeping(60)), lacks);
    let mut tx = on_server(BuiltInRole::Member, &manages);
    let more = GroupChanges { name: renaming().name, ..keeping(60) };
    assert_eq!(edit(&mut tx, &me(), GROUP, &more), lacks);
}

#[test]
fn faults_are_returned() {
    assert_hands_faults_on(|| renames(SERVER_ADMIN).0, |tx| edit(tx, &me(), GROUP, &renaming()));
}
