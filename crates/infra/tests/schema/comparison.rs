//! The two schemas side by side, and whether the comparison would notice.

use diesel::SqliteConnection;
use diesel::connection::SimpleConnection;

use crate::catalogue::shape;
use crate::migrated;
use crate::shape::Shape;

/// Each makes one difference to the schema of either database, and what the difference is called.
const CHANGES: [(&str, &str); 9] = [
    ("CREATE TABLE later (id INTEGER PRIMARY KEY)", "table later"),
    ("ALTER TABLE groups ADD COLUMN later TEXT", "column groups.later"),
    ("ALTER TABLE groups DROP COLUMN description", "column groups.description"),
    ("ALTER TABLE jobs RENAME COLUMN kind TO sort", "column jobs.kind"),
    ("DROP INDEX jobs_by_time", "index of jobs"),
    ("CREATE UNIQUE INDEX later ON messages (author_id, seq)", "index of messages"),
    ("DROP INDEX groups_by_name; CREATE INDEX groups_by_name ON groups (name_key, id)", "index of groups"),
    ("DROP INDEX sessions_by_user; CREATE INDEX later ON sessions (id, user_id)", "index of sessions"),
    ("DROP INDEX jobs_by_time; CREATE INDEX later ON jobs (run_after, id DESC)", "index of jobs"),
];

/// The whole schema, changed by statements.
fn changed(sql: &str) -> Shape {
    let mut database = migrated::sqlite();
    database.batch_execute(sql).unwrap();
    shape(&mut database)
}

/// The schema of a table.
fn table(columns: &str) -> Shape {
    let mut database = <SqliteConnection as diesel::Connection>::establish(":memory:").unwrap();
    database.batch_execute("CREATE TABLE parents (id INTEGER PRIMARY KEY)").unwrap();
    database.batch_execute(&format!("CREATE TABLE things ({columns})")).unwrap();
    shape(&mut database)
}

#[test]
fn a_schema_is_like_itself() {
    let whole = shape(&mut migrated::sqlite());
    assert!(whole.0.len() >= 10, "{whole:?}");
    assert_eq!(whole.differences(&shape(&mut migrated::sqlite())), Vec::<String>::new());
}

#[test]
fn a_change_on_either_side_is_noticed_and_named() {
    let whole = shape(&mut migrated::sqlite());
    for (sql, name) in CHANGES {
        for found in [whole.differences(&changed(sql)), changed(sql).differences(&whole)] {
            assert!(found.iter().any(|difference| difference.starts_with(name)), "{sql}: {found:?}");
        }
    }
}

#[test]
fn every_property_of_a_column_counts() {
    let columns = "id INTEGER PRIMARY KEY AUTOINCREMENT, a INTEGER REFERENCES parents (id), b TEXT";
    let variants = [
        "id INTEGER PRIMARY KEY, a INTEGER REFERENCES parents (id), b TEXT",
        "id INTEGER PRIMARY KEY AUTOINCREMENT, a INTEGER, b TEXT",
        "id INTEGER PRIMARY KEY AUTOINCREMENT, a INTEGER REFERENCES parents (id) ON DELETE CASCADE, b TEXT",
        "id INTEGER PRIMARY KEY AUTOINCREMENT, a INTEGER REFERENCES things (id), b TEXT",
        "id INTEGER PRIMARY KEY AUTOINCREMENT, a INTEGER REFERENCES parents (id), b TEXT NOT NULL",
        "id INTEGER PRIMARY KEY AUTOINCREMENT, a INTEGER REFERENCES parents (id), b INTEGER",
        "id INTEGER PRIMARY KEY AUTOINCREMENT, a INTEGER REFERENCES parents (id), b TEXT UNIQUE",
        "id INTEGER PRIMARY KEY AUTOINCREMENT, a INTEGER REFERENCES parents (id) CHECK (a > 0), b TEXT",
        "id INTEGER, a INTEGER REFERENCES parents (id), b TEXT, PRIMARY KEY (id, a)",
    ];
    let usual = table(columns);
    assert_eq!(usual.differences(&table(columns)), Vec::<String>::new());
    for variant in variants {
        assert_ne!(usual.differences(&table(variant)), Vec::<String>::new(), "{variant}");
    }
}

