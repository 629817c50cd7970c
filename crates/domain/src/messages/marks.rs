//! Finds what may mention somebody in the text of a message: `@ada`, `<@42>`, `@all` and `@here`. Code, quotations and links
//! are passed over, as whoever renders the text sees them, and so are e-mail addresses.

use std::ops::Range;

use pulldown_cmark::{Event, Tag, TagEnd};

use crate::accounts::{Username, UsernameKey};
use crate::ids::UserId;
use crate::messages::markdown::{bare_link_length, markdown};
use crate::presence::MAX_SHOWN_PER_GROUP;

/// The most users whom a message may mention by name.
pub const MAX_MENTIONED: usize = 50;

/// How many different names, and ids, of a text are looked up: the first ones. Most texts with more of them are no
/// conversation, but a list of something else with a `@` in front.
pub const MAX_NAMES: usize = 200;

/// The most users whom `@here` mentions: those whom a group shows as present.
pub(super) const MAX_HERE: usize = MAX_SHOWN_PER_GROUP;

/// A place in a text that may mention somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Where it is, in bytes.
    pub range: Range<usize>,
    /// Whom it means.
    pub of: MarkTarget,
}

/// Whom a mark means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarkTarget {
    /// A user, by name: `@ada`. There may be no such user.
    Name(UsernameKey),
    /// A user, by id: `<@42>`, as it is stored. There may be no such user.
    Id(UserId),
    /// Everybody in the group: `@all`.
    All,
    /// Everybody who is online: `@here`.
    Here,
}

/// A mark as it is kept beside its text: whom it means is read from the text again. A name with its `@` takes three
/// characters at least, so this takes about as much as the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct MarkPlace {
    start: u16,
    length: u16,
}

impl MarkPlace {
    /// What a place takes, in bytes.
    pub(super) const BYTES: usize = size_of::<Self>();

    /// `None` beyond the longest text of a message.
    fn of(range: &Range<usize>) -> Option<Self> {
        Some(Self { start: range.start.try_into().ok()?, length: range.len().try_into().ok()? })
    }

    /// The mark at this place of the text.
    pub(super) fn mark(self, text: &str) -> Option<Mark> {
        let (start, length) = (usize::from(self.start), usize::from(self.length));
        let range = start..start + length;
        Some(Mark { of: target(text.get(range.clone())?)?, range })
    }
}

/// The places of the marks of a text, as [`find_marks`] finds them.
pub(super) fn find_places(text: &str) -> Box<[MarkPlace]> {
    let mut places = Vec::new();
    visit(text, |range| places.extend(MarkPlace::of(&range)));
    places.into()
}

/// The form in which a mention of a user is stored.
pub(super) fn stored_mark(user: UserId) -> String {
    format!("<@{user}>")
}

/// The marks of a text, in their order. Takes a time that is linear in its length.
pub fn find_marks(text: &str) -> Vec<Mark> {
    let mut marks = Vec::new();
    visit(text, |range| {
        let of = target(&text[range.clone()]);
        marks.extend(of.map(|of| Mark { range, of }));
    });
    marks
}

/// Calls this with the place of each mark, in their order.
fn visit(text: &str, mut found: impl FnMut(Range<usize>)) {
    if !text.contains('@') {
        return;
    }
    let Some(events) = markdown(text) else { return };
    // How many elements are open in which nothing is a mention.
    let mut closed = 0_usize;
    let mut run: Option<Range<usize>> = None;
    // Where the last bare link ends, unless an element ends before.
    let mut links_until = 0;
    for (event, range) in events {
        match event {
            Event::Text(_) if closed == 0 => {
                // The parser cuts text into pieces. What is between two of them can only be a backslash.
                run = Some(match run.take() {
                    Some(before) if before.end == range.start => before.start..range.end,
                    before => {
                        flush(text, before, &mut links_until, &mut found);
                        range
                    }
                });
                continue;
            }
            Event::Start(tag) if is_closed(&tag) => closed += 1,
            Event::End(tag) if is_end_of_closed(tag) => closed = closed.saturating_sub(1),
            _ => {}
        }
        flush(text, run.take(), &mut links_until, &mut found);
        links_until = 0;
    }
    flush(text, run, &mut links_until, &mut found);
}

