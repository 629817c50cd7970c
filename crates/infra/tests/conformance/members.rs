//! Members.

use groupchat_domain::groups::{
    DirectKey, Group, History, JoinedGroup, Member, MemberQuery, MemberSettings, Mute, NewDirect,
    NewMembership, Notify, Visibility, Writing,
};
use groupchat_domain::ids::{EventId, GroupId, Seq, UserId};
use groupchat_domain::paging::NameCursor;
use groupchat_domain::permissions::{
    BuiltInRole, GroupPermission, PermissionSet, Rank, RoleDefinition, RoleName,
};
use groupchat_domain::storage::{Tx, Unique};
use groupchat_domain::time::Timestamp;

use crate::support::fixture::*;

/// Adds somebody who joined at the time `joined`.
fn join_at(tx: &mut dyn Tx, group: GroupId, user: UserId, role: BuiltInRole, joined: i64) {
    let membership = NewMembership { joined_at: at(joined), ..new_membership(group, user, role) };
    stored(tx.members().insert(&membership).unwrap());
}

fn count(tx: &mut dyn Tx, group: GroupId) -> i64 {
    tx.groups().find_visible(group, UserId::new(0)).unwrap().unwrap().group.member_count
}

fn query(group: GroupId) -> MemberQuery {
    MemberQuery { group, search: None, after: None, limit: limit(10) }
}

fn listed(tx: &mut dyn Tx, query: &MemberQuery) -> Vec<UserId> {
    tx.members().list(query).unwrap().into_iter().map(|placed| placed.entry.user.id).collect()
}

fn successor(tx: &mut dyn Tx, group: GroupId) -> Option<UserId> {
    tx.members().successor(group).unwrap().map(|member| member.user.id)
}

fn members_are_counted_as_they_come_and_go(tx: &mut dyn Tx) {
    let ann = user(tx, "ann");
    let bob = user(tx, "bob").id;
    let id = group(tx, "chess");
    let other = group(tx, "go");
    join_at(tx, id, ann.id, BuiltInRole::Owner, 5);
    join(tx, id, bob, BuiltInRole::Member);
    join(tx, other, bob, BuiltInRole::Member);
    assert_eq!((count(tx, id), count(tx, other)), (2, 1));
    let (role, settings) = (BuiltInRole::Owner.into(), MemberSettings::default());
    let joined_seq = Seq::ZERO;
    let (user, joined_at, as_admin, mute) = (ann.as_ref(), at(5), false, None);
    let member = Member { user, role, joined_at, joined_seq, settings, as_admin, mute };
    assert_eq!(tx.members().find(id, ann.id), Ok(Some(member)));
    assert_eq!(tx.members().find(other, ann.id), Ok(None));

    tx.members().remove(id, bob).unwrap();
    assert_eq!((count(tx, id), count(tx, other)), (1, 1));
    assert_eq!(tx.members().find(id, bob), Ok(None));
    tx.members().remove(id, bob).unwrap();
    assert_eq!(count(tx, id), 1, "a membership that is not there is not counted off");
}

fn members_are_found_by_pairs_of_group_and_user(tx: &mut dyn Tx) {
    let [ann, bob, carla] = ["ann", "bob", "carla"].map(|name| user(tx, name).id);
    let [chess, go, bridge] = ["chess", "go", "bridge"].map(|name| group(tx, name));
    for (group, user, role) in [
        (chess, ann, BuiltInRole::Owner),
        (chess, bob, BuiltInRole::Member),
        (chess, carla, BuiltInRole::Member),
        (go, ann, BuiltInRole::Member),
        (go, bob, BuiltInRole::Admin),
        (bridge, ann, BuiltInRole::Owner),
    ] {
        join(tx, group, user, role);
    }
    tx.accounts().mark_deleted(carla, at(9)).unwrap();
    tx.groups().mark_deleted(bridge, at(9)).unwrap();
    // Of the pairs that could be made of these groups and users, those that were asked for.
    let asked =
        [(go, bob), (chess, ann), (go, carla), (chess, carla), (bridge, ann), (bridge, bob), (go, bob)];
    let mut found = tx.members().find_many(&asked).unwrap();
    found.sort_by_key(|(group, member)| (*group, member.user.id));
    let expected =
        [(chess, ann), (go, bob)].map(|(id, user)| (id, tx.members().find(id, user).unwrap().unwrap()));
    assert_eq!(found, expected, "each once, none that is deleted or whose group is");
    assert_eq!(tx.members().find_many(&[]), Ok(Vec::new()));
}

