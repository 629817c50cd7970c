//! Users.

use groupchat_domain::accounts::{
    DisplayName, Email, HashCost, NewUser, PasswordHash, PresenceSetting, ReceiptSetting, User, UserQuery,
    Username, UsernameKey,
};
use groupchat_domain::ids::UserId;
use groupchat_domain::paging::NameCursor;
use groupchat_domain::storage::{Tx, Unique};

use crate::support::fixture::*;

/// The usernames of a page.
fn names(tx: &mut dyn Tx, search: Option<&str>, after: Option<NameCursor>, rows: i64) -> Vec<String> {
    let query = UserQuery { search: search.map(sought), after, limit: limit(rows) };
    let users = tx.accounts().list(&query).unwrap();
    users.into_iter().map(|placed| placed.entry).map(|user| user.username.as_str().to_owned()).collect()
}

/// The place in the list after a user.
fn after(user: &User) -> Option<NameCursor> {
    Some(NameCursor { name_key: user.username.key().as_str().to_owned(), id: user.id.get(), renames: 0 })
}

fn a_user_is_found_by_id_and_by_name_in_any_case(tx: &mut dyn Tx) {
    let ann = user(tx, "Ann");
    let bob = admin(tx, "bob");
    assert_eq!(tx.accounts().find(ann.id), Ok(Some(ann.clone())));
    assert_eq!(tx.accounts().find(bob.id), Ok(Some(bob)));
    assert_eq!(tx.accounts().find_by_username(&UsernameKey::of("aNN")), Ok(Some(ann)));
    assert_eq!(tx.accounts().find_by_username(&UsernameKey::of("carla")), Ok(None));
    assert_eq!(tx.accounts().find(UserId::new(4711)), Ok(None));
}

fn users_are_found_by_their_ids_without_deleted_ones(tx: &mut dyn Tx) {
    let [ann, bob, carla] = ["ann", "bob", "carla"].map(|name| user(tx, name));
    tx.accounts().mark_deleted(bob.id, at(9)).unwrap();
    let asked = [carla.id, UserId::new(9_999), bob.id, ann.id, carla.id];
    let mut found = tx.accounts().find_many(&asked).unwrap();
    found.sort_by_key(|user| user.id);
    assert_eq!(found, [ann, carla], "each once, as `find` has it");
    assert_eq!(tx.accounts().find_many(&[]), Ok(Vec::new()));
}

fn a_name_that_exists_in_another_case_is_taken(tx: &mut dyn Tx) {
    let ann = user(tx, "Ann");
    assert_eq!(tx.accounts().insert(&new_user("ANN")), Ok(Unique::Taken));
    assert_eq!(names(tx, None, None, 10), ["Ann"]);
    assert_eq!(tx.accounts().find(ann.id), Ok(Some(ann)));
}

fn an_update_stores_every_field(tx: &mut dyn Tx) {
    let ann = user(tx, "ann");
    let bob = user(tx, "bob");
    let changed = User {
        username: Username::parse("ANNA").unwrap(),
        display_name: Some(DisplayName::parse("Änne").unwrap()),
        email: None,
        is_admin: true,
        suspended: true,
        presence: PresenceSetting::Hidden,
        receipts: ReceiptSetting::Hidden,
        version: ann.version.next(),
        ..ann
    };
    assert_eq!(tx.accounts().update(&changed), Ok(Unique::Stored(())));
    assert_eq!(tx.accounts().find(changed.id), Ok(Some(changed.clone())));
    assert_eq!(tx.accounts().find_by_username(&UsernameKey::of("ann")), Ok(None));
    assert_eq!(tx.accounts().find_by_username(&UsernameKey::of("anna")), Ok(Some(changed.clone())));
    assert_eq!(names(tx, Some("änne"), None, 10), ["ANNA"]);

    let bare = User { display_name: None, email: Some(Email::parse("a@b.example").unwrap()), ..changed };
    assert_eq!(tx.accounts().update(&bare), Ok(Unique::Stored(())));
    assert_eq!(tx.accounts().find(bare.id), Ok(Some(bare)));
    assert_eq!(names(tx, Some("änne"), None, 10), [""; 0]);
    assert_eq!(tx.accounts().find(bob.id), Ok(Some(bob)));
}

fn an_update_can_not_take_the_name_of_another(tx: &mut dyn Tx) {
    let ann = user(tx, "ann");
    user(tx, "bob");
    let named = |name: &str| User { username: Username::parse(name).unwrap(), ..ann.clone() };
    assert_eq!(tx.accounts().update(&named("Bob")), Ok(Unique::Taken));
    // The transaction goes on, and nothing has changed.
    assert_eq!(tx.accounts().find(ann.id), Ok(Some(ann.clone())));
    assert_eq!(tx.accounts().update(&named("Ann")), Ok(Unique::Stored(())));
}

