//! Groups.

use groupchat_domain::accounts::TokenGroups;
use groupchat_domain::groups::{
    Description, Group, GroupKind, GroupName, GroupQuery, GroupView, History, MemberSettings, NewGroup,
    NewMembership, SlowMode, Standing, Topic, Visibility,
};
use groupchat_domain::ids::{GroupId, Seq, UserId, Version};
use groupchat_domain::paging::NameCursor;
use groupchat_domain::permissions::{BuiltInRole, Role};
use groupchat_domain::storage::{Tx, Unique};

use crate::support::fixture::*;

/// Stands for somebody who is in no group.
pub(crate) const STRANGER: UserId = UserId::new(4711);

fn all(viewer: UserId) -> GroupQuery {
    GroupQuery::of(viewer, limit(10))
}

fn ids(tx: &mut dyn Tx, query: &GroupQuery) -> Vec<GroupId> {
    tx.groups().list(query).unwrap().into_iter().map(|placed| placed.entry.group.id).collect()
}

/// The group as the single view and as the list show it, which must be the same.
fn shown(tx: &mut dyn Tx, id: GroupId, viewer: UserId) -> GroupView {
    let view = tx.groups().view(id, viewer).unwrap().expect("a group");
    let listed = tx.groups().list(&all(viewer)).unwrap();
    let mut listed = listed.into_iter().map(|placed| placed.entry);
    assert_eq!(listed.find(|listed| listed.group.id == id).as_ref(), Some(&view));
    view
}

fn found(tx: &mut dyn Tx, id: GroupId) -> Group {
    tx.groups().find_visible(id, STRANGER).unwrap().expect("a group").group
}

fn a_new_group_has_no_members_and_no_messages(tx: &mut dyn Tx) {
    let description = Some(Description::parse("All about\n\tchess").unwrap());
    let new = NewGroup { description, ..new_group("Chess") };
    let id = stored(tx.groups().insert(&new).unwrap());
    let group = new.into_group(id);
    assert_eq!((group.member_count, group.last_seq), (0, Seq::ZERO));
    assert_eq!(found(tx, id), group);
    let view = GroupView { group, standing: None, last_message: None, unread_mentions: 0, owner: None };
    assert_eq!(shown(tx, id, STRANGER), view);
}

fn groups_are_found_by_their_ids_without_deleted_ones(tx: &mut dyn Tx) {
    let [chess, go, bridge] = ["chess", "go", "bridge"].map(|name| group(tx, name));
    tx.groups().mark_deleted(go, at(9)).unwrap();
    let mut found = tx.groups().find_many(&[bridge, GroupId::new(9_999), go, chess, bridge]).unwrap();
    found.sort_by_key(|group| group.id);
    let nobody = UserId::new(0);
    let expected = [chess, bridge].map(|id| tx.groups().find_visible(id, nobody).unwrap().unwrap().group);
    assert_eq!(found, expected, "each once");
    assert_eq!(tx.groups().find_many(&[]), Ok(Vec::new()));
}

fn a_public_name_is_taken_in_any_case_until_the_group_is_deleted(tx: &mut dyn Tx) {
    let first = group(tx, "Straße");
    assert_eq!(tx.groups().insert(&new_group("STRASSE")), Ok(Unique::Taken));
    tx.groups().mark_deleted(first, at(9)).unwrap();
    let second = group(tx, "strasse");
    assert_ne!(second, first, "an id is never given out twice");
    tx.groups().mark_deleted(second, at(9)).unwrap();
    group(tx, "straße");
}

fn an_update_stores_every_field(tx: &mut dyn Tx) {
    let id = group(tx, "chess");
    let other = group(tx, "go");
    let before = found(tx, id);
    let changed = Group {
        name: Some(GroupName::parse("Chess Club").unwrap()),
        description: Some(Description::parse("Mondays").unwrap()),
        topic: Some(Topic::parse("Openings").unwrap()),
        slow_mode: SlowMode::parse(21_600).unwrap(),
        receipts: Some(false),
        archived_at: Some(at(7)),
        version: before.version.next(),
        ..before.clone()
    };
    assert_eq!(tx.groups().update(&changed), Ok(Unique::Stored(())));
    assert_eq!(found(tx, id), changed);
    let search = |text: &str| GroupQuery { search: Some(sought(text)), ..all(STRANGER) };
    assert_eq!(ids(tx, &search("chess club")), [id]);
    assert_eq!(tx.groups().update(&before), Ok(Unique::Stored(())));
    assert_eq!(found(tx, id), before);
    assert_eq!(ids(tx, &search("chess club")), []);
    assert_eq!(found(tx, other).name.unwrap().as_str(), "go");
}

