use std::time::Duration;

use super::*;
use crate::retention::terms::{Age, RetentionTerms};
use crate::testing::NOW;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// What is passed over, what goes, and whether the rest is looked at.
type Chosen = (Option<(i64, i64)>, Option<(i64, i64)>, bool);

/// What is chosen of messages that are numbered from 1 on: `o` is old, `y` young, `f` from a time that has not come yet. A
/// capital letter is exempt. After `|` comes the next one.
fn chosen(messages: &str) -> Chosen {
    let (messages, next) = messages.split_once('|').unwrap_or((messages, ""));
    let terms = RetentionTerms { age: Some(DAY), keeps_pinned: true };
    let at = |letter: char| match letter.to_ascii_lowercase() {
        'o' => NOW.minus(DAY).minus(Duration::from_micros(1)),
        'y' => NOW.minus(DAY),
        _ => NOW.plus(Duration::from_micros(1)),
    };
    let numbered = messages.chars().zip((1..).map(Seq::new));
    let first: Vec<_> = numbered.clone().map(|(letter, seq)| AgedMessage { seq, at: at(letter) }).collect();
    let exempt = numbered.filter(|(letter, _)| letter.is_ascii_uppercase()).map(|(_, seq)| seq).collect();
    let limit = terms.limit(None, NOW).expect("a limit");
    let next = next.chars().next().map_or(Age::Unknown, |letter| limit.age_of(at(letter)));
    let choice = choose(&first, &exempt, limit, next);
    let span = choice.span.map(|span| (span.first.get(), span.last.get()));
    (choice.passed.map(|(seq, count)| (seq.get(), count)), span, choice.goes_on)
}

#[test]
fn old_messages_go_up_to_the_first_that_is_young_or_exempt() {
    for (messages, expected) in [
        ("", (None, None, false)),
        ("y", (None, None, false)),
        ("oo", (None, Some((1, 2)), false)),
        ("oo|o", (None, Some((1, 2)), true)),
        ("oo|y", (None, Some((1, 2)), false)),
        ("ooy", (None, Some((1, 2)), false)),
        // What was imported waits for what came in before it.
        ("yo", (None, None, false)),
        ("oyo", (None, Some((1, 1)), false)),
        ("oOo", (None, Some((1, 1)), true)),
        ("OOo", (Some((2, 2)), Some((3, 3)), false)),
        ("OO|o", (Some((2, 2)), None, true)),
        ("Oy", (Some((1, 1)), None, false)),
        ("OyO", (Some((1, 1)), None, false)),
    ] {
        assert_eq!(chosen(messages), expected, "{messages}");
    }
}

#[test]
fn a_message_of_a_clock_that_was_ahead_is_as_old_as_the_next_one() {
    for (messages, expected) in [
        ("fo", (None, Some((1, 2)), false)),
        ("ffo", (None, Some((1, 3)), false)),
        ("ofo", (None, Some((1, 3)), false)),
        ("of", (None, Some((1, 1)), false)),
        ("of|o", (None, Some((1, 2)), true)),
        ("of|y", (None, Some((1, 1)), false)),
        ("fy", (None, None, false)),
        ("f", (None, None, false)),
        ("ff|o", (None, Some((1, 2)), true)),
        ("ff|y", (None, None, false)),
        ("Fo", (Some((1, 1)), Some((2, 2)), false)),
        ("oFo", (None, Some((1, 1)), true)),
        ("fO", (None, Some((1, 1)), true)),
        ("F", (None, None, false)),
    ] {
        assert_eq!(chosen(messages), expected, "{messages}");
    }
}
