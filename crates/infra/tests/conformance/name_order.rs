//! Lists in the order of names while names change between one page and the next.

use std::collections::BTreeMap;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use groupchat_domain::accounts::{User, UserQuery, Username};
use groupchat_domain::groups::{GroupName, GroupQuery, MemberQuery};
use groupchat_domain::ids::{GroupId, UserId};
use groupchat_domain::paging::{NameCursor, NamePosition};
use groupchat_domain::permissions::BuiltInRole;
use groupchat_domain::storage::{Tx, Unique};
use groupchat_testing::Dice;

use crate::support::Database;
use crate::support::fixture::*;

/// A list in the order of names.
#[derive(Debug, Clone, Copy)]
enum List {
    Groups,
    Mine(UserId),
    Users,
    Members(GroupId),
}

/// The ids on a page, and where the list goes on.
fn page(
    database: &Database,
    list: List,
    after: Option<NameCursor>,
    rows: i64,
) -> (Vec<i64>, Option<NameCursor>) {
    fn ids<T>(placed: &[NamePosition<T>]) -> Vec<(i64, NameCursor)> {
        placed.iter().map(|placed| (placed.position.id, placed.position.clone())).collect()
    }
    let limit = limit(rows);
    let found = database.read(move |tx| {
        let (search, after) = (None, after.clone());
        Ok(match list {
            List::Groups | List::Mine(_) => {
                let (viewer, mine) = match list {
                    List::Mine(user) => (user, true),
                    _ => (UserId::new(4711), false),
                };
                ids(&tx.groups().list(&GroupQuery {
                    search,
                    mine,
                    after,
                    ..GroupQuery::of(viewer, limit)
                })?)
            }
            List::Users => ids(&tx.accounts().list(&UserQuery { search, after, limit })?),
            List::Members(group) => ids(&tx.members().list(&MemberQuery { group, search, after, limit })?),
        })
    });
    let mut found = found.unwrap();
    let size = usize::try_from(limit.get()).unwrap();
    let more = found.len() > size;
    found.truncate(size);
    let next = found.last().filter(|_| more).map(|(_, place)| place.clone());
    (found.into_iter().map(|(id, _)| id).collect(), next)
}

fn change(database: &Database, work: impl Fn(&mut dyn Tx) + Send + 'static) {
    let done = database.write(move |tx| {
        work(tx);
        Ok(())
    });
    done.unwrap();
}

/// Gives a group another name, unless it is taken.
fn rename_group(tx: &mut dyn Tx, id: GroupId, name: &str) -> Unique<()> {
    let mut group = tx.groups().find_visible(id, UserId::new(4711)).unwrap().expect("a group").group;
    group.name = Some(GroupName::parse(name).unwrap());
    tx.groups().update(&group).unwrap()
}

fn rename_user(tx: &mut dyn Tx, id: UserId, name: &str) -> Unique<()> {
    let user = tx.accounts().find(id).unwrap().expect("a user");
    tx.accounts().update(&User { username: Username::parse(name).unwrap(), ..user }).unwrap()
}

fn a_rename_between_pages_neither_hides_nor_repeats_an_entry(database: &Database) {
    let [b, d, f, h] = make(database, |tx| ["b", "d", "f", "h"].map(|name| group(tx, name)));
    let (first, next) = page(database, List::Groups, None, 2);
    assert_eq!(first, [b.get(), d.get()]);
    // One seen goes behind the place, one not seen before it, twice; one name moves from one to another.
    change(database, move |tx| {
        for (id, name) in [(b, "z"), (h, "c"), (h, "a"), (d, "x"), (f, "d")] {
            stored(rename_group(tx, id, name));
        }
    });
    let (second, end) = page(database, List::Groups, next, 2);
    assert_eq!((second, end), (vec![f.get(), h.get()], None));
    let (anew, _) = page(database, List::Groups, None, 10);
    assert_eq!(anew, [h, f, d, b].map(GroupId::get));
}

/// What a write returns.
fn make<T: Send + 'static>(database: &Database, work: impl Fn(&mut dyn Tx) -> T + Send + 'static) -> T {
    database.write(move |tx| Ok(work(tx))).unwrap()
}

/// A name out of few, so that names meet again and again.
fn name(dice: &mut Dice, of: &str) -> String {
    let letters = ['a', 'B', 'c', 'D', 'e'];
    let mut letter = || letters[dice.below(letters.len())];
    format!("{}{of}{}{}", letter(), letter(), letter())
}

/// Groups and users, all of them members of one group.
struct World {
    home: GroupId,
    viewer: UserId,
    groups: Vec<GroupId>,
    users: Vec<UserId>,
}

impl World {
    fn new(database: &Database) -> Self {
        make(database, |tx| {
            let home = group(tx, "home");
            let users = (0..9).map(|number| user(tx, &format!("u{number}")).id).collect::<Vec<_>>();
            let viewer = users[0];
            let groups = (0..9).map(|number| group(tx, &format!("g{number}"))).collect::<Vec<_>>();
            users.iter().for_each(|user| join(tx, home, *user, BuiltInRole::Member));
            groups.iter().for_each(|group| join(tx, *group, viewer, BuiltInRole::Member));
            Self { home, viewer, groups, users }
        })
    }