fn as_many_members_are_found_at_once_as_a_page_of_the_log_names(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    let id = group(tx, "chess");
    join(tx, id, ann, BuiltInRole::Owner);
    let strangers = (1..1_000).map(|number| (id, UserId::new(1_000_000 + number)));
    let asked: Vec<_> = strangers.chain([(id, ann)]).collect();
    let found = tx.members().find_many(&asked).unwrap();
    assert_eq!(found.iter().map(|(_, member)| member.user.id).collect::<Vec<_>>(), [ann]);
}

fn a_second_membership_is_taken_and_not_counted(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    let id = group(tx, "chess");
    join(tx, id, ann, BuiltInRole::Owner);
    let again = new_membership(id, ann, BuiltInRole::Member);
    assert_eq!(tx.members().insert(&again), Ok(Unique::Taken));
    assert_eq!(count(tx, id), 1);
    assert_eq!(tx.members().find(id, ann).unwrap().unwrap().role.name, BuiltInRole::Owner);
}

fn a_role_changes_for_one_member_alone(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let [chess, go] = ["chess", "go"].map(|name| group(tx, name));
    for (group, user) in [(chess, ann), (chess, bob), (go, ann)] {
        join(tx, group, user, BuiltInRole::Member);
    }
    for role in BuiltInRole::ALL {
        tx.members().set_role(chess, ann, &role.into()).unwrap();
        assert_eq!(tx.members().find(chess, ann).unwrap().unwrap().role.name, role);
        assert_eq!(tx.members().find(chess, bob).unwrap().unwrap().role.name, BuiltInRole::Member);
        assert_eq!(tx.members().find(go, ann).unwrap().unwrap().role.name, BuiltInRole::Member);
    }
}

fn settings_change_for_one_member_of_one_group_alone(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let [chess, go] = ["chess", "go"].map(|name| group(tx, name));
    for (group, user) in [(chess, ann), (chess, bob), (go, ann)] {
        join(tx, group, user, BuiltInRole::Member);
    }
    for notify in Notify::ALL {
        for (pinned, hidden) in [(true, false), (false, true)] {
            let settings = MemberSettings { notify, pinned, hidden };
            tx.members().set_settings(chess, ann, settings).unwrap();
            assert_eq!(tx.members().find(chess, ann).unwrap().unwrap().settings, settings);
            let visible = tx.groups().find_visible(chess, ann).unwrap().unwrap();
            let view = tx.groups().view(chess, ann).unwrap().unwrap();
            for standing in [visible.standing, view.standing] {
                assert_eq!(standing.unwrap().settings, settings);
            }
        }
    }
    for (group, user) in [(chess, bob), (go, ann)] {
        let settings = tx.members().find(group, user).unwrap().unwrap().settings;
        assert_eq!(settings, MemberSettings::default());
    }
    tx.members().remove(chess, ann).unwrap();
    join(tx, chess, ann, BuiltInRole::Member);
    let settings = tx.members().find(chess, ann).unwrap().unwrap().settings;
    assert_eq!(settings, MemberSettings::default(), "they end with the membership");
}

fn a_message_tells_when_its_author_last_sent_one(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let [chess, go] = ["chess", "go"].map(|name| group(tx, name));
    for (group, user) in [(chess, ann), (chess, bob), (go, ann)] {
        join_at(tx, group, user, BuiltInRole::Member, 5);
    }
    let mut last_sent = |group, user, words: &[&str]| {
        for words in words {
            post(tx, group, ann, words);
        }
        tx.groups().find_visible(group, user).unwrap().unwrap().standing.unwrap().last_sent_at
    };
    assert_eq!(last_sent(chess, ann, &[]), at(5), "when she joined");
    assert_eq!(last_sent(chess, ann, &["a", "b"]), at(102));
    assert_eq!(last_sent(chess, bob, &[]), at(5));
    assert_eq!(last_sent(go, ann, &[]), at(5));
}

fn members_are_listed_by_name_in_pages(tx: &mut dyn Tx) {
    let [carla, bob, dave, eve] = ["carla", "Bob", "dave", "eve"].map(|name| user(tx, name).id);
    let id = group(tx, "chess");
    let other = group(tx, "go");
    for user in [dave, bob, carla] {
        join(tx, id, user, BuiltInRole::Member);
    }
    join(tx, other, eve, BuiltInRole::Member);
    assert_eq!(listed(tx, &query(id)), [bob, carla, dave]);
    assert_eq!(listed(tx, &MemberQuery { limit: limit(1), ..query(id) }), [bob, carla]);
    let after = |user: i64, rows| {
        let after = Some(NameCursor { name_key: "bob".to_owned(), id: user, renames: 0 });
        MemberQuery { after, limit: limit(rows), ..query(id) }
    };
    assert_eq!(listed(tx, &after(bob.get(), 1)), [carla, dave]);
    assert_eq!(listed(tx, &after(bob.get(), 2)), [carla, dave]);
    // A name that somebody else took since: the id decides.
    assert_eq!(listed(tx, &after(bob.get() - 1, 1)), [bob, carla]);
    assert_eq!(listed(tx, &after(bob.get() + 1, 1)), [carla, dave]);
}

