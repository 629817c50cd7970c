//! A PostgreSQL database for one test.

use std::env;
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::SystemTime;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

/// Names the server to make databases on: the URL of any database there, as a superuser.
const SERVER: &str = "GROUPCHAT_TEST_POSTGRES";

/// An empty database of its own, dropped with all connections to it when this is.
pub struct Scratch {
    server: String,
    name: String,
    url: String,
}

impl Scratch {
    /// Makes a database that no other test, process or earlier run uses.
    ///
    /// # Panics
    /// The variable `GROUPCHAT_TEST_POSTGRES` names no server that answers.
    pub fn create() -> Self {
        Self::with("ENCODING 'UTF8'")
    }

    /// One that stores text in another encoding.
    ///
    /// # Panics
    /// As [`create`](Self::create).
    pub fn encoded(encoding: &str) -> Self {
        // The server's usual locale may know only some encodings.
        Self::with(&format!("ENCODING '{encoding}' LOCALE_PROVIDER libc LOCALE 'C'"))
    }

    fn with(options: &str) -> Self {
        let server = env::var(SERVER).unwrap_or_else(|_| {
            panic!(
                "{SERVER} names no PostgreSQL server; `.ci/postgres cargo test …` starts one for the tests"
            )
        });
        let name = unused_name();
        let url = with_database(&server, &name);
        execute(&server, &format!("CREATE DATABASE {name} TEMPLATE template0 {options}"))
            .unwrap_or_else(|error| panic!("no database for the test on the server of {SERVER}: {error}"));
        Self { server, name, url }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let dropped = execute(&self.server, &format!("DROP DATABASE {} WITH (FORCE)", self.name));
        // Where a test has stopped the server, its own failure is the one to show.
        if let Err(error) = dropped
            && !thread::panicking()
        {
            panic!("the test leaves the database {} behind: {error}", self.name);
        }
    }
}

/// Processes and threads differ in the first two numbers; a process of the same number, later, in the third.
fn unused_name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("the clock is past 1970");
    format!("groupchat_test_{}_{count}_{}", process::id(), time.as_micros())
}

/// The same URL with another database in its path.
fn with_database(server: &str, name: &str) -> String {
    let (address, parameters) = server.split_once('?').map_or((server, None), |(a, p)| (a, Some(p)));
    let (scheme, rest) = address.split_once("://").unwrap_or_else(|| panic!("{SERVER} is no URL: {server}"));
    let host = rest.split('/').next().unwrap_or_default();
    let parameters = parameters.map(|parameters| format!("?{parameters}")).unwrap_or_default();
    format!("{scheme}://{host}/{name}{parameters}")
}

fn execute(server: &str, sql: &str) -> Result<(), String> {
    let mut connection = PgConnection::establish(server).map_err(|error| error.to_string())?;
    connection.batch_execute(sql).map_err(|error| error.to_string())
}
