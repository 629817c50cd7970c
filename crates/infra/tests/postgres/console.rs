//! A connection beside the storage, to look and to interfere.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use crate::database::DEADLINE;

/// The sessions of workers that write.
pub(crate) const WRITERS: &str = "groupchat write";
/// The sessions of workers that read.
pub(crate) const READERS: &str = "groupchat read";

/// Such a connection.
pub(crate) struct Console(PgConnection);

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    word: String,
}

impl Console {
    pub(crate) fn open(url: &str) -> Self {
        Self(PgConnection::establish(url).unwrap())
    }

    #[track_caller]
    pub(crate) fn execute(&mut self, sql: &str) {
        self.0.batch_execute(sql).unwrap();
    }

    /// The number that the query names `number`.
    #[track_caller]
    pub(crate) fn number(&mut self, query: &str) -> i64 {
        diesel::sql_query(query).get_result::<Number>(&mut self.0).unwrap().number
    }

    /// Waits until the query gives this number.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, query: &str, number: i64) {
        let until = Instant::now() + DEADLINE;
        while self.number(query) != number {
            assert!(Instant::now() < until, "it never became {number}: {query}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The word that the query names `word`.
    #[track_caller]
    pub(crate) fn word(&mut self, query: &str) -> String {
        diesel::sql_query(query).get_result::<Word>(&mut self.0).unwrap().word
    }

    /// What was told, since the last time or since this began to listen, by sessions whose `NOTIFY` has been answered.
    pub(crate) fn notices(&mut self) -> Vec<String> {
        // What was sent before comes with the answer at the latest.
        self.execute("SELECT 1");
        self.0.notifications_iter().map(|notice| notice.unwrap().payload).collect()
    }

    /// How many users are stored.
    pub(crate) fn users(&mut self) -> i64 {
        self.number("SELECT count(*) AS number FROM users")
    }

    /// Ends the sessions of this name, and waits until they are gone. Fails if there were none.
    #[track_caller]
    pub(crate) fn terminate(&mut self, sessions: &str) {
        let ended = self.number(&format!(
            "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid, 10000)) AS number FROM pg_stat_activity \
             WHERE datname = current_database() AND application_name = '{sessions}'"
        ));
        assert!(ended > 0, "no session was ended");
    }

    /// The server's process behind the one session of this name, which has to be at rest: in no transaction.
    #[track_caller]
    pub(crate) fn process_at_rest(&mut self, session: &str) -> i64 {
        self.number(&format!(
            "SELECT pid::bigint AS number FROM pg_stat_activity WHERE datname = current_database() \
             AND application_name = '{session}' AND state = 'idle'"
        ))
    }
}