fn a_search_finds_names_and_never_addresses(tx: &mut dyn Tx) {
    let [ann, joanna, bob] = ["ann", "Joanna", "bob"].map(|name| user(tx, name).id);
    user(tx, "annabel");
    let id = group(tx, "chess");
    for user in [ann, joanna, bob] {
        join(tx, id, user, BuiltInRole::Member);
    }
    let mut search = |text: &str| listed(tx, &MemberQuery { search: Some(sought(text)), ..query(id) });
    assert_eq!(search("ann"), [ann, joanna]);
    assert_eq!(search("bob über"), [bob], "the display name");
    assert_eq!(search("mail.example"), [], "the address");
    assert_eq!(search("a_n"), [], "a wildcard stands for itself");
}

fn deleted_users_are_left_out(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let id = group(tx, "chess");
    join(tx, id, ann, BuiltInRole::Admin);
    join(tx, id, bob, BuiltInRole::Member);
    tx.accounts().mark_deleted(ann, at(9)).unwrap();
    assert_eq!(tx.members().find(id, ann), Ok(None));
    assert_eq!(listed(tx, &query(id)), [bob]);
    assert_eq!(successor(tx, id), Some(bob));
    assert_eq!(count(tx, id), 2, "the membership ends a little later");
    tx.members().remove(id, ann).unwrap();
    assert_eq!(count(tx, id), 1);
}

fn owners_are_counted_without_deleted_ones(tx: &mut dyn Tx) {
    let users = ["ann", "bob", "carla", "dave", "eve"].map(|name| user(tx, name).id);
    let id = group(tx, "chess");
    let other = group(tx, "go");
    join(tx, other, users[0], BuiltInRole::Owner);
    assert_eq!(tx.members().count_owners(id), Ok(0));
    for (user, role) in users.into_iter().zip([
        BuiltInRole::Owner,
        BuiltInRole::Owner,
        BuiltInRole::Admin,
        BuiltInRole::Member,
        BuiltInRole::Owner,
    ]) {
        join(tx, id, user, role);
    }
    assert_eq!(tx.members().count_owners(id), Ok(2), "more are not counted");
    tx.members().remove(id, users[4]).unwrap();
    assert_eq!(tx.members().count_owners(id), Ok(2));
    tx.accounts().mark_deleted(users[0], at(9)).unwrap();
    assert_eq!(tx.members().count_owners(id), Ok(1));
    tx.members().set_role(id, users[1], &BuiltInRole::Admin.into()).unwrap();
    assert_eq!(tx.members().count_owners(id), Ok(0));
}

fn the_longest_serving_admin_succeeds_else_the_longest_serving_member(tx: &mut dyn Tx) {
    let [owner, late, early, first, last] =
        ["owner", "late", "early", "first", "last"].map(|name| user(tx, name).id);
    let id = group(tx, "chess");
    join_at(tx, id, owner, BuiltInRole::Owner, 1);
    assert_eq!(successor(tx, id), None, "an owner succeeds nobody");
    join_at(tx, id, last, BuiltInRole::Member, 4);
    join_at(tx, id, first, BuiltInRole::Member, 2);
    assert_eq!(successor(tx, id), Some(first));
    join_at(tx, id, late, BuiltInRole::Admin, 9);
    join_at(tx, id, early, BuiltInRole::Admin, 8);
    assert_eq!(successor(tx, id), Some(early));
    tx.members().set_role(id, early, &BuiltInRole::Member.into()).unwrap();
    assert_eq!(successor(tx, id), Some(late));
}

fn the_groups_of_a_user_come_by_id_whether_or_not_either_is_deleted(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let groups = ["chess", "go", "bridge"].map(|name| group(tx, name));
    for group in groups.iter().rev() {
        join(tx, *group, ann, BuiltInRole::Member);
    }
    join(tx, groups[1], bob, BuiltInRole::Member);
    tx.groups().mark_deleted(groups[0], at(9)).unwrap();
    tx.accounts().mark_deleted(ann, at(9)).unwrap();
    assert_eq!(tx.members().groups_of(ann, 10), Ok(groups.to_vec()));
    assert_eq!(tx.members().groups_of(ann, 2), Ok(groups[..2].to_vec()));
    assert_eq!(tx.members().groups_of(bob, 10), Ok(vec![groups[1]]));
}

