//! Which part of a group's messages, or of a thread's replies, a query requests, and where the next part begins.

use groupchat_domain::accounts::Actor;
use groupchat_domain::ids::{MAX_SAFE_INTEGER, MessageId, Seq};
use groupchat_domain::messages::{FilterStart, MessageFilter, MessageRange, TimePlace, TimeRange, Window};
use groupchat_domain::paging::Limit;
use groupchat_domain::time::Timestamp;
use groupchat_domain::validation::{Violation, ViolationCode};
use paperclip::actix::Apiv2Schema;
use serde::Deserialize;

use super::format::MessageFormat;
use crate::extract::UserOrMe;
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
    /// Only messages of this user, by id or as `me`.
    author_id: Optional<UserOrMe>,
    /// Only messages that were sent at this time or later.
    since: Optional<Timestamp>,
    /// Only messages that were sent before this time.
    until: Optional<Timestamp>,
    /// The maximum number of items: 1–200, by default 50.
    limit: Optional<Limit>,
    /// The format of the texts. With `html`, each message has its text as HTML, too; `text` is the default.
    format: Optional<MessageFormat>,
}

/// Which messages to list, before it is known who asks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ListFilter {
    author: Option<UserOrMe>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl ListFilter {
    /// The filter of this caller.
    pub(super) fn of(self, caller: &Actor) -> MessageFilter {
        let author = self.author.map(|author| author.id(caller));
        MessageFilter { author, since: self.since, until: self.until }
    }
}

/// What to list, and how.
#[derive(Debug)]
pub(super) struct ListedMessages {
    /// The root of the replies.
    pub thread: Option<MessageId>,
    /// Which messages; `None` for all.
    pub filter: Option<ListFilter>,
    /// Where to begin.
    pub start: FilterStart,
    /// How many.
    pub limit: Limit,
    /// In which format.
    pub format: MessageFormat,
}

impl MessageListParams {
    pub(super) fn parse(self, list: List) -> Result<ListedMessages, ApiError> {
        let mut fields = Fields::new();
        self.refuse_several(&mut fields);
        let thread = fields.optional("thread_id", self.thread_id);
        let before = fields.optional("before", self.before);
        let after = fields.optional("after", self.after);
        let around = fields.optional("around", self.around);
        let cursor = fields.cursor(list, &self.cursor);
        let limit = fields.limit(self.limit);
        let format = fields.optional("format", self.format).unwrap_or_default();
        let author = fields.optional("author_id", self.author_id);
        let since = fields.optional("since", self.since);
        let until = fields.optional("until", self.until);
        let filter = ListFilter { author, since, until };
        let filter = (filter != ListFilter::default()).then_some(filter);
        let next = cursor.and_then(|cursor| fields.check("cursor", read_position(&cursor, filter.is_some())));
        fields.finish()?;
        let start = match (next, after, around) {
            (Some(next), ..) => next,
            (_, Some(seq), _) => FilterStart::At(Window::Range(MessageRange::Above(seq))),
            (_, _, Some(seq)) => FilterStart::At(Window::Around(seq)),
            _ => FilterStart::At(Window::Range(MessageRange::Below(before))),
        };
        Ok(ListedMessages { thread, filter, start, limit: format.limit(limit), format })
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

/// The same in the order by time.
pub(super) fn place_of(run: TimeRange) -> ListCursor {
    let (TimePlace { at, seq }, direction) = match run {
        TimeRange::Below(place) => (place, DOWN),
        TimeRange::Above(place) => (place, UP),
    };
    ListCursor { id: seq.get(), tail: format!("{direction}{}", at.as_micros()) }
}

const UP: &str = "+";
const DOWN: &str = "-";

/// Where a list goes on: by number or, if the list has a filter, by time.
fn read_position(cursor: &ListCursor, is_filtered: bool) -> Result<FilterStart, Violation> {
    let invalid = || Violation::new(ViolationCode::InvalidFormat, "must be the `next` of an earlier page");
    let seq = Seq::parse(cursor.id).map_err(|_| invalid())?;
    let is_upwards = cursor.tail.starts_with(UP);
    let rest = cursor.tail.strip_prefix([UP, DOWN][usize::from(!is_upwards)]).ok_or_else(invalid)?;
    if !is_filtered && rest.is_empty() {
        let run = if is_upwards { MessageRange::Above(seq) } else { MessageRange::Below(Some(seq)) };
        return Ok(FilterStart::At(Window::Range(run)));
    }
    let at = rest.parse().ok().filter(|_| is_filtered).ok_or_else(invalid)?;
    let place = TimePlace { at: Timestamp::from_micros(at), seq };
    Ok(FilterStart::Next(if is_upwards { TimeRange::Above(place) } else { TimeRange::Below(place) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;

    fn list() -> List {
        List::at("/api/groups/7/messages")
    }

    fn start(query: &str) -> Result<FilterStart, Code> {
        let params: MessageListParams = serde_urlencoded::from_str(query).unwrap();
        params.parse(list()).map(|listed| listed.start).map_err(|error| error.code())
    }

    fn window(query: &str) -> Result<Window, Code> {
        start(query).map(|start| match start {
            FilterStart::At(window) => window,
            FilterStart::Next(run) => panic!("{run:?} is by time"),
        })
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
    fn a_filtered_list_goes_on_by_time_and_others_by_number() {
        let place = TimePlace { at: Timestamp::from_micros(-5), seq: Seq::new(4) };
        for run in [TimeRange::Above(place), TimeRange::Below(place)] {
            let cursor = place_of(run).encode(list());
            assert_eq!(start(&format!("author_id=me&cursor={cursor}")), Ok(FilterStart::Next(run)));
            assert_eq!(start(&format!("cursor={cursor}")), Err(Code::ValidationFailed));
        }
        let by_number = position_of(MessageRange::Above(Seq::new(4))).encode(list());
        assert_eq!(
            start(&format!("until=2026-01-01T00:00:00Z&cursor={by_number}")),
            Err(Code::ValidationFailed)
        );
        assert_eq!(start("since=yesterday"), Err(Code::ValidationFailed));
        assert_eq!(start("author_id=0"), Err(Code::ValidationFailed));
    }

    #[test]
    fn only_one_of_them_may_be_given() {
        for query in ["before=1&after=2", "around=1&before=1", "after=1&cursor=x", "before=-1"] {
            assert_eq!(window(query), Err(Code::ValidationFailed), "{query}");
        }
    }
}
