//! Which part of a group's messages, or of a thread's replies, a query requests, and where the next part begins.

use groupchat_domain::ids::{MAX_SAFE_INTEGER, MessageId, Seq};
use groupchat_domain::messages::{MessageRange, Window};
use groupchat_domain::paging::Limit;
use groupchat_domain::validation::{Violation, ViolationCode};
use paperclip::actix::Apiv2Schema;
use serde::Deserialize;

use super::format::MessageFormat;
use crate::problem::ApiError;
use crate::wire::{CursorText, Fields, List, ListCursor, Optional};

/// Which messages to list. At most one of `before`, `after`, `around` and `cursor`; without, the newest.
#[derive(Deserialize, Apiv2Schema)]
pub(super) struct MessageListParams {
    /// The replies to this message, instead of the messages of the group.
    thread_id: Optional<MessageId>,
    /// Messages below this number, starting with the highest.
    before: Optional<Seq>,
    /// Messages above this number, starting with the lowest; `next` continues upwards.
    after: Optional<Seq>,
    /// Messages around this number: up to half of the page above it, the rest at and below it.
    around: Optional<Seq>,
    /// The `next` of the previous page.
    cursor: Optional<CursorText>,
    /// The maximum number of items: 1–200, by default 50.
    limit: Optional<Limit>,
    /// The format of the texts. With `html`, each message has its text as HTML, too; `text` is the default.
    format: Optional<MessageFormat>,
}

impl MessageListParams {
    pub(super) fn parse(
        self,
        list: List,
    ) -> Result<(Option<MessageId>, Window, Limit, MessageFormat), ApiError> {
        let mut fields = Fields::new();
        self.refuse_several(&mut fields);
        let thread = fields.optional("thread_id", self.thread_id);
        let before = fields.optional("before", self.before);
        let after = fields.optional("after", self.after);
        let around = fields.optional("around", self.around);
        let cursor = fields.cursor(list, &self.cursor);
        let limit = fields.limit(self.limit);
        let format = fields.optional("format", self.format).unwrap_or_default();
        let run = cursor.and_then(|cursor| fields.check("cursor", read_position(&cursor)));
        fields.finish()?;
        let window = match (run, after, around) {
            (Some(run), ..) => Window::Range(run),
            (_, Some(seq), _) => Window::Range(MessageRange::Above(seq)),
            (_, _, Some(seq)) => Window::Around(seq),
            _ => Window::Range(MessageRange::Below(before)),
        };
        Ok((thread, window, format.limit(limit), format))
    }

    /// Names each of the parameters of which only one may be given, if it isn't the first.
    fn refuse_several(&self, fields: &mut Fields) {
        let given = [
            ("before", self.before.0.is_some()),
            ("after", self.after.0.is_some()),
            ("around", self.around.0.is_some()),
            ("cursor", self.cursor.0.is_some()),
        ];
        let mut given = given.into_iter().filter(|(_, given)| *given).map(|(name, _)| name);
        let Some(first) = given.next() else { return };
        for name in given {
            let detail = format!("cannot be used together with {first}");
            fields.refuse(name, Violation::new(ViolationCode::Exclusive, detail));
        }
    }
}

/// The cursor with which a list of messages goes on.
pub(super) fn position_of(run: MessageRange) -> ListCursor {
    let (id, tail) = match run {
        MessageRange::Below(Some(seq)) => (seq.get(), DOWN),
        MessageRange::Below(None) => (MAX_SAFE_INTEGER, DOWN),
        MessageRange::Above(seq) => (seq.get(), UP),
    };
    ListCursor { id, tail: tail.to_owned() }
}

const UP: &str = "+";
const DOWN: &str = "-";

fn read_position(cursor: &ListCursor) -> Result<MessageRange, Violation> {
    match (Seq::parse(cursor.id), cursor.tail.as_str()) {
        (Ok(seq), UP) => Ok(MessageRange::Above(seq)),
        (Ok(seq), DOWN) => Ok(MessageRange::Below(Some(seq))),
        _ => Err(Violation::new(ViolationCode::InvalidFormat, "must be the `next` of an earlier page")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;

    fn list() -> List {
        List::at("/api/groups/7/messages")
    }

    fn window(query: &str) -> Result<Window, Code> {
        let params: MessageListParams = serde_urlencoded::from_str(query).unwrap();
        params.parse(list()).map(|(_, window, ..)| window).map_err(|error| error.code())
    }

    #[test]
    fn each_parameter_selects_its_part() {
        let below = |seq| Ok(Window::Range(MessageRange::Below(seq)));
        assert_eq!(window(""), below(None));
        assert_eq!(window("before=9"), below(Some(Seq::new(9))));
        assert_eq!(window("after=0"), Ok(Window::Range(MessageRange::Above(Seq::ZERO))));
        assert_eq!(window("around=5"), Ok(Window::Around(Seq::new(5))));
    }

    #[test]
    fn a_cursor_goes_on_in_its_direction() {
        for run in [MessageRange::Above(Seq::new(4)), MessageRange::Below(Some(Seq::new(4)))] {
            let cursor = position_of(run).encode(list());
            assert_eq!(window(&format!("cursor={cursor}")), Ok(Window::Range(run)));
        }
        let elsewhere =
            position_of(MessageRange::Above(Seq::new(4))).encode(List::at("/api/groups/8/messages"));
        assert_eq!(window(&format!("cursor={elsewhere}")), Err(Code::ValidationFailed));
    }

    #[test]
    fn only_one_of_them_may_be_given() {
        for query in ["before=1&after=2", "around=1&before=1", "after=1&cursor=x", "before=-1"] {
            assert_eq!(window(query), Err(Code::ValidationFailed), "{query}");
        }
    }
}
