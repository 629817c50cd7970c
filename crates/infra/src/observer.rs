//! Observing the statements that connections run.

use std::sync::Arc;

use diesel::connection::{Connection, InstrumentationEvent};

/// Called for each statement that commands begin, with its SQL without the bound values.
pub type StatementObserver = Arc<dyn Fn(&str) + Send + Sync>;

/// Calls the observer for every statement from now on.
pub(crate) fn observe(connection: &mut impl Connection, observer: StatementObserver) {
    connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            let sql = text.split_once(" -- binds:").map_or(text.as_str(), |(sql, _)| sql);
            observer(sql);
        }
    });
}