fn the_groups_of_a_user_are_counted_up_to_a_limit(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let groups = ["chess", "go", "bridge", "poker"].map(|name| group(tx, name));
    for (group, role) in groups.into_iter().zip([
        BuiltInRole::Owner,
        BuiltInRole::Owner,
        BuiltInRole::Admin,
        BuiltInRole::Member,
    ]) {
        join(tx, group, ann, role);
        join(tx, group, bob, BuiltInRole::Member);
    }
    let count = |tx: &mut dyn Tx, role, most| tx.members().count_groups(ann, role, most).unwrap();
    assert_eq!([0, 3, 4, 5].map(|most| count(tx, None, most)), [0, 3, 4, 4]);
    assert_eq!([1, 2, 3].map(|most| count(tx, Some(BuiltInRole::Owner), most)), [1, 2, 2]);
    tx.groups().mark_deleted(groups[0], at(9)).unwrap();
    assert_eq!((count(tx, None, 9), count(tx, Some(BuiltInRole::Owner), 9)), (3, 1));
    assert_eq!(tx.members().count_groups(bob, Some(BuiltInRole::Owner), 9), Ok(0));
}

fn a_user_s_groups_say_since_when_and_private_ones_that_ended_are_found_by_id_until_they_are_forgotten(
    tx: &mut dyn Tx,
) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let [chess, go, bridge] = ["chess", "go", "bridge"].map(|name| group(tx, name));
    for (group, user, since) in [(chess, ann, 4), (go, ann, 9), (bridge, ann, 5), (go, bob, 7)] {
        let since_event = EventId::new(since);
        stored(
            tx.members()
                .insert(&NewMembership { since_event, ..new_membership(group, user, BuiltInRole::Member) })
                .unwrap(),
        );
    }
    tx.groups().mark_deleted(bridge, at(9)).unwrap();
    let joined = |tx: &mut dyn Tx, user| {
        let mut joined = tx.members().joined_groups(user).unwrap();
        joined.sort_by_key(|group| group.id);
        joined
    };
    let whole = |group, since| JoinedGroup::whole(group, EventId::new(since));
    assert_eq!(joined(tx, ann), [whole(chess, 4), whole(go, 9)]);
    assert_eq!(joined(tx, bob), [whole(go, 7)]);

    let closed = tx.groups().find_many(&[go]).unwrap().remove(0);
    let private = Group { visibility: Visibility::Private, history: History::Joined, ..closed };
    stored(tx.groups().update(&private).unwrap());
    tx.groups().mark_deleted(go, at(9)).unwrap();
    assert_eq!((joined(tx, ann), joined(tx, bob)), (vec![whole(chess, 4)], vec![]));
    let all = [chess, go, bridge];
    let end = |since| JoinedGroup { has_ended: true, ..whole(go, since) };
    for _ in 0..2 {
        assert_eq!(tx.members().ended_groups(ann, &all), Ok(vec![end(9)]), "{bridge} was public");
        assert_eq!(tx.members().ended_groups(bob, &all), Ok(vec![end(7)]));
        assert_eq!(tx.members().ended_groups(bob, &[chess, bridge]), Ok(vec![]), "{go} was not asked about");
        assert_eq!(tx.members().ended_groups(bob, &[]), Ok(vec![]));
        assert_eq!(tx.groups().purge(go, 100), Ok(true));
    }
    assert_eq!(tx.groups().forget(go, 1), Ok(false));
    assert_eq!(tx.groups().forget(go, 100), Ok(true));
    assert_eq!(tx.members().ended_groups(ann, &all), Ok(vec![]));
    assert_eq!(joined(tx, ann), [whole(chess, 4)]);
}

fn the_longest_serving_owner_of_each_group_is_found(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name));
    let [chess, go, empty] = ["chess", "go", "empty"].map(|name| group(tx, name));
    join(tx, chess, bob.id, BuiltInRole::Owner);
    join(tx, chess, ann.id, BuiltInRole::Owner);
    join(tx, go, bob.id, BuiltInRole::Owner);
    join(tx, go, ann.id, BuiltInRole::Member);
    let mut owners = tx.members().first_owners(&[chess, go, empty]).unwrap();
    owners.sort_by_key(|(group, _)| *group);
    // Both joined at one time, so the id decides.
    assert_eq!(owners, [(chess, ann.as_ref()), (go, bob.as_ref())]);
}