fn an_update_can_not_take_the_name_of_another(tx: &mut dyn Tx) {
    let id = group(tx, "chess");
    group(tx, "go");
    let before = found(tx, id);
    let named = |name: &str| Group { name: Some(GroupName::parse(name).unwrap()), ..before.clone() };
    assert_eq!(tx.groups().update(&named("GO")), Ok(Unique::Taken));
    // The transaction goes on, and nothing has changed.
    assert_eq!(found(tx, id), before);
    assert_eq!(tx.groups().update(&named("CHESS")), Ok(Unique::Stored(())));
}

fn closed_groups_are_seen_by_all_and_private_ones_by_their_members(tx: &mut dyn Tx) {
    let (ann, bob) = (user(tx, "ann").id, user(tx, "bob").id);
    let [_, closed, private] = Visibility::ALL.map(|visibility| {
        let new = NewGroup { visibility, history: History::Joined, ..new_group(visibility.as_str()) };
        let id = stored(tx.groups().insert(&new).unwrap());
        join(tx, id, ann, BuiltInRole::Owner);
        let group = tx.groups().find_visible(id, ann).unwrap().expect("a group").group;
        assert_eq!((group.visibility, group.history), (visibility, History::Joined));
        id
    });
    assert_eq!(shown(tx, private, ann).group.visibility, Visibility::Private);
    assert_eq!(shown(tx, closed, bob).group.visibility, Visibility::Closed);
    assert_eq!(tx.groups().find_visible(private, bob), Ok(None));
    assert_eq!(tx.groups().view(private, bob), Ok(None));
    let search = GroupQuery { search: Some(sought("private")), ..all(bob) };
    assert_eq!((ids(tx, &search), ids(tx, &all(bob)).len()), (vec![], 2));
    assert_eq!(ids(tx, &GroupQuery { viewer: ann, ..search }), [private]);
    tx.members().remove(private, ann).unwrap();
    assert_eq!(tx.groups().find_visible(private, ann), Ok(None), "who leaves no longer sees it");
    let ownerless = GroupQuery { ownerless: true, ..all(bob) };
    assert_eq!(ids(tx, &ownerless), [private], "or nobody could look after it");
    assert_eq!(ids(tx, &GroupQuery { all: true, ..all(bob) }).len(), 3, "for server admins");
}

fn only_names_of_listed_groups_are_unique(tx: &mut dyn Tx) {
    let named = |visibility| NewGroup { visibility, ..new_group("Chess") };
    let hidden = stored(tx.groups().insert(&named(Visibility::Private)).unwrap());
    let closed = stored(tx.groups().insert(&named(Visibility::Closed)).unwrap());
    stored(tx.groups().insert(&named(Visibility::Private)).unwrap());
    assert_eq!(tx.groups().insert(&named(Visibility::Public)), Ok(Unique::Taken));
    let revealed =
        Group { visibility: Visibility::Public, ..tx.groups().find_many(&[hidden]).unwrap().remove(0) };
    assert_eq!(tx.groups().update(&revealed), Ok(Unique::Taken));
    let withdrawn = Group { visibility: Visibility::Private, history: History::Joined, ..found(tx, closed) };
    assert_eq!(tx.groups().update(&withdrawn), Ok(Unique::Stored(())));
    assert_eq!(tx.groups().find_many(&[closed]), Ok(vec![withdrawn]));
    assert_eq!(tx.groups().update(&revealed), Ok(Unique::Stored(())));
}

