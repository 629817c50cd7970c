//! Comparing the statements that created a schema.

/// SQL without comments and with single spaces, except in quotes: equal results mean equal statements.
pub(crate) fn bare(sql: &str) -> String {
    let mut bare = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let (kept, length) = match first {
            '\'' | '"' | '`' | '[' => {
                let length = quoted(rest, if first == '[' { ']' } else { first });
                (&rest[..length], length)
            }
            _ if rest.starts_with("--") => (" ", rest.find('\n').unwrap_or(rest.len())),
            _ if rest.starts_with("/*") => (" ", rest[2..].find("*/").map_or(rest.len(), |end| end + 4)),
            _ if first.is_whitespace() => (" ", first.len_utf8()),
            _ => (&rest[..first.len_utf8()], first.len_utf8()),
        };
        if kept != " " || !(bare.is_empty() || bare.ends_with(' ')) {
            bare.push_str(kept);
        }
        rest = &rest[length..];
    }
    bare.truncate(bare.trim_end().len());
    bare
}

/// The length of the quoted word at the beginning, including its quotes. Doubled quotes within it make two such words.
fn quoted(sql: &str, end: char) -> usize {
    sql[1..].find(end).map_or(sql.len(), |place| place + 2)
}

#[cfg(test)]
mod tests {
    use super::bare;

    #[test]
    fn only_what_says_nothing_is_left_out() {
        for (sql, expected) in [
            ("CREATE  TABLE\n\ta (b) ", "CREATE TABLE a (b)"),
            ("a -- so that\n-- again 'x\nb", "a b"),
            ("a /* so\nthat */ b /* no end", "a b"),
            ("a '  -- it''s /* ' b", "a '  -- it''s /* ' b"),
            ("\"a  b\" [c  d] `e  f`", "\"a  b\" [c  d] `e  f`"),
            ("'never  ends", "'never  ends"),
            ("ä  '👍  '", "ä '👍  '"),
            ("", ""),
        ] {
            assert_eq!(bare(sql), expected, "{sql}");
        }
    }
}
