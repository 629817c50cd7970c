//! Listens to the statements that connections execute.

use std::sync::{Mutex, OnceLock, PoisonError};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

/// What the connections of this process did, the oldest first.
static HEARD: Mutex<Vec<Heard>> = Mutex::new(Vec::new());

/// Something a connection did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// It executed this statement.
    Executed(String),
    /// It prepared this statement and keeps it for the next time.
    Cached(String),
}

struct Listener;

impl Instrumentation for Listener {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        let heard = match event {
            InstrumentationEvent::StartQuery { query, .. } => {
                let query = query.to_string();
                // What follows are the bound values.
                let sql = query.split(" -- binds").next().unwrap_or(&query);
                Heard::Executed(sql.trim().to_owned())
            }
            InstrumentationEvent::CacheQuery { sql, .. } => Heard::Cached(sql.trim().to_owned()),
            _ => return,
        };
        HEARD.lock().unwrap_or_else(PoisonError::into_inner).push(heard);
    }
}

/// Lets every connection that is opened from now on be heard.
pub fn listen() {
    static LISTENING: OnceLock<()> = OnceLock::new();
    LISTENING.get_or_init(|| {
        set_default_instrumentation(|| Some(Box::new(Listener))).expect("nobody holds the lock while panicking");
    });
}

/// Takes what was heard since the last time.
pub fn take() -> Vec<Heard> {
    std::mem::take(&mut HEARD.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Whether a statement does more than steer transactions or settings.
pub fn is_query(sql: &str) -> bool {
    ["SELECT", "INSERT", "UPDATE", "DELETE"].iter().any(|verb| sql.starts_with(verb))
}
