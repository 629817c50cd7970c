//! Single flipped bits.

use groupchat_testing::Dice;

use crate::chat::{Chat, PAGE, offset};

/// How many bits are flipped in the pages of each table.
const FLIPS: usize = 150;

/// Whatever bit flips in the pages of messages and events: a check fails, or nothing else is read than before.
fn flip_bits_of(table: &str) {
    let chat = Chat::with(300);
    let said = chat.said();
    assert!(said.is_some() && chat.failures().is_empty(), "{:?}", chat.failures());
    let pages = chat.pages(table);
    assert!(pages.len() > 3, "{pages:?}");
    let mut dice = Dice::seeded();
    let (mut noticed, mut harmless) = (0, 0);
    for _ in 0..FLIPS {
        let page = pages[dice.below(pages.len())];
        let (byte, bit) = (dice.below(PAGE), dice.below(8));
        let place = offset(page) + byte as u64;
        chat.flip(place, u8::try_from(bit).unwrap());
        if !chat.failures().is_empty() {
            noticed += 1;
        } else {
            assert!(chat.said() == said, "bit {bit} of byte {byte} in page {page} of {table}");
            harmless += 1;
        }
        chat.flip(place, u8::try_from(bit).unwrap());
    }
    assert!(chat.failures().is_empty() && chat.said() == said, "the test undoes what it does");
    assert!(noticed > harmless, "{noticed} noticed, {harmless} harmless");
}

#[test]
fn a_flipped_bit_in_a_message_is_noticed() {
    flip_bits_of("messages");
}

#[test]
fn a_flipped_bit_in_an_event_is_noticed() {
    flip_bits_of("events");
}

/// Damage that leaves the file intact for SQLite is found by the checksum alone, and named.
#[test]
fn a_damaged_message_and_a_damaged_event_are_named() {
    let chat = Chat::with(20);
    chat.execute("UPDATE messages SET text = 'message 6 👋🏼' WHERE seq = 7");
    chat.execute("UPDATE events SET at = at + 1 WHERE id = 9");
    let failures = chat.failures();
    let [failure] = &failures[..] else { panic!("{failures:?}") };
    assert_eq!(failure.check, "checksums");
    assert!(failure.detail.contains("message 7 of group 1 (id 7); event 9"), "{failure:?}");
}

/// A flipped bit in the length of a column makes SQLite read those after it as NULL, the checksum among them.
#[test]
fn a_row_that_has_lost_its_checksum_is_noticed() {
    let chat = Chat::with(20);
    chat.execute("UPDATE events SET at = at + 1, checksum = NULL WHERE id = 9");
    let failures = chat.failures();
    let [failure] = &failures[..] else { panic!("{failures:?}") };
    assert!(failure.detail.contains("have lost their checksums: event 9"), "{failure:?}");
}
