//! How the text of a message is read as CommonMark, with tables and strikethrough: by who renders it, and by who looks for
//! mentions outside of code and quotations.

use std::ops::Range;

use pulldown_cmark::{Event, OffsetIter, Options, Parser, Tag, TagEnd};

/// A text in which a line opens more quotations and lists than this is not read as CommonMark. The parser looks at each of
/// them again in every line that follows.
const MAX_CONTAINERS: usize = 32;

/// A text in which a line has more bars than this has no tables: the parser fills every row up to the width of the first.
const MAX_COLUMNS: usize = 32;

/// The events of a text, each with its place, which take a time that is linear in its length; `None` for a text that is
/// shown as it was written. A bare link is text as a whole, also where it has what would be emphasis elsewhere.
pub fn markdown(text: &str) -> Option<impl Iterator<Item = (Event<'_>, Range<usize>)>> {
    if text.lines().any(|line| containers(line) > MAX_CONTAINERS) {
        return None;
    }
    let mut options = Options::ENABLE_STRIKETHROUGH;
    options.set(Options::ENABLE_TABLES, text.lines().all(|line| line.matches('|').count() <= MAX_COLUMNS));
    Some(WholeLinks { text, events: Parser::new_ext(text, options).into_offset_iter(), links: 0, until: 0 })
}

/// How long a bare link is, in bytes, from its `://` on, unless an element ends before it.
pub(super) fn bare_link_length(text: &str) -> usize {
    let ends = |char: char| char.is_whitespace() || matches!(char, '<' | '"' | '`' | '|');
    text.find(ends).unwrap_or(text.len())
}

/// The events of a parser, with text in the place of emphasis within bare links.
struct WholeLinks<'t> {
    text: &'t str,
    events: OffsetIter<'t>,
    /// How many links and pictures are open, in which nothing is a bare link.
    links: usize,
    /// Where the last bare link ends at the latest. An element that isn't within it cuts it short.
    until: usize,
}

impl<'t> Iterator for WholeLinks<'t> {
    type Item = (Event<'t>, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        let (event, range) = self.events.next()?;
        match &event {
            Event::Start(Tag::Emphasis | Tag::Strong | Tag::Strikethrough) if range.end <= self.until => {
                self.skip_element();
                return Some((Event::Text(self.text.get(range.clone())?.into()), range));
            }
            Event::Start(tag) => {
                self.until = self.until.min(range.start);
                self.links += usize::from(matches!(tag, Tag::Link { .. } | Tag::Image { .. }));
            }
            Event::End(tag) => {
                self.until = self.until.min(range.end);
                self.links =
                    self.links.saturating_sub(usize::from(matches!(tag, TagEnd::Link | TagEnd::Image)));
            }
            // What is within a link ends where that ends.
            Event::Text(_) if self.links == 0 && range.end > self.until => self.find_link(&range),
            _ => {}
        }
        Some((event, range))
    }
}

impl WholeLinks<'_> {
    /// Notes whether a bare link begins in this piece of text that may go on after it.
    fn find_link(&mut self, piece: &Range<usize>) {
        let start = piece.start.max(self.until);
        let Some(scheme) = self.text.get(start..piece.end).and_then(|piece| piece.rfind("://")) else {
            return;
        };
        self.until = start + scheme + bare_link_length(&self.text[start + scheme..]);
    }

    /// Skips the events of the element that was opened last.
    fn skip_element(&mut self) {
        let mut open = 1_usize;
        while open > 0 {
            match self.events.next() {
                Some((Event::Start(_), _)) => open += 1,
                Some((Event::End(_), _)) => open -= 1,
                Some(_) => {}
                None => return,
            }
        }
    }
}

/// How many quotations and lists a line opens, or goes on with, if it isn't code.
fn containers(line: &str) -> usize {
    let (mut count, mut rest) = (0, line.trim_start());
    while let Some(inner) = container(rest) {
        count += 1;
        rest = inner.trim_start();
    }
    count
}

/// What a quotation or the item of a list contains, if the line begins with the mark of one.
fn container(line: &str) -> Option<&str> {
    if let Some(inner) = line.strip_prefix('>') {
        return Some(inner);
    }
    let inner = match line.strip_prefix(['-', '+', '*']) {
        Some(inner) => inner,
        None => line.trim_start_matches(|char: char| char.is_ascii_digit()).strip_prefix(['.', ')'])?,
    };
    (inner.is_empty() || inner.starts_with([' ', '\t'])).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_opens_as_many_containers_as_it_has_marks() {
        for (line, count) in [
            ("a", 0),
            ("> a", 1),
            (" >>a", 2),
            ("- + *", 3),
            ("12. 3) a", 2),
            ("- - -a", 2),
            ("-----", 0),
            ("1.5", 0),
        ] {
            assert_eq!(containers(line), count, "{line}");
        }
    }

    /// The pieces of text, those in emphasis in brackets.
    fn pieces(text: &str) -> String {
        let mut pieces = String::new();
        for (event, _) in markdown(text).unwrap() {
            match event {
                Event::Text(text) => pieces.push_str(&text),
                Event::Start(Tag::Emphasis | Tag::Strong | Tag::Strikethrough) => pieces.push('['),
                Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough) => pieces.push(']'),
                _ => {}
            }
        }
        pieces
    }

    #[test]
    fn a_bare_link_has_no_emphasis() {
        for (text, expected) in [
            ("https://a.b/_x_ and _y_", "https://a.b/_x_ and [y]"),
            ("https://a.b/*x*y~~z~~", "https://a.b/*x*y~~z~~"),
            ("https://a.b/**x _y_**?q=*z*", "https://a.b/[x [y]]?q=[z]"),
            ("_https://a.b/c_ *d*", "[https://a.b/c] [d]"),
            ("**https://a.b**", "[https://a.b]"),
            ("https://a.b/*x and y*", "https://a.b/[x and y]"),
            ("[https://a.b/*x*](https://c.d)", "https://a.b/[x]"),
            ("a *b* :// *c*", "a [b] :// [c]"),
        ] {
            assert_eq!(pieces(text), expected, "{text}");
        }
    }

    #[test]
    fn a_text_with_too_many_is_not_parsed() {
        assert!(markdown(&"> ".repeat(MAX_CONTAINERS)).is_some());
        assert!(markdown(&"> ".repeat(MAX_CONTAINERS + 1)).is_none());
    }
}
