//! Which databases on a PostgreSQL server are filled and which are left as they are.
#![allow(clippy::unwrap_used, reason = "a failure ends the test")]

use std::process::Command;

/// Fills the database with a few messages; what the program says, and whether it did so.
fn seed(url: &str) -> (bool, String) {
    let counts = ["--users", "3", "--groups", "2", "--messages", "10", "--rich-messages", "4"];
    let seeding = [&["seed"], &counts[..], &["--database-url", url]].concat();
    let output = Command::new(env!("CARGO_BIN_EXE_groupchat-bench")).args(seeding).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn what_is_no_address_is_refused_without_being_repeated() {
    let (done, said) = seed("mysql://ann:hunter2@db/chat");
    assert!(!done && said.contains("--database-url must be postgres://"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[cfg(not(feature = "postgres"))]
#[test]
fn a_program_without_postgresql_says_how_to_build_one_with_it() {
    let (done, said) = seed("postgres://ann:hunter2@db/chat");
    assert!(!done && said.contains("--features postgres"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[cfg(feature = "postgres")]
mod postgres {
    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;
    use diesel::sql_types::BigInt;

    use groupchat_testing::Scratch;

    use super::seed;

    #[derive(QueryableByName)]
    struct Counted {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }

    fn connect(database: &Scratch) -> PgConnection {
        PgConnection::establish(database.url()).unwrap()
    }

    fn count(database: &Scratch, table: &str) -> i64 {
        let query = format!("SELECT count(*) AS count FROM {table}");
        diesel::sql_query(query).get_result::<Counted>(&mut connect(database)).unwrap().count
    }

    /// The messages of the group itself: besides, some have replies.
    const OF_THE_GROUP: &str = "messages WHERE thread_id IS NULL";

    #[test]
    fn an_empty_database_is_filled_and_filled_again() {
        let database = Scratch::create();
        for time in 1..=2 {
            let (done, said) = seed(database.url());
            assert!(done, "{said}");
            assert_eq!((count(&database, "users"), count(&database, OF_THE_GROUP)), (3, 14 * time));
            assert_eq!(
                (count(&database, "reactions WHERE emoji <> '👍'"), count(&database, "mentions")),
                (6 * time, 2 * time)
            );
        }
        assert_eq!(count(&database, "events WHERE position IS NULL"), 0);
    }

    #[test]
    fn the_database_of_another_program_is_left_as_it_is() {
        let database = Scratch::create();
        connect(&database).batch_execute("CREATE TABLE invoices (id INT)").unwrap();
        let (done, said) = seed(database.url());
        assert!(!done && said.contains("was not changed"), "{said}");
        assert_eq!(count(&database, "pg_tables WHERE schemaname = 'public'"), 1);
    }

    #[test]
    fn a_database_that_people_use_is_left_as_it_is() {
        let database = Scratch::create();
        assert!(seed(database.url()).0);
        // As if people had come, and nobody had ever measured here.
        connect(&database)
            .batch_execute("UPDATE users SET username = 'ann' || id, username_key = 'ann' || id")
            .unwrap();
        let (done, said) = seed(database.url());
        assert!(!done && said.contains("was not changed"), "{said}");
        assert_eq!((count(&database, "users"), count(&database, OF_THE_GROUP)), (3, 14));
    }
}