fn users_are_listed_by_name_in_pages(tx: &mut dyn Tx) {
    let [carla, bob, _, _] = ["carla", "Bob", "dave", "ann"].map(|name| user(tx, name));
    assert_eq!(names(tx, None, None, 10), ["ann", "Bob", "carla", "dave"]);
    assert_eq!(names(tx, None, None, 2), ["ann", "Bob", "carla"], "one more than asked for");
    assert_eq!(names(tx, None, after(&bob), 1), ["carla", "dave"]);
    assert_eq!(names(tx, None, after(&carla), 1), ["dave"], "the last page has none more");
    assert_eq!(names(tx, None, after(&carla), 2), ["dave"]);
    // A name that somebody else took since: the id decides.
    let same_name = |id| Some(NameCursor { name_key: "bob".to_owned(), id, renames: 0 });
    assert_eq!(names(tx, None, same_name(bob.id.get() - 1), 1), ["Bob", "carla"]);
    assert_eq!(names(tx, None, same_name(bob.id.get() + 1), 1), ["carla", "dave"]);
}

fn a_search_finds_names_and_never_addresses(tx: &mut dyn Tx) {
    let ann = user(tx, "ann");
    user(tx, "Joanna");
    user(tx, "bob");
    assert_eq!(names(tx, Some("ann"), None, 10), ["ann", "Joanna"]);
    assert_eq!(names(tx, Some("ann"), after(&ann), 10), ["Joanna"]);
    assert_eq!(names(tx, Some("bob über"), None, 10), ["bob"], "the display name");
    assert_eq!(names(tx, Some("mail.example"), None, 10), [""; 0], "the address");
}

