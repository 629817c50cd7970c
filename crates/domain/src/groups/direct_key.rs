//! Whose a direct conversation is.

use crate::ids::UserId;
use crate::validation::{Violation, ViolationCode};

/// Whom somebody wants to talk to: one to seven people, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People(Vec<UserId>);

impl People {
    /// The most there may be, beside the one who asks.
    pub const MOST: usize = 7;

    /// These people. One who is named twice counts once.
    ///
    /// # Errors
    /// [`ViolationCode::Required`] if there is none, [`ViolationCode::OutOfRange`] if there are too many or a number is
    /// no id.
    pub fn parse(ids: &[i64]) -> Result<Self, Violation> {
        if ids.len() > Self::MOST {
            return Err(Violation::new(ViolationCode::OutOfRange, "must name at most 7 people beside you"));
        }
        let mut people = ids.iter().map(|id| UserId::parse(*id)).collect::<Result<Vec<_>, _>>()?;
        people.sort_unstable();
        people.dedup();
        if people.is_empty() {
            return Err(Violation::new(ViolationCode::Required, "must name somebody"));
        }
        Ok(Self(people))
    }

    /// The people, in the order of their ids.
    pub fn ids(&self) -> &[UserId] {
        &self.0
    }
}

/// What a direct conversation is found by: the ids of all its people, in order. There is one conversation for each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DirectKey(Vec<UserId>);

impl DirectKey {
    /// The key of the conversation of these people.
    pub fn of(one: UserId, others: &[UserId]) -> Self {
        let mut people: Vec<_> = others.iter().copied().chain([one]).collect();
        people.sort_unstable();
        people.dedup();
        Self(people)
    }

    /// All people, in the order of their ids.
    pub fn people(&self) -> &[UserId] {
        &self.0
    }

    /// The key as it is stored: `3,17`.
    pub fn stored(&self) -> String {
        self.0.iter().map(UserId::to_string).collect::<Vec<_>>().join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_named_once_and_there_are_one_to_seven() {
        assert_eq!(People::parse(&[9, 3, 9]).unwrap().ids(), [UserId::new(3), UserId::new(9)]);
        assert_eq!(People::parse(&[1, 2, 3, 4, 5, 6, 7]).unwrap().ids().len(), People::MOST);
        for wrong in [&[][..], &[0], &[-1], &[1, 2, 3, 4, 5, 6, 7, 8], &[1, 2, 3, 4, 5, 6, 7, 7]] {
            assert!(People::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn whoever_asks_the_key_is_the_same() {
        let [one, two, ten] = [1, 2, 10].map(UserId::new);
        let key = DirectKey::of(ten, &[two, one]);
        assert_eq!(key, DirectKey::of(one, &[ten, two]));
        assert_eq!((key.stored(), key.people()), ("1,2,10".to_owned(), &[one, two, ten][..]));
    }
}
