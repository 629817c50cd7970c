//! The values of drafts and bookmarks and their form in JSON.

use groupchat_domain::saved::{BookmarkNote, DraftText};
use serde_json::json;

use crate::wire::{NOT_BLANK, text_values};

text_values! {
    DraftText => json!({"minLength": 1, "maxLength": DraftText::MAX_LENGTH, "example": "Hello, Gra"});
    BookmarkNote => json!({
        "minLength": 1,
        "maxLength": BookmarkNote::MAX_LENGTH,
        "pattern": NOT_BLANK,
        "example": "Ask Grace about this.",
    });
}
