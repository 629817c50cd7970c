//! How a stored text reads: with names in the place of the ids that mention users.

use crate::accounts::{UserRef, Username};
use crate::ids::UserId;
use crate::messages::marks::{MarkTarget, find_marks};

/// What is shown for users whose accounts are deleted.
pub(super) const DELETED: &str = "deleted";

/// The text with `@` and a name in the place of each id that has one, as far as it has no more characters than `most` then.
pub(super) fn with_names<'n>(text: &str, most: usize, name_of: impl Fn(UserId) -> Option<&'n str>) -> String {
    let mut spare = most.saturating_sub(text.chars().count());
    let (mut shown, mut end) = (String::new(), 0);
    for mark in find_marks(text) {
        let MarkTarget::Id(user) = mark.of else { continue };
        let Some(name) = name_of(user) else { continue };
        let (before, after) = (mark.range.len(), name.chars().count() + 1);
        let Some(left) = (spare + before).checked_sub(after) else { continue };
        spare = left;
        shown.push_str(&text[end..mark.range.start]);
        shown.push('@');
        shown.push_str(name);
        end = mark.range.end;
    }
    shown.push_str(&text[end..]);
    shown
}

/// The name of one of these users.
pub(super) fn name_among<'n>(users: &'n [UserRef]) -> impl Fn(UserId) -> Option<&'n str> {
    |id| users.iter().find(|user| user.id == id).map(shown_name)
}

/// The name of a user, also of one whose account is deleted.
pub fn shown_name(user: &UserRef) -> &str {
    user.username.as_ref().map_or(DELETED, Username::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ME, OTHER, user};

    fn shown(text: &str, most: usize) -> String {
        let gone = UserRef { username: None, ..user(UserId::new(9)).as_ref() };
        let users = [user(ME).as_ref(), user(OTHER).as_ref(), gone];
        with_names(text, most, name_among(&users))
    }

    #[test]
    fn ids_that_mention_somebody_become_names() {
        for (stored, text) in [
            ("hello", "hello"),
            ("<@1>, <@2>!", "@user1, @user2!"),
            ("<@9> <@7> @all", "@deleted <@7> @all"),
            ("`<@1>` \\<@1>", "`<@1>` \\<@1>"),
        ] {
            assert_eq!(shown(stored, usize::MAX), text, "{stored}");
        }
    }

    #[test]
    fn as_many_names_are_shown_as_have_room() {
        assert_eq!(shown("<@1> <@2>", 9), "<@1> <@2>");
        assert_eq!(shown("<@1> <@2>", 11), "@user1 <@2>");
        assert_eq!(shown("<@1> <@2>", 13), "@user1 @user2");
    }
}