    /// A few changes of all kinds. Those made here and deleted again are nobody's to rely on.
    fn stir(&self, database: &Database, dice: &mut Dice) {
        for _ in 0..dice.below(5) {
            let (kind, group_name, user_name) = (dice.below(7), name(dice, "-"), name(dice, "."));
            let group_id = self.groups[dice.below(self.groups.len())];
            let user_id = self.users[dice.below(self.users.len())];
            let (home, viewer) = (self.home, self.viewer);
            change(database, move |tx| match kind {
                0..=2 => drop(rename_group(tx, group_id, &group_name)),
                3..=5 => drop(rename_user(tx, user_id, &user_name)),
                _ => {
                    if let Unique::Stored(id) = tx.groups().insert(&new_group(&group_name)).unwrap() {
                        join(tx, id, viewer, BuiltInRole::Member);
                        rename_group(tx, id, &format!("{group_name}x"));
                        tx.groups().mark_deleted(id, at(5)).unwrap();
                    }
                    if let Unique::Stored(id) = tx.accounts().insert(&new_user(&user_name)).unwrap() {
                        join(tx, home, id, BuiltInRole::Member);
                        rename_user(tx, id, &format!("{user_name}x"));
                    }
                }
            });
        }
    }
}

fn an_entry_that_is_there_all_the_time_comes_once(database: &Database) {
    let world = World::new(database);
    let mut dice = Dice::new(20_261_128);
    for round in 0..24 {
        let list =
            [List::Groups, List::Mine(world.viewer), List::Users, List::Members(world.home)][round % 4];
        let before = page(database, list, None, 200).0;
        let rows = i64::try_from(1 + dice.below(4)).unwrap();
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let (ids, next) = page(database, list, after, rows);
            assert!(i64::try_from(ids.len()).unwrap() <= rows);
            seen.extend(ids);
            world.stir(database, &mut dice);
            let Some(next) = next else { break };
            after = Some(next);
        }
        let mut times = BTreeMap::new();
        seen.iter().for_each(|id| *times.entry(*id).or_insert(0) += 1);
        assert!(times.values().all(|times| *times == 1), "{list:?} in round {round}: {seen:?}");
        // Those that are never deleted, in the order in which they stood at the first page.
        let lasting: Vec<i64> = match list {
            List::Groups | List::Mine(_) => world.groups.iter().map(|id| id.get()).collect(),
            _ => world.users.iter().map(|id| id.get()).collect(),
        };
        let lasting = |ids: &[i64]| ids.iter().copied().filter(|id| lasting.contains(id)).collect::<Vec<_>>();
        assert_eq!(lasting(&seen), lasting(&before), "{list:?} in round {round}");
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Executes a statement, then counts the renames that are kept.
fn kept_after(database: &Database, statement: &str) -> i64 {
    const COUNT: &str = "SELECT count(*) AS count FROM renames";
    #[cfg(feature = "postgres")]
    if let Some(url) = database.url() {
        let mut connection = PgConnection::establish(url).unwrap();
        connection.batch_execute(statement).unwrap();
        return diesel::sql_query(COUNT).get_result::<Count>(&mut connection).unwrap().count;
    }
    let path = database.path().unwrap();
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    connection.batch_execute(statement).unwrap();
    diesel::sql_query(COUNT).get_result::<Count>(&mut connection).unwrap().count
}

fn a_change_of_case_is_no_rename(database: &Database) {
    change(database, |tx| {
        let (chess, ann) = (group(tx, "Chess"), user(tx, "Ann").id);
        stored(rename_group(tx, chess, "CHESS"));
        stored(rename_user(tx, ann, "ANN"));
    });
    assert_eq!(kept_after(database, "SELECT 1"), 0);
}

fn of_the_deleted_no_name_is_kept(database: &Database) {
    let (chess, ann) = make(database, |tx| {
        let (chess, ann) = (group(tx, "Chess"), user(tx, "Ann").id);
        stored(rename_group(tx, chess, "Go"));
        stored(rename_user(tx, ann, "Annabel"));
        (chess, ann)
    });
    assert_eq!(kept_after(database, "SELECT 1"), 2);
    change(database, move |tx| {
        tx.groups().mark_deleted(chess, at(9)).unwrap();
        tx.accounts().mark_deleted(ann, at(9)).unwrap();
    });
    assert_eq!(kept_after(database, "SELECT 1"), 0);
}

fn the_renames_that_are_kept_are_bounded(database: &Database) {
    let chess = make(database, |tx| {
        let chess = group(tx, "Chess");
        stored(rename_group(tx, chess, "Go"));
        chess
    });
    assert_eq!(kept_after(database, "UPDATE name_state SET renames = renames + 9999"), 1);
    change(database, move |tx| stored(rename_group(tx, chess, "Bridge")));
    assert_eq!(kept_after(database, "SELECT 1"), 1, "the old one is gone");
}

cases! { database:
    a_rename_between_pages_neither_hides_nor_repeats_an_entry
    an_entry_that_is_there_all_the_time_comes_once
    a_change_of_case_is_no_rename
    of_the_deleted_no_name_is_kept
    the_renames_that_are_kept_are_bounded
}
