//! How the text of a message is read as CommonMark, with tables and strikethrough: by who renders it, and by who looks for
//! mentions outside of code and quotations.

use pulldown_cmark::{Options, Parser};

/// A text in which a line opens more quotations and lists than this is not read as CommonMark. The parser looks at each of
/// them again in every line that follows.
const MAX_CONTAINERS: usize = 32;

/// A text in which a line has more bars than this has no tables: the parser fills every row up to the width of the first.
const MAX_COLUMNS: usize = 32;

/// The parser of a text, which takes a time that is linear in its length; `None` for a text that is shown as it was written.
pub fn markdown(text: &str) -> Option<Parser<'_>> {
    if text.lines().any(|line| containers(line) > MAX_CONTAINERS) {
        return None;
    }
    let mut options = Options::ENABLE_STRIKETHROUGH;
    options.set(Options::ENABLE_TABLES, text.lines().all(|line| line.matches('|').count() <= MAX_COLUMNS));
    Some(Parser::new_ext(text, options))
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

    #[test]
    fn a_text_with_too_many_is_not_parsed() {
        assert!(markdown(&"> ".repeat(MAX_CONTAINERS)).is_some());
        assert!(markdown(&"> ".repeat(MAX_CONTAINERS + 1)).is_none());
    }
}
