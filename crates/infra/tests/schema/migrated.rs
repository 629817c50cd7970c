//! Databases with the schema that the migrations make.

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// A new SQLite database, in memory.
pub(crate) fn sqlite() -> SqliteConnection {
    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    connection.batch_execute("PRAGMA foreign_keys = ON").unwrap();
    connection.run_pending_migrations(SQLITE).unwrap();
    connection
}

#[cfg(feature = "postgres")]
pub(crate) use postgres::{Postgres, postgres};

#[cfg(feature = "postgres")]
mod postgres {
    use diesel::{Connection, PgConnection};
    use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

    use groupchat_testing::Scratch;

    const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

    /// A PostgreSQL database, dropped with this.
    pub(crate) struct Postgres {
        /// Open for as long as the database is there.
        pub connection: PgConnection,
        _database: Scratch,
    }

    /// A new PostgreSQL database.
    pub(crate) fn postgres() -> Postgres {
        let database = Scratch::create();
        let mut connection = PgConnection::establish(database.url()).unwrap();
        connection.run_pending_migrations(MIGRATIONS).unwrap();
        Postgres { connection, _database: database }
    }
}
