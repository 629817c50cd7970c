//! The database of a server, looked at from outside.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::Data;

#[cfg(not(feature = "postgres"))]
type Backend = SqliteConnection;
#[cfg(feature = "postgres")]
type Backend = PgConnection;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

/// A connection to the database of a server.
pub(crate) struct Database(Backend);

#[cfg(feature = "postgres")]
impl Database {
    pub(crate) fn open(data: &Data) -> Self {
        Self::at(data.url())
    }

    /// The database with this address.
    pub(crate) fn at(url: &str) -> Self {
        Self(PgConnection::establish(url).unwrap())
    }

    /// PostgreSQL looks after its own files; a test of this program can't harm them.
    pub(crate) fn check_integrity(&mut self) {}
}

#[cfg(not(feature = "postgres"))]
impl Database {
    pub(crate) fn open(data: &Data) -> Self {
        Self::open_file(&data.path().join("groupchat.db"))
    }

    /// A database under another name.
    pub(crate) fn open_file(path: &std::path::Path) -> Self {
        let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
        connection.batch_execute("PRAGMA busy_timeout = 10000").unwrap();
        Self(connection)
    }

    /// Fails unless SQLite finds its file sound.
    pub(crate) fn check_integrity(&mut self) {
        assert_eq!(self.words("SELECT integrity_check AS text FROM pragma_integrity_check"), ["ok"]);
    }
}

impl Database {
    /// What the query selects; it names its column `text`.
    pub(crate) fn words(&mut self, query: &str) -> Vec<String> {
        let words: Vec<Word> = diesel::sql_query(query).load(&mut self.0).unwrap();
        words.into_iter().map(|word| word.text).collect()
    }

    /// How many rows the query counts; it names its column `count`.
    pub(crate) fn count(&mut self, query: &str) -> i64 {
        diesel::sql_query(query).get_result::<Count>(&mut self.0).unwrap().count
    }

    /// Changes the database behind the program's back.
    pub(crate) fn execute(&mut self, sql: &str) {
        self.0.batch_execute(sql).unwrap();
    }
}
