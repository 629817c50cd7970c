//! Text for property tests.

use std::ops::Range;

use proptest::prelude::*;
use proptest::sample::select;

/// Characters on which normalization, folding and the rules for text turn.
const TRICKY: &[char] = &[
    'a',
    'Z',
    ' ',
    '\t',
    '\n',
    '\r',
    '\0',
    '\u{85}',
    '\u{a0}',
    '\u{2028}',
    'ß',
    'ẞ',
    'İ',
    'ı',
    'Σ',
    'ς',
    'ŉ',
    'ǰ',
    'Ǆ',
    'ΐ',
    'ᾳ',
    'ﬁ',
    'Ａ',
    'Å',
    'K',
    'ẛ',
    '\u{301}',
    '\u{307}',
    '\u{308}',
    '\u{323}',
    '\u{345}',
    '\u{1100}',
    '\u{1161}',
    '\u{11a8}',
    '\u{ac00}',
    '\u{fb2c}',
    '\u{2126}',
    '\u{3392}',
    '\u{1d400}',
];

/// Any text, tricky characters often among its characters.
pub(crate) fn any_text(length: Range<usize>) -> impl Strategy<Value = String> {
    let character = prop_oneof![2 => any::<char>(), 1 => select(TRICKY)];
    prop::collection::vec(character, length).prop_map(String::from_iter)
}