fn a_group_shows_the_standing_of_who_looks(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    let bob = user(tx, "bob").id;
    let id = group(tx, "chess");
    join(tx, id, ann, BuiltInRole::Owner);
    let membership = NewMembership {
        read_seq: Seq::new(5),
        joined_seq: Seq::new(4),
        ..new_membership(id, bob, BuiltInRole::Admin)
    };
    stored(tx.members().insert(&membership).unwrap());
    let mut standing = |viewer| {
        let found = tx.groups().find_visible(id, viewer).unwrap().unwrap().standing;
        assert_eq!(shown(tx, id, viewer).standing, found);
        found
    };
    let (settings, last_sent_at) = (MemberSettings::default(), at(3));
    let expected = |role, read_seq, joined_seq| {
        let (role, is_closed, muted_until) = (Role::unchanged(role, false), false, None);
        Some(Standing {
            role,
            read_seq,
            read_version: Version::FIRST,
            joined_seq,
            settings,
            last_sent_at,
            is_closed,
            muted_until,
        })
    };
    assert_eq!(standing(ann), expected(BuiltInRole::Owner, Seq::ZERO, Seq::ZERO));
    assert_eq!(standing(bob), expected(BuiltInRole::Admin, Seq::new(5), Seq::new(4)));
    assert_eq!(standing(STRANGER), None);
}

fn only_members_see_the_newest_message(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    let bob = user(tx, "bob").id;
    let id = group(tx, "chess");
    join(tx, id, ann, BuiltInRole::Owner);
    join(tx, id, bob, BuiltInRole::Member);
    assert_eq!(shown(tx, id, ann).last_message, None, "there is none");
    post(tx, id, ann, "first");
    let newest = post(tx, id, ann, "newest");
    like(tx, id, newest, bob);
    let for_ann = view(tx, id, newest, ann);
    let for_bob = view(tx, id, newest, bob);
    assert!(!for_ann.liked && for_bob.liked);
    assert_eq!(shown(tx, id, ann).last_message, Some(for_ann));
    let unread = |tx: &mut dyn Tx, viewer| shown(tx, id, viewer).read_state().map(|state| state.unread);
    assert_eq!(unread(tx, ann), Some(0));
    assert_eq!(shown(tx, id, bob).last_message, Some(for_bob));
    assert_eq!(unread(tx, bob), Some(2));
    assert_eq!(shown(tx, id, STRANGER).last_message, None);
    assert_eq!(unread(tx, STRANGER), None);
}

fn who_came_in_after_the_newest_message_sees_none_where_members_read_only_what_follows(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let new = NewGroup { history: History::Joined, ..new_group("chess") };
    let id = stored(tx.groups().insert(&new).unwrap());
    join(tx, id, ann, BuiltInRole::Owner);
    post(tx, id, ann, "before");
    let later = NewMembership { joined_seq: Seq::new(1), ..new_membership(id, bob, BuiltInRole::Member) };
    stored(tx.members().insert(&later).unwrap());
    assert_eq!(tx.members().find(id, bob).unwrap().map(|member| member.joined_seq), Some(Seq::new(1)));
    assert!(shown(tx, id, ann).last_message.is_some());
    assert_eq!(shown(tx, id, bob).last_message, None);
    post(tx, id, ann, "after");
    assert!(shown(tx, id, bob).last_message.is_some());
}

fn the_newest_message_may_be_a_tombstone(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    let id = group(tx, "chess");
    join(tx, id, ann, BuiltInRole::Owner);
    let newest = post(tx, id, ann, "newest");
    like(tx, id, newest, ann);
    let deleted = tombstone(view(tx, id, newest, ann).message);
    tx.messages().update(&deleted).unwrap();
    let shown = shown(tx, id, ann).last_message.expect("a tombstone");
    assert_eq!((shown.message, shown.liked), (deleted, false));
}

fn groups_are_listed_by_name_in_pages(tx: &mut dyn Tx) {
    let [go, chess, bridge, dominoes] = ["go", "Chess", "bridge", "Dominoes"].map(|name| group(tx, name));
    assert_eq!(ids(tx, &all(STRANGER)), [bridge, chess, dominoes, go]);
    let page = |name: &str, id: GroupId, rows| GroupQuery {
        after: Some(NameCursor { name_key: name.to_owned(), id: id.get(), renames: 0 }),
        limit: limit(rows),
        ..all(STRANGER)
    };
    assert_eq!(ids(tx, &GroupQuery { limit: limit(2), ..all(STRANGER) }), [bridge, chess, dominoes]);
    assert_eq!(ids(tx, &page("chess", chess, 1)), [dominoes, go]);
    assert_eq!(ids(tx, &page("dominoes", dominoes, 1)), [go]);
    // A name that another group took since: the id decides.
    assert_eq!(ids(tx, &page("chess", GroupId::new(chess.get() - 1), 1)), [chess, dominoes]);
    assert_eq!(ids(tx, &page("chess", GroupId::new(chess.get() + 1), 1)), [dominoes, go]);
}

