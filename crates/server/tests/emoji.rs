//! Compares the domain's list of emoji with the newest one of Unicode, as a well-kept crate has it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;

/// Where the list is.
const LIST: &str = "../domain/src/messages/emoji/list.txt";

/// Every emoji in its fully-qualified form, in the order of what is left without U+FE0F.
fn newest() -> String {
    let emoji = emojis::iter().flat_map(|emoji| {
        let tones = emoji.skin_tones().into_iter().flatten().map(emojis::Emoji::as_str);
        tones.chain([emoji.as_str()])
    });
    // Skin tones and kinds of hair, by themselves.
    let components = ["🏻", "🏼", "🏽", "🏾", "🏿", "🦰", "🦱", "🦳", "🦲"];
    let sorted: BTreeMap<_, _> =
        emoji.chain(components).map(|emoji| (emoji.replace('\u{FE0F}', ""), emoji)).collect();
    sorted.into_values().map(|emoji| format!("{emoji}\n")).collect()
}

#[test]
fn the_list_of_emoji_is_that_of_the_current_unicode_version() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(LIST);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, newest()).unwrap();
    }
    let list = std::fs::read_to_string(&path).unwrap();
    let newest = newest();
    let differs = list.lines().zip(newest.lines()).find(|(ours, theirs)| ours != theirs);
    assert!(
        list == newest,
        "crates/domain/src/messages/emoji/list.txt is not the current one (run `UPDATE_DOCS=1 cargo test -p groupchat \
         --test emoji`, and name the new version in emoji.rs and docs/API.md): {differs:?}"
    );
    let version = emojis::UNICODE_VERSION;
    assert_eq!((version.major(), version.minor()), (18, 0), "emoji.rs and docs/API.md name another version");
}
