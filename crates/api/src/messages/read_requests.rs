//! Request bodies and queries for read cursors and receipts, parsed into domain values.

use groupchat_domain::ids::{Seq, UserId};
use groupchat_domain::messages::ReadMark;
use groupchat_domain::paging::Limit;
use paperclip::actix::Apiv2Schema;
use serde::Deserialize;

use crate::problem::ApiError;
use crate::wire::{CursorText, Fields, List, Optional, Required};

/// How far the caller has read.
#[derive(Deserialize, Apiv2Schema)]
#[openapi(rename = "ReadMark", example = r#"{"seq": 1}"#)]
pub(super) struct ReadMarkDto {
    /// The number of the last message read; with `unread`, of the first that is to be unread.
    pub seq: Required<Seq>,
    /// Whether to mark as unread, from this message on; the default is false.
    pub unread: Optional<bool>,
}

impl ReadMarkDto {
    pub(crate) fn parse(self) -> Result<ReadMark, ApiError> {
        let mut fields = Fields::new();
        let mark = fields.required("seq", self.seq).map(|seq| mark(seq, &self.unread));
        mark.ok_or_else(|| fields.into())
    }
}

/// What a client marks that gives these.
pub(crate) fn mark(seq: Seq, unread: &Optional<bool>) -> ReadMark {
    if unread.0.unwrap_or(false) { ReadMark::UnreadFrom(seq) } else { ReadMark::Read(seq) }
}

/// Whose having read a message to list.
#[derive(Deserialize, Apiv2Schema)]
pub(super) struct ReaderListParams {
    /// The number of the message; without it, the newest.
    seq: Optional<Seq>,
    /// The maximum number of items: 1–200, by default 50.
    limit: Optional<Limit>,
    /// The `next` of the previous page.
    cursor: Optional<CursorText>,
}

impl ReaderListParams {
    /// The number, the user after whom the page begins, and its size.
    pub(super) fn parse(self, list: List) -> Result<(Option<Seq>, Option<UserId>, Limit), ApiError> {
        let mut fields = Fields::new();
        let seq = fields.optional("seq", self.seq);
        let limit = fields.limit(self.limit);
        let cursor = fields.cursor(list, &self.cursor);
        let first = cursor.as_ref().and_then(|cursor| fields.check("cursor", cursor.number()));
        fields.finish()?;
        Ok((seq.or(first.map(Seq::new)), cursor.map(|cursor| UserId::new(cursor.id)), limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_reads_or_unreads_a_message_that_has_a_number() {
        let parse = |json| serde_json::from_str::<ReadMarkDto>(json).unwrap().parse();
        assert_eq!(parse(r#"{"seq": 0}"#).unwrap(), ReadMark::Read(Seq::ZERO));
        assert_eq!(parse(r#"{"seq": 3, "unread": false}"#).unwrap(), ReadMark::Read(Seq::new(3)));
        assert_eq!(parse(r#"{"seq": 3, "unread": null}"#).unwrap(), ReadMark::Read(Seq::new(3)));
        assert_eq!(parse(r#"{"seq": 3, "unread": true}"#).unwrap(), ReadMark::UnreadFrom(Seq::new(3)));
        assert!(parse(r#"{"seq": -1}"#).is_err());
        assert!(parse(r#"{"unread": true}"#).is_err());
    }
}
