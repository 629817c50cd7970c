//! Cancels reads whose callers are gone, from a separate connection.

use std::sync::Arc;

use diesel::prelude::*;
use diesel::sql_types::Integer;

use super::connector::{ConnectionPurpose, Connector};
use crate::executor::command::CommandQueue;

/// The thread that asks the database server to cancel statements.
///
/// A cancel request can arrive too late and hit the next command of the same connection. That command is run again, as
/// after a conflict.
pub(super) struct Canceller {
    pub(super) connector: Arc<Connector>,
    pub(super) queue: Arc<CommandQueue>,
}

impl Canceller {
    /// Runs until the queue is closed. Connects when there is something to cancel for the first time.
    pub(super) fn serve(self) {
        let mut connection = None;
        while let Some(backends) = self.queue.wait_for_abandoned() {
            for backend in backends {
                if let Err(reason) = self.cancel(&mut connection, backend) {
                    // The statement's time limit will end it instead.
                    tracing::debug!(reason, "could not cancel a read whose caller is gone");
                    connection = None;
                }
            }
        }
    }

    fn cancel(&self, connection: &mut Option<PgConnection>, backend: i32) -> Result<(), String> {
        let connection = match connection {
            Some(connection) => connection,
            None => connection.insert(self.connector.connect(ConnectionPurpose::Cancel)?),
        };
        let cancel = diesel::sql_query("SELECT pg_cancel_backend($1)").bind::<Integer, _>(backend);
        cancel.execute(connection).map(drop).map_err(|error| error.to_string())
    }
}
