//! The values of scheduled messages and their form in JSON.

use groupchat_domain::scheduled::ScheduledId;
use serde_json::json;

use crate::wire::{id_values, plain_texts};

id_values! { ScheduledId }

plain_texts! {
    /// The code of a refusal.
    #[derive(Debug)]
    RefusalCode => json!({"example": "muted"});
    /// A refusal in words.
    #[derive(Debug)]
    RefusalDetail => json!({"example": "you are muted in this group"});
}
