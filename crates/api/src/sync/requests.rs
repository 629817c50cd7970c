//! The query of snapshots, parsed into domain values.

use groupchat_domain::events::Cursor;
use paperclip::actix::Apiv2Schema;
use serde::Deserialize;

#[cfg(any(test, fuzzing))]
use crate::fuzzing::Parser;
use crate::problem::ApiError;
use crate::wire::{Fields, Optional};

/// Since when.
#[derive(Deserialize, Apiv2Schema)]
pub(super) struct SyncParams {
    /// The cursor of an earlier answer, or of the last event that the client has received: the answer then has only what has
    /// changed since. Without one, it has all.
    cursor: Optional<Cursor>,
}

impl SyncParams {
    /// # Errors
    /// It is no cursor.
    pub(super) fn parse(self) -> Result<Option<Cursor>, ApiError> {
        let mut fields = Fields::new();
        let cursor = fields.optional("cursor", self.cursor);
        fields.finish()?;
        Ok(cursor)
    }
}

/// The parsers of queries.
#[cfg(any(test, fuzzing))]
pub(crate) fn queries() -> Vec<Parser> {
    vec![Parser::of_query(SyncParams::parse)]
}