const fn is_closed(tag: &Tag<'_>) -> bool {
    matches!(tag, Tag::BlockQuote(_) | Tag::CodeBlock(_) | Tag::Link { .. } | Tag::Image { .. })
}

const fn is_end_of_closed(tag: TagEnd) -> bool {
    matches!(tag, TagEnd::BlockQuote(_) | TagEnd::CodeBlock | TagEnd::Link | TagEnd::Image)
}

/// Finds the marks of a run of plain text.
fn flush(
    text: &str,
    run: Option<Range<usize>>,
    links_until: &mut usize,
    found: &mut impl FnMut(Range<usize>),
) {
    let Some(run) = run else { return };
    let mut at = run.start;
    while let Some(next) = text.get(at..run.end).and_then(|rest| rest.find(['@', ':'])) {
        let place = at + next;
        at = place + 1;
        let rest = &text[place..run.end];
        if rest.starts_with("://") {
            *links_until = place + bare_link_length(&text[place..]);
            at = *links_until;
            continue;
        }
        if place < *links_until || !rest.starts_with('@') {
            continue;
        }
        if let Some(range) = mark_at(text, place, &run) {
            at = range.end;
            found(range);
        }
    }
}

/// The place of the mark whose `@` is here.
fn mark_at(text: &str, at: usize, run: &Range<usize>) -> Option<Range<usize>> {
    let rest = &text[at + 1..run.end];
    let before = text[..at].chars().next_back();
    if before == Some('<') && at > run.start {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let range = at - 1..at + digits + 2;
        let is_escaped = text[..at - 1].ends_with('\\');
        let is_id = rest[digits..].starts_with('>') && target(&text[range.clone()]).is_some();
        return (is_id && !is_escaped).then_some(range);
    }
    // In the form in which it is stored, this could be where a link leads.
    let before_space = text[..at].trim_ascii_end();
    if before_space.ends_with("](") || before_space.ends_with("]:") {
        return None;
    }
    let is_open = at == run.start && before != Some('\\');
    if !is_open && !before.is_none_or(may_precede) {
        return None;
    }
    let length = rest.bytes().take_while(|byte| is_of_name(*byte)).count();
    let name = rest[..length].trim_end_matches(|char: char| !char.is_ascii_alphanumeric());
    let after = rest[length..].chars().next();
    // `@ada@example.org` is an address, and the name of somebody else may go on in letters that usernames don't have.
    if name.len() == length && after.is_some_and(|char| char == '@' || char.is_alphanumeric()) {
        return None;
    }
    let is_name = !name.is_empty()
        && name.len() <= Username::MAX_LENGTH
        && name.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
    is_name.then(|| at..at + 1 + name.len())
}

/// Whom a mark means that consists of these characters.
fn target(mark: &str) -> Option<MarkTarget> {
    let Some(id) = mark.strip_prefix("<@").and_then(|rest| rest.strip_suffix('>')) else {
        return mark.strip_prefix('@').map(named);
    };
    let id = Some(id).filter(|id| !id.starts_with('0'))?.parse().ok()?;
    Some(MarkTarget::Id(UserId::parse(id).ok()?))
}

fn named(name: &str) -> MarkTarget {
    let key = UsernameKey::of(name);
    match key.as_str() {
        "all" => MarkTarget::All,
        "here" => MarkTarget::Here,
        _ => MarkTarget::Name(key),
    }
}

const fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

/// Whether a name can follow this character. After others, the `@` is likely to be that of an address or a link.
fn may_precede(char: char) -> bool {
    char.is_whitespace()
        || matches!(
            char,
            '(' | '[' | '{' | '"' | '\'' | '*' | '_' | '~' | '|' | ',' | ';' | ':' | '!' | '?' | '>'
        )
        || (!char.is_ascii() && !char.is_alphanumeric())
}

#[cfg(test)]
mod tests;
