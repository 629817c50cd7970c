//! Queries for threads, parsed into domain values.

use groupchat_domain::ids::MessageId;
use groupchat_domain::paging::Limit;
use paperclip::actix::Apiv2Schema;
use serde::Deserialize;

use super::format::MessageFormat;
use crate::problem::ApiError;
use crate::wire::{CursorText, Fields, List, Optional};

/// Which threads to list.
#[derive(Deserialize, Apiv2Schema)]
pub(super) struct ThreadListParams {
    /// Only threads with replies that you have not read.
    unread: Optional<bool>,
    /// The maximum number of items: 1–200, by default 50.
    limit: Optional<Limit>,
    /// The `next` of the previous page.
    cursor: Optional<CursorText>,
    /// The format of the texts. With `html`, each message has its text as HTML, too; `text` is the default.
    format: Optional<MessageFormat>,
}

impl ThreadListParams {
    /// Whether to leave out what is read, the reply before which the page begins, its size and the format of its texts.
    pub(super) fn parse(
        self,
        list: List,
    ) -> Result<(bool, Option<MessageId>, Limit, MessageFormat), ApiError> {
        let mut fields = Fields::new();
        let unread = fields.optional("unread", self.unread).unwrap_or(false);
        let limit = fields.limit(self.limit);
        let cursor = fields.cursor(list, &self.cursor);
        let format = fields.optional("format", self.format).unwrap_or_default();
        fields.finish()?;
        Ok((unread, cursor.map(|cursor| MessageId::new(cursor.id)), format.limit(limit), format))
    }
}