#[cfg(feature = "postgres")]
mod postgres {
    use diesel::connection::SimpleConnection;
    use diesel::prelude::*;
    use diesel::sql_types::Text;

    use super::CHANGES;
    use crate::catalogue::shape;
    use crate::migrated::{self, Postgres};
    use crate::shape::{Index, Shape, Table};

    /// Indexes that SQLite can do without: its `position` is the `id` under another name, every event has one from
    /// the start, and the key of `id` finds it.
    const ONLY_ON_POSTGRES: [(&str, &str, bool, &str); 2] =
        [("events", "position", true, "position is not null"), ("events", "id", false, "position is null")];

    /// Changes that SQLite has no statement for.
    const MORE_CHANGES: [(&str, &str); 8] = [
        ("ALTER TABLE users ALTER COLUMN email SET NOT NULL", "column users.email"),
        ("ALTER TABLE users ALTER COLUMN id DROP IDENTITY", "column users.id"),
        ("ALTER TABLE jobs ALTER COLUMN run_after TYPE INTEGER", "column jobs.run_after"),
        ("ALTER TABLE messages DROP CONSTRAINT messages_author_id_fkey", "foreign key of messages"),
        ("ALTER TABLE log_state DROP CONSTRAINT log_state_pkey", "primary key of log_state"),
        ("ALTER TABLE sessions DROP CONSTRAINT sessions_key_hash_key", "index of sessions"),
        ("ALTER TABLE jobs ADD CHECK (run_after >= 0)", "checks of jobs"),
        ("DROP TRIGGER messages_after_insert ON messages", "trigger of messages"),
    ];

    fn without_exceptions(mut schema: Shape) -> Shape {
        for (table, columns, unique, condition) in ONLY_ON_POSTGRES {
            let index = Index { columns: columns.into(), unique, condition: Some(condition.into()) };
            let table = schema.0.get_mut(table).unwrap();
            assert!(table.indexes.remove(&index), "there is no {index} any more: not an exception");
        }
        schema
    }

    fn differences(database: &mut Postgres) -> Vec<String> {
        let sqlite = shape(&mut migrated::sqlite());
        sqlite.differences(&without_exceptions(shape(&mut database.connection)))
    }

    #[test]
    fn both_databases_have_the_same_schema() {
        assert_eq!(differences(&mut migrated::postgres()), Vec::<String>::new());
    }

    #[test]
    fn a_change_on_postgres_alone_is_noticed_and_named() {
        let mut database = migrated::postgres();
        for (sql, name) in CHANGES.into_iter().chain(MORE_CHANGES) {
            database.connection.batch_execute("BEGIN").unwrap();
            database.connection.batch_execute(sql).unwrap();
            let found = differences(&mut database);
            assert!(found.iter().any(|difference| difference.starts_with(name)), "{sql}: {found:?}");
            database.connection.batch_execute("ROLLBACK").unwrap();
        }
    }

    /// Else a change would cost work in all indexes of the table.
    #[test]
    fn what_changes_often_is_in_no_index() {
        let often = [
            "groups.last_seq",
            "groups.member_count",
            "memberships.read_seq",
            "memberships.last_sent_at",
            "sessions.last_used_at",
        ];
        let schema = shape(&mut migrated::postgres().connection);
        for (table, column) in often.into_iter().filter_map(|name| name.split_once('.')) {
            let Table { columns, indexes, .. } = &schema.0[table];
            assert!(columns.contains_key(column), "{table}.{column} isn't called so any more");
            let found = indexes.iter().find(|index| index.to_string().contains(column));
            assert_eq!(found, None, "{table}.{column}");
        }
    }

    /// Else two servers would sort and compare differently, and neither like SQLite.
    #[test]
    fn all_text_is_compared_by_its_bytes() {
        #[derive(QueryableByName)]
        struct Column {
            #[diesel(sql_type = Text)]
            name: String,
        }
        let others: Vec<Column> = diesel::sql_query(
            "SELECT table_name || '.' || column_name AS name FROM information_schema.columns
             WHERE table_schema = 'public' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'",
        )
        .load(&mut migrated::postgres().connection)
        .unwrap();
        let names: Vec<_> = others.into_iter().map(|column| column.name).collect();
        assert_eq!(names, Vec::<String>::new());
    }
}
