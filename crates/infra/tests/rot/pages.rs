//! Pages that are missing, or that are old ones again.

use crate::chat::{Chat, PAGE};

/// Messages and events fill some dozens of pages.
const MESSAGES: usize = 600;

/// The pages of a table that hold rows: not its root, and not those of long texts.
fn leaves(chat: &Chat, table: &str) -> Vec<i64> {
    // Database File Format, 1.6: the first byte of a leaf of a table is 13.
    chat.pages(table).into_iter().filter(|page| chat.page(*page)[0] == 13).collect()
}

#[test]
fn a_page_of_zeros_is_noticed_wherever_it_is() {
    let chat = Chat::with(MESSAGES);
    for name in ["messages", "events", "messages_by_seq", "messages_by_client_id", "users", "groups"] {
        for page in chat.pages(name) {
            let content = chat.page(page);
            chat.overwrite(page, &[0; PAGE]);
            assert!(!chat.failing().is_empty(), "page {page} of {name}");
            chat.overwrite(page, &content);
        }
    }
    assert!(chat.failing().is_empty());
}

/// What can be read around a missing page is checked all the same, and the place is named.
#[test]
fn the_place_of_a_missing_page_is_named() {
    let chat = Chat::with(MESSAGES);
    let leaves = leaves(&chat, "messages");
    chat.overwrite(leaves[leaves.len() / 2], &[0; PAGE]);
    chat.execute("UPDATE messages SET text = 'another' WHERE id = 2");
    let failures = chat.failures();
    let found = failures.iter().find(|failure| failure.check == "checksums");
    let Some(found) = found else { panic!("{failures:?}") };
    assert!(found.detail.starts_with("2 of "), "{found:?}");
    assert!(found.detail.contains("message 2 of group 1 (id 2); messages after "), "{found:?}");
    assert!(found.detail.contains("can't be read"), "{found:?}");
}

/// An old page again, as after a write that the disk has lost: every row in it was written by the program.
#[test]
fn an_old_page_is_noticed() {
    let chat = Chat::with(MESSAGES);
    let old = chat.copy();
    chat.go_on(50);
    assert!(chat.failing().is_empty());
    for table in ["messages", "events"] {
        let mut swapped = 0;
        for page in chat.pages(table) {
            let (now, before) = (chat.page(page), old.page(page));
            // A page that the file did not have yet has nothing to be read.
            if now != before && !before.is_empty() {
                chat.overwrite(page, &before);
                assert!(!chat.failing().is_empty(), "page {page} of {table}");
                chat.overwrite(page, &now);
                swapped += 1;
            }
        }
        assert!(swapped > 1, "{table}");
    }
    assert!(chat.failing().is_empty());
}

/// Rows that are gone together with their places in the indexes, as if they had never been.
#[test]
fn missing_rows_are_noticed_without_help_of_the_indexes() {
    for (loss, check) in [
        ("DELETE FROM messages WHERE id BETWEEN 300 AND 320", "message_numbers"),
        ("DELETE FROM messages WHERE id > 590", "message_numbers"),
        ("DELETE FROM events WHERE id BETWEEN 300 AND 320", "event_log"),
        ("DELETE FROM events WHERE id > 590", "event_log"),
    ] {
        let chat = Chat::with(MESSAGES);
        chat.execute(&format!("PRAGMA foreign_keys = OFF; {loss}"));
        assert!(chat.failing().contains(&check), "{loss}: {:?}", chat.failures());
    }
}
