//! How often a message has which reactions.

use crate::messages::emoji::Emoji;
use crate::text::TextBytes;

/// The most different reactions that a message may have.
pub const MAX_REACTIONS: usize = 20;

/// How many users have given a reaction to a message, deleted users among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReactionCount {
    /// The reaction.
    pub emoji: Emoji,
    /// How many: 1 at least.
    pub count: i64,
}

/// The reactions to a message, in the order in which each first came. One that nobody gives any more is none, and comes
/// last when it is given again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reactions(Vec<ReactionCount>);

impl Reactions {
    /// Those of a message that nobody reacted to.
    pub const NONE: Self = Self(Vec::new());

    /// Those that were stored like this. What nobody has given is left out, and so is what was there before.
    pub fn from_stored(counts: impl IntoIterator<Item = ReactionCount>) -> Self {
        let mut reactions = Self::NONE;
        for found in counts {
            if found.count > 0 && reactions.count(found.emoji) == 0 {
                reactions.0.push(found);
            }
        }
        reactions
    }

    /// The reactions with their counts, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = ReactionCount> {
        self.0.iter().copied()
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there are others than likes.
    pub fn has_others_than_likes(&self) -> bool {
        self.0.iter().any(|found| found.emoji != Emoji::LIKE)
    }

    /// How many users have given a reaction.
    pub fn count(&self, emoji: Emoji) -> i64 {
        self.0.iter().find(|found| found.emoji == emoji).map_or(0, |found| found.count)
    }

    /// How many users like the message.
    pub fn likes(&self) -> i64 {
        self.count(Emoji::LIKE)
    }

    /// Whether there is room for a reaction: it is there, or there are fewer than [`MAX_REACTIONS`].
    pub fn has_room_for(&self, emoji: Emoji) -> bool {
        self.0.len() < MAX_REACTIONS || self.count(emoji) > 0
    }

    /// Counts one more.
    pub fn add(&mut self, emoji: Emoji) {
        match self.0.iter_mut().find(|found| found.emoji == emoji) {
            Some(found) => found.count += 1,
            None => self.0.push(ReactionCount { emoji, count: 1 }),
        }
    }

    /// Counts one less.
    pub fn remove(&mut self, emoji: Emoji) {
        if let Some(found) = self.0.iter_mut().find(|found| found.emoji == emoji) {
            found.count -= 1;
        }
        self.0.retain(|found| found.count > 0);
    }
}

/// About what a reaction takes in a response, and not less than it takes in memory.
const REACTION_BYTES: usize = 64;

impl TextBytes for Reactions {
    /// They are as long as a text: a message may have many, and each is written out with its count.
    fn text_bytes(&self) -> usize {
        self.0.len() * REACTION_BYTES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emoji(text: &str) -> Emoji {
        Emoji::parse(text).unwrap()
    }

    fn shown(reactions: &Reactions) -> Vec<(&'static str, i64)> {
        reactions.iter().map(|found| (found.emoji.as_str(), found.count)).collect()
    }

    #[test]
    fn reactions_are_in_the_order_in_which_they_first_came() {
        let mut reactions = Reactions::NONE;
        for text in ["🎉", "👍", "🎉", "❤"] {
            reactions.add(emoji(text));
        }
        assert_eq!(shown(&reactions), [("🎉", 2), ("👍", 1), ("❤️", 1)]);
        assert_eq!(
            (reactions.likes(), reactions.count(emoji("❤️")), reactions.count(emoji("😀"))),
            (1, 1, 0)
        );
        reactions.remove(emoji("🎉"));
        reactions.remove(emoji("👍"));
        assert_eq!(shown(&reactions), [("🎉", 1), ("❤️", 1)]);
        reactions.add(emoji("👍"));
        assert_eq!(shown(&reactions), [("🎉", 1), ("❤️", 1), ("👍", 1)]);
    }

    #[test]
    fn likes_are_not_other_reactions() {
        let mut reactions = Reactions::NONE;
        reactions.add(Emoji::LIKE);
        assert!(!reactions.is_empty() && !reactions.has_others_than_likes());
        reactions.add(emoji("🎉"));
        assert!(reactions.has_others_than_likes());
    }

    #[test]
    fn there_is_room_for_twenty_different_ones() {
        let mut reactions = Reactions::NONE;
        for number in 0..20 {
            let face = char::from_u32(0x1F600 + number).unwrap().to_string();
            assert!(reactions.has_room_for(emoji(&face)));
            reactions.add(emoji(&face));
        }
        assert!(!reactions.has_room_for(Emoji::LIKE));
        assert!(reactions.has_room_for(emoji("😀")));
    }

    #[test]
    fn what_was_stored_twice_or_by_nobody_counts_once_or_not_at_all() {
        let stored = [("🎉", 2), ("👍", 0), ("🎉", 1)];
        let stored = stored.map(|(text, count)| ReactionCount { emoji: emoji(text), count });
        assert_eq!(shown(&Reactions::from_stored(stored)), [("🎉", 2)]);
    }
}