fn groups_that_nobody_is_in_are_listed_as_ownerless(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    let [go, chess, bridge, gone] = ["go", "chess", "bridge", "gone"].map(|name| group(tx, name));
    let ownerless = || GroupQuery { ownerless: true, ..all(STRANGER) };
    join(tx, chess, ann, BuiltInRole::Owner);
    tx.groups().mark_deleted(gone, at(9)).unwrap();
    assert_eq!(ids(tx, &ownerless()), [bridge, go]);
    assert_eq!(ids(tx, &GroupQuery { search: Some(sought("go")), ..ownerless() }), [go]);
    tx.members().remove(chess, ann).unwrap();
    assert_eq!(ids(tx, &ownerless()), [bridge, chess, go]);
    assert_eq!(ids(tx, &GroupQuery { limit: limit(1), ..ownerless() }), [bridge, chess]);
}

fn a_list_can_be_searched_and_narrowed_to_mine(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    let [chess, speed, go] = ["Chess", "Speed chess", "100% go_"].map(|name| group(tx, name));
    join(tx, speed, ann, BuiltInRole::Member);
    join(tx, go, ann, BuiltInRole::Member);
    let search = |text: &str| GroupQuery { search: Some(sought(text)), ..all(ann) };
    assert_eq!(ids(tx, &search("chess")), [chess, speed]);
    assert_eq!(ids(tx, &search("o_")), [go], "a wildcard stands for itself");
    assert_eq!(ids(tx, &search("%")), [go]);
    assert_eq!(ids(tx, &search("s_e")), []);
    let mine = GroupQuery { mine: true, ..all(ann) };
    assert_eq!(ids(tx, &mine), [go, speed]);
    assert_eq!(ids(tx, &GroupQuery { mine: true, ..search("chess") }), [speed]);
    assert_eq!(ids(tx, &GroupQuery { limit: limit(1), ..mine.clone() }), [go, speed]);
    let after = Some(NameCursor { name_key: "100% go_".to_owned(), id: go.get(), renames: 0 });
    assert_eq!(ids(tx, &GroupQuery { after, ..mine }), [speed]);
    assert_eq!(ids(tx, &GroupQuery { mine: true, ..all(STRANGER) }), []);
    let only = |groups: &[GroupId]| GroupQuery { only: TokenGroups::parse(groups.into()).ok(), ..all(ann) };
    assert_eq!(ids(tx, &only(&[go, chess])), [go, chess]);
    assert_eq!(ids(tx, &GroupQuery { limit: limit(1), ..only(&[speed, chess]) }), [chess, speed]);
    assert_eq!(ids(tx, &GroupQuery { mine: true, ..only(&[go, chess]) }), [go]);
    assert_eq!(ids(tx, &GroupQuery { kind: GroupKind::Direct, ..only(&[go, chess]) }), []);
}

fn a_deleted_group_is_found_by_nothing(tx: &mut dyn Tx) {
    let ann = user(tx, "ann").id;
    let id = group(tx, "chess");
    join(tx, id, ann, BuiltInRole::Owner);
    tx.groups().mark_deleted(id, at(9)).unwrap();
    assert_eq!(tx.groups().find_visible(id, ann), Ok(None));
    assert_eq!(tx.groups().view(id, ann), Ok(None));
    assert_eq!(ids(tx, &all(ann)), []);
    assert_eq!(ids(tx, &GroupQuery { mine: true, ..all(ann) }), []);
}

cases! { transaction:
    a_new_group_has_no_members_and_no_messages
    groups_are_found_by_their_ids_without_deleted_ones
    a_public_name_is_taken_in_any_case_until_the_group_is_deleted
    an_update_stores_every_field
    an_update_can_not_take_the_name_of_another
    closed_groups_are_seen_by_all_and_private_ones_by_their_members
    only_names_of_listed_groups_are_unique
    a_group_shows_the_standing_of_who_looks
    only_members_see_the_newest_message
    who_came_in_after_the_newest_message_sees_none_where_members_read_only_what_follows
    the_newest_message_may_be_a_tombstone
    groups_are_listed_by_name_in_pages
    groups_that_nobody_is_in_are_listed_as_ownerless
    a_list_can_be_searched_and_narrowed_to_mine
    a_deleted_group_is_found_by_nothing
}