fn wildcards_in_a_search_stand_for_themselves(tx: &mut dyn Tx) {
    user(tx, "a_b");
    user(tx, "axb");
    let mut odd = user(tx, "odd");
    odd.display_name = Some(DisplayName::parse(r"100% \ sure").unwrap());
    stored(tx.accounts().update(&odd).unwrap());
    assert_eq!(names(tx, Some("a_b"), None, 10), ["a_b"]);
    assert_eq!(names(tx, Some("0%"), None, 10), ["odd"]);
    assert_eq!(names(tx, Some(r"\ s"), None, 10), ["odd"]);
    assert_eq!(names(tx, Some("%"), None, 10), ["odd"]);
    assert_eq!(names(tx, Some(r"\"), None, 10), ["odd"]);
}

fn a_deleted_user_is_found_by_nothing_and_frees_the_name(tx: &mut dyn Tx) {
    let ann = admin(tx, "ann");
    tx.accounts().mark_deleted(ann.id, at(9)).unwrap();
    assert_eq!(tx.accounts().find(ann.id), Ok(None));
    assert_eq!(tx.accounts().find_by_username(&UsernameKey::of("ann")), Ok(None));
    assert_eq!(names(tx, None, None, 10), [""; 0]);
    assert_eq!(names(tx, Some("ann"), None, 10), [""; 0]);
    let second = user(tx, "ann");
    assert_ne!(second.id, ann.id, "an id is never given out twice");
    tx.accounts().mark_deleted(second.id, at(9)).unwrap();
    user(tx, "ANN");
}

fn admins_are_counted_until_they_are_deleted_or_suspended(tx: &mut dyn Tx) {
    assert_eq!(tx.accounts().count_admins(), Ok(0));
    user(tx, "ann");
    let bob = admin(tx, "bob");
    let carla = admin(tx, "carla");
    assert_eq!(tx.accounts().count_admins(), Ok(2));
    tx.accounts().mark_deleted(bob.id, at(9)).unwrap();
    assert_eq!(tx.accounts().count_admins(), Ok(1));
    stored(tx.accounts().update(&User { suspended: true, ..carla.clone() }).unwrap());
    assert_eq!(tx.accounts().count_admins(), Ok(0));
    stored(tx.accounts().update(&carla).unwrap());
    assert_eq!(tx.accounts().count_admins(), Ok(1));
    stored(tx.accounts().update(&User { is_admin: false, ..carla }).unwrap());
    assert_eq!(tx.accounts().count_admins(), Ok(0));
}

fn a_password_is_replaced_and_erased_with_the_user(tx: &mut dyn Tx) {
    let ann = user(tx, "ann");
    let bob = user(tx, "bob");
    let hash = |text: &str| Some(PasswordHash::from_stored(text.to_owned()));
    assert_eq!(tx.accounts().password(ann.id), Ok(hash("hash of ann")));
    tx.accounts().set_password(ann.id, &PasswordHash::from_stored("another".to_owned())).unwrap();
    assert_eq!(tx.accounts().password(ann.id), Ok(hash("another")));
    assert_eq!(tx.accounts().password(bob.id), Ok(hash("hash of bob")));
    tx.accounts().mark_deleted(ann.id, at(9)).unwrap();
    assert_eq!(tx.accounts().password(ann.id), Ok(None));
}

fn a_temporary_password_is_to_be_changed_until_another_is_set(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    let held = [session(tx, ann, 1, at(100)), session(tx, bob, 2, at(100))];
    let must_change = |tx: &mut dyn Tx| {
        let by_key = [1, 2].map(|number| {
            tx.sessions().authenticate(&key(number), at(9)).unwrap().unwrap().must_change_password
        });
        let by_session =
            held.map(|id| tx.sessions().holder(id, at(9)).unwrap().unwrap().must_change_password);
        assert_eq!(by_key, by_session);
        by_key
    };
    let hash = |text: &str| PasswordHash::from_stored(text.to_owned());
    assert_eq!(must_change(tx), [false, false]);
    tx.accounts().set_temporary_password(ann, &hash("temporary")).unwrap();
    assert_eq!((must_change(tx), tx.accounts().password(ann)), ([true, false], Ok(Some(hash("temporary")))));
    tx.accounts().renew_password(ann, &hash("renewed")).unwrap();
    assert_eq!((must_change(tx), tx.accounts().password(ann)), ([true, false], Ok(Some(hash("renewed")))));
    tx.accounts().set_password(ann, &hash("chosen")).unwrap();
    assert_eq!((must_change(tx), tx.accounts().password(ann)), ([false, false], Ok(Some(hash("chosen")))));
    tx.accounts().set_temporary_password(ann, &hash("temporary")).unwrap();
    tx.accounts().mark_deleted(ann, at(9)).unwrap();
    for gone in [ann, UserId::new(4711)] {
        tx.accounts().set_temporary_password(gone, &hash("late")).unwrap();
        tx.accounts().renew_password(gone, &hash("late")).unwrap();
        assert_eq!(tx.accounts().password(gone), Ok(None));
    }
}

fn there_has_been_a_user_for_ever_after(tx: &mut dyn Tx) {
    assert_eq!(tx.accounts().any_ever(), Ok(false));
    let ann = user(tx, "ann");
    assert_eq!(tx.accounts().any_ever(), Ok(true));
    tx.accounts().mark_deleted(ann.id, at(9)).unwrap();
    assert_eq!(tx.accounts().any_ever(), Ok(true));
}

fn the_highest_cost_is_that_of_the_costliest_hash(tx: &mut dyn Tx) {
    assert_eq!(tx.accounts().highest_hash_cost(), Ok(None));
    let mut ids = Vec::new();
    for (name, cost) in [("ann", "10"), ("bob", "12"), ("cid", "04"), ("dan", "09")] {
        let password = PasswordHash::from_stored(format!("$2b${cost}$hash"));
        ids.push(stored(tx.accounts().insert(&NewUser { password, ..new_user(name) }).unwrap()));
    }
    assert_eq!(tx.accounts().highest_hash_cost(), Ok(Some(HashCost(12))));
    tx.accounts().set_password(ids[1], &PasswordHash::from_stored("$2b$11$hash".into())).unwrap();
    assert_eq!(tx.accounts().highest_hash_cost(), Ok(Some(HashCost(11))));
    tx.accounts().mark_deleted(ids[1], at(9)).unwrap();
    assert_eq!(tx.accounts().highest_hash_cost(), Ok(Some(HashCost(10))));
}

cases! { transaction:
    a_user_is_found_by_id_and_by_name_in_any_case
    users_are_found_by_their_ids_without_deleted_ones
    a_name_that_exists_in_another_case_is_taken
    an_update_stores_every_field
    an_update_can_not_take_the_name_of_another
    users_are_listed_by_name_in_pages
    a_search_finds_names_and_never_addresses
    wildcards_in_a_search_stand_for_themselves
    a_deleted_user_is_found_by_nothing_and_frees_the_name
    admins_are_counted_until_they_are_deleted_or_suspended
    a_temporary_password_is_to_be_changed_until_another_is_set
    a_password_is_replaced_and_erased_with_the_user
    the_highest_cost_is_that_of_the_costliest_hash
    there_has_been_a_user_for_ever_after
}
