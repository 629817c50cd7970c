//! Queries for mentions, parsed into domain values.

use groupchat_domain::ids::MessageId;
use groupchat_domain::paging::Limit;
use paperclip::actix::Apiv2Schema;
use serde::Deserialize;

use super::format::MessageFormat;
use crate::problem::ApiError;
use crate::wire::{CursorText, Fields, List, Optional};

/// Which mentions to list, and how.
#[derive(Deserialize, Apiv2Schema)]
pub(super) struct MentionListParams {
    /// Only messages that you have not read.
    unread: Optional<bool>,
    /// The maximum number of items: 1–200, by default 50.
    limit: Optional<Limit>,
    /// The `next` of the previous page.
    cursor: Optional<CursorText>,
    /// The format of the texts. With `html`, each message has its text as HTML, too; `text` is the default.
    format: Optional<MessageFormat>,
}

/// A parsed [`MentionListParams`].
#[derive(Debug)]
pub(super) struct MentionList {
    pub unread: bool,
    /// The message before which the page begins.
    pub before: Option<MessageId>,
    pub limit: Limit,
    pub format: MessageFormat,
}

impl MentionListParams {
    pub(super) fn parse(self, list: List) -> Result<MentionList, ApiError> {
        let mut fields = Fields::new();
        let unread = fields.optional("unread", self.unread).unwrap_or(false);
        let limit = fields.limit(self.limit);
        let cursor = fields.cursor(list, &self.cursor);
        let format = fields.optional("format", self.format).unwrap_or_default();
        fields.finish()?;
        let before = cursor.map(|cursor| MessageId::new(cursor.id));
        Ok(MentionList { unread, before, limit: format.limit(limit), format })
    }
}