fn how_somebody_joined_is_kept(tx: &mut dyn Tx) {
    let (ann, chess) = (user(tx, "ann").id, group(tx, "chess"));
    let membership = NewMembership { as_admin: true, ..new_membership(chess, ann, BuiltInRole::Owner) };
    tx.members().insert(&membership).unwrap();
    assert!(tx.members().find(chess, ann).unwrap().unwrap().as_admin);
    assert!(tx.members().find_many(&[(chess, ann)]).unwrap()[0].1.as_admin);
}

fn a_user_s_groups_say_what_decides_whether_the_user_may_write(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let [chess, go, bridge, poker] = ["chess", "go", "bridge", "poker"].map(|name| group(tx, name));
    let judge = RoleName::parse("Judge").unwrap();
    let permissions = PermissionSet::of(&[GroupPermission::View]);
    let silent = RoleDefinition { rank: Rank::from_stored(20).unwrap(), permissions };
    tx.roles().put(go, &judge, &silent).unwrap();
    tx.roles().put(bridge, &RoleName::MEMBER, &silent).unwrap();
    for (group, role) in [
        (chess, BuiltInRole::Admin),
        (go, BuiltInRole::Member),
        (bridge, BuiltInRole::Member),
        (poker, BuiltInRole::Readonly),
    ] {
        join(tx, group, ann, role);
    }
    tx.members().set_role(go, ann, &judge).unwrap();
    let later = Timestamp::from_micros(tx.now().as_micros() + 1);
    for (group, user, until) in
        [(chess, ann, later), (chess, bob, at(9)), (go, ann, tx.now()), (poker, bob, later)]
    {
        tx.mutes().put(group, user, &Mute { until, reason: None }).unwrap();
    }
    let archived = tx.groups().find_many(&[bridge]).unwrap().remove(0);
    stored(tx.groups().update(&Group { archived_at: Some(at(3)), ..archived }).unwrap());
    let conversation = NewDirect { key: DirectKey::of(ann, &[bob]), created_at: at(1) };
    let conversation = stored(tx.groups().insert_direct(&conversation).unwrap());
    for person in [ann, bob] {
        join(tx, conversation, person, BuiltInRole::Member);
    }
    let writing = |tx: &mut dyn Tx, user| {
        let mut joined = tx.members().joined_groups(user).unwrap();
        joined.sort_by_key(|group| group.id);
        joined.into_iter().map(|group| (group.id, group.role, group.writing)).collect::<Vec<_>>()
    };
    let usual = |role: BuiltInRole| (RoleName::from(role), Writing::usual(&role.into()));
    let (member, member_writes) = usual(BuiltInRole::Member);
    let mute = |writing| Writing { muted_until: Some(later), ..writing };
    let silenced = Writing { role_sends: false, ..member_writes };
    let expected = |is_closed| {
        let (admin, admin_writes) = usual(BuiltInRole::Admin);
        let (readonly, readonly_writes) = usual(BuiltInRole::Readonly);
        vec![
            (chess, admin, mute(admin_writes)),
            (go, judge.clone(), silenced),
            (bridge, member.clone(), Writing { is_archived: true, ..silenced }),
            (poker, readonly, readonly_writes),
            (conversation, member.clone(), Writing { is_closed, ..member_writes }),
        ]
    };
    assert_eq!(writing(tx, ann), expected(false));
    tx.blocks().insert(bob, ann, at(4)).unwrap();
    assert_eq!(writing(tx, ann), expected(true));
    assert_eq!(writing(tx, bob), [(conversation, member, Writing { is_closed: true, ..member_writes })]);
}

cases! { transaction:
    a_user_s_groups_say_what_decides_whether_the_user_may_write
    members_are_counted_as_they_come_and_go
    members_are_found_by_pairs_of_group_and_user
    as_many_members_are_found_at_once_as_a_page_of_the_log_names
    a_second_membership_is_taken_and_not_counted
    a_role_changes_for_one_member_alone
    settings_change_for_one_member_of_one_group_alone
    a_message_tells_when_its_author_last_sent_one
    members_are_listed_by_name_in_pages
    a_search_finds_names_and_never_addresses
    deleted_users_are_left_out
    owners_are_counted_without_deleted_ones
    the_longest_serving_owner_of_each_group_is_found
    how_somebody_joined_is_kept
    the_longest_serving_admin_succeeds_else_the_longest_serving_member
    the_groups_of_a_user_come_by_id_whether_or_not_either_is_deleted
    the_groups_of_a_user_are_counted_up_to_a_limit
    a_user_s_groups_say_since_when_and_private_ones_that_ended_are_found_by_id_until_they_are_forgotten
}
