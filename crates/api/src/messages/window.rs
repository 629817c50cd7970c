//! Which part of a group's messages a query requests, and where the next part begins.

use groupchat_domain::ids::{GroupId, MAX_SAFE_INTEGER, Seq};
use groupchat_domain::messages::{Run, Window};
use groupchat_domain::paging::Limit;
use groupchat_domain::validation::{Violation, ViolationCode};
use paperclip::actix::Apiv2Schema;
use serde::Deserialize;

use crate::problem::ApiError;
use crate::wire::{Cursor, CursorText, Fields, List, Optional};

/// Which messages to list. At most one of `before`, `after`, `around` and `cursor`; without, the newest.
#[derive(Deserialize, Apiv2Schema)]
pub(super) struct MessageListParams {
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
}

impl MessageListParams {
    pub(super) fn parse(self, group: GroupId) -> Result<(Window, Limit), ApiError> {
        let mut fields = Fields::new();
        self.refuse_several(&mut fields);
        let before = fields.optional("before", self.before);
        let after = fields.optional("after", self.after);
        let around = fields.optional("around", self.around);
        let cursor = fields.cursor(List::Messages, group.get(), &self.cursor);
        let limit = fields.limit(self.limit);
        let run = cursor.and_then(|cursor| fields.check("cursor", read_place(&cursor)));
        fields.finish()?;
        let window = match (run, after, around) {
            (Some(run), ..) => Window::Run(run),
            (_, Some(seq), _) => Window::Run(Run::Above(seq)),
            (_, _, Some(seq)) => Window::Around(seq),
            _ => Window::Run(Run::Below(before)),
        };
        Ok((window, limit))
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
pub(super) fn place_of(group: GroupId, run: Run) -> Cursor {
    let (id, tail) = match run {
        Run::Below(Some(seq)) => (seq.get(), DOWN),
        Run::Below(None) => (MAX_SAFE_INTEGER, DOWN),
        Run::Above(seq) => (seq.get(), UP),
    };
    Cursor { list: List::Messages, scope: group.get(), id, tail: tail.to_owned() }
}

const UP: &str = "+";
const DOWN: &str = "-";

fn read_place(cursor: &Cursor) -> Result<Run, Violation> {
    match (Seq::parse(cursor.id), cursor.tail.as_str()) {
        (Ok(seq), UP) => Ok(Run::Above(seq)),
        (Ok(seq), DOWN) => Ok(Run::Below(Some(seq))),
        _ => Err(Violation::new(ViolationCode::InvalidFormat, "must be the `next` of an earlier page")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;

    const GROUP: GroupId = GroupId::new(7);

    fn window(query: &str) -> Result<Window, Code> {
        let params: MessageListParams = serde_urlencoded::from_str(query).unwrap();
        params.parse(GROUP).map(|(window, _)| window).map_err(|error| error.code())
    }

    #[test]
    fn each_parameter_selects_its_part() {
        let below = |seq| Ok(Window::Run(Run::Below(seq)));
        assert_eq!(window(""), below(None));
        assert_eq!(window("before=9"), below(Some(Seq::new(9))));
        assert_eq!(window("after=0"), Ok(Window::Run(Run::Above(Seq::ZERO))));
        assert_eq!(window("around=5"), Ok(Window::Around(Seq::new(5))));
    }

    #[test]
    fn a_cursor_goes_on_in_its_direction() {
        for run in [Run::Above(Seq::new(4)), Run::Below(Some(Seq::new(4)))] {
            let cursor = place_of(GROUP, run).encode();
            assert_eq!(window(&format!("cursor={cursor}")), Ok(Window::Run(run)));
        }
        let elsewhere = place_of(GroupId::new(8), Run::Above(Seq::new(4))).encode();
        assert_eq!(window(&format!("cursor={elsewhere}")), Err(Code::ValidationFailed));
    }

    #[test]
    fn only_one_of_them_may_be_given() {
        for query in ["before=1&after=2", "around=1&before=1", "after=1&cursor=x", "before=-1"] {
            assert_eq!(window(query), Err(Code::ValidationFailed), "{query}");
        }
    }
}
