//! Pages of messages, against a model that cuts them out of a list of numbers.

use groupchat_domain::ids::Seq;
use groupchat_domain::messages::{MessagePage, MessageRange, Window};
use groupchat_domain::paging::Limit;
use groupchat_domain::text::TextBytes;
use proptest::prelude::*;

use crate::chat::{Chat, seq};
use crate::check;
use crate::support::fixture::limit;

const MESSAGES: usize = 23;

/// So many of the longest make more than two pages.
const LONG_MESSAGES: usize = 90;

/// A group with [`MESSAGES`] messages, some of them deleted.
fn filled() -> Chat {
    let chat = Chat::new();
    for nth in 0..MESSAGES {
        chat.send("hello", nth % 5 == 0);
    }
    chat
}

/// A place to read from: beyond both ends too.
fn place() -> impl Strategy<Value = usize> {
    0..MESSAGES + 3
}

fn window() -> impl Strategy<Value = Window> {
    prop_oneof![
        Just(Window::Range(MessageRange::Below(None))),
        place().prop_map(|place| Window::Range(MessageRange::Below(Some(seq(place))))),
        place().prop_map(|place| Window::Range(MessageRange::Above(seq(place)))),
        place().prop_map(|place| Window::Around(seq(place))),
    ]
}

/// The numbers of a page, and where it goes on.
type ModelPage = (Vec<usize>, Option<MessageRange>);

/// The newest `rows` numbers below `end`.
fn below(end: usize, rows: usize) -> ModelPage {
    let numbers: Vec<usize> = (1..=MESSAGES).rev().filter(|number| *number < end).collect();
    let page = numbers[..rows.min(numbers.len())].to_vec();
    let next = (numbers.len() > rows).then(|| MessageRange::Below(Some(seq(page[rows - 1]))));
    (page, next)
}

/// The oldest `rows` numbers above `end`, the newest of them first.
fn above(end: usize, rows: usize) -> ModelPage {
    let numbers: Vec<usize> = (1..=MESSAGES).filter(|number| *number > end).collect();
    let page: Vec<usize> = numbers.iter().take(rows).rev().copied().collect();
    let newest = page.first().filter(|_| numbers.len() > rows);
    let next = newest.map(|number| MessageRange::Above(seq(*number)));
    (page, next)
}

fn model_page(window: Window, rows: usize) -> ModelPage {
    let place = |seq: Seq| usize::try_from(seq.get()).unwrap();
    match window {
        Window::Range(MessageRange::Below(end)) => below(end.map_or(usize::MAX, place), rows),
        Window::Range(MessageRange::Above(end)) => above(place(end), rows),
        Window::Around(middle) => {
            let (mut numbers, _) = above(place(middle), rows / 2);
            let (older, next) = below(place(middle) + 1, rows - numbers.len());
            numbers.extend(older);
            (numbers, next)
        }
    }
}

/// A group with [`LONG_MESSAGES`] messages, most of them as long as messages get.
fn filled_with_long_texts() -> Chat {
    let chat = Chat::new();
    for nth in 0..LONG_MESSAGES {
        let length = if nth % 4 == 0 { 1 } else { 10_000 - nth * 17 };
        chat.send(&"\u{1F600}".repeat(length), false);
    }
    chat
}

fn numbers(page: &MessagePage) -> Vec<usize> {
    page.items.iter().map(|view| usize::try_from(view.message.seq.get()).unwrap()).collect()
}

#[test]
fn a_page_is_the_piece_of_the_list_that_was_asked_for() {
    let chat = filled();
    check(256, &(window(), 1..30_u8), |(window, rows)| {
        let page = chat.page(window, limit(rows.into()));
        assert_eq!((numbers(&page), page.next), model_page(window, rows.into()));
    });
}

#[test]
fn following_pages_shows_each_message_once() {
    let chat = filled();
    check(64, &(place(), any::<bool>(), 1..30_u8), |(start, up, rows)| {
        let mut next =
            Some(if up { MessageRange::Above(seq(start)) } else { MessageRange::Below(Some(seq(start))) });
        let mut seen = Vec::new();
        while let Some(run) = next {
            let page = chat.page(Window::Range(run), limit(rows.into()));
            assert!(page.items.len() <= usize::from(rows));
            assert!(page.next.is_none() || !page.items.is_empty(), "an empty page goes on");
            seen.extend(numbers(&page));
            next = page.next;
        }
        seen.sort_unstable();
        let wanted = |number: &usize| if up { *number > start } else { *number < start };
        assert_eq!(seen, (1..=MESSAGES).filter(wanted).collect::<Vec<_>>());
    });
}

/// Fails unless the page has no hole and no more text than it may.
fn assert_is_a_piece(page: &MessagePage) {
    let text: usize = page.items.iter().map(TextBytes::text_bytes).sum();
    assert!(text <= Limit::MAX_BYTES, "{text} bytes");
    assert!(numbers(page).windows(2).all(|pair| pair[0] == pair[1] + 1), "{:?}", numbers(page));
}

#[test]
fn following_pages_of_long_texts_shows_each_message_once() {
    let chat = filled_with_long_texts();
    check(24, &(1..LONG_MESSAGES, 0..3_u8, 20..200_u8), |(start, way, rows)| {
        let middle = Window::Around(seq(start));
        let first = match way {
            0 => Window::Range(MessageRange::Above(seq(start))),
            1 => Window::Range(MessageRange::Below(Some(seq(start)))),
            _ => middle,
        };
        let (mut next, mut seen) = (Some(first), Vec::new());
        while let Some(window) = next {
            let page = chat.page(window, limit(rows.into()));
            assert_is_a_piece(&page);
            assert!(page.next.is_none() || !page.items.is_empty(), "an empty page goes on");
            assert!(window != middle || numbers(&page).contains(&start));
            seen.extend(numbers(&page));
            next = page.next.map(Window::Range);
        }
        seen.sort_unstable();
        let newest = if way == 1 { start - 1 } else { *seen.last().unwrap_or(&LONG_MESSAGES) };
        let oldest = if way == 0 { start + 1 } else { 1 };
        assert_eq!(seen, (oldest..=newest).collect::<Vec<_>>());
        assert!(way != 0 || newest == LONG_MESSAGES);
    });
}
