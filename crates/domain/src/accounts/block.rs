//! Blocks: users whom another doesn't want to hear from.

use crate::accounts::model::UserRef;
use crate::text::TextBytes;
use crate::time::Timestamp;

/// The most users that one may have blocked.
pub const MAX_BLOCKS: u32 = 1_000;

/// A user whom another has blocked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The blocked user.
    pub user: UserRef,
    /// When they were blocked.
    pub created_at: Timestamp,
}

impl TextBytes for Block {
    fn text_bytes(&self) -> usize {
        self.user.text_bytes()
    }
}
