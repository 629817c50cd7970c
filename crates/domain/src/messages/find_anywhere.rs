//! Reading a message by its id alone.

use crate::accounts::Actor;
use crate::error::Error;
use crate::groups::reached;
use crate::ids::{GroupId, MessageId};
use crate::messages::error::MessageRefusal;
use crate::messages::model::MessageView;
use crate::messages::read::find_readable;
use crate::permissions::GroupPermission;
use crate::storage::Tx;

/// No group has this id: what is looked for where there is no message, so that this takes as long as where there is one.
const NO_GROUP: GroupId = GroupId::new(0);

/// Reads one message or its tombstone, whatever its group, as a member there who may read it. To everybody else it does
/// not exist, for whichever reason.
///
/// # Errors
/// [`MessageRefusal::NotFound`], or a fault.
pub fn find_anywhere(tx: &mut dyn Tx, actor: &Actor, id: MessageId) -> Result<MessageView, Error> {
    let found = tx.messages().find_many(&[id])?.pop();
    let group = found.as_ref().map_or(NO_GROUP, |message| message.group_id);
    let visible = tx.groups().find_visible(reached(actor, group), actor.id())?;
    let membership = visible.and_then(|group| group.into_membership_with(GroupPermission::ReadHistory).ok());
    match (found, membership) {
        (Some(message), Some(membership)) if membership.has_in_history(message.history_seq()) => {
            find_readable(tx, actor, &membership, id)
        }
        _ => Err(MessageRefusal::NotFound.into()),
    }
}

/// The same message, its group locked until the transaction ends.
///
/// # Errors
/// [`MessageRefusal::NotFound`], or a fault.
pub(crate) fn lock_anywhere(tx: &mut dyn Tx, actor: &Actor, id: MessageId) -> Result<MessageView, Error> {
    let found = tx.messages().find_many(&[id])?.pop();
    let group = found.map_or(NO_GROUP, |message| message.group_id);
    tx.groups().lock_visible(reached(actor, group), actor.id())?;
    find_anywhere(tx, actor, id)
}

#[cfg(test)]
mod tests {
    use mockall::predicate::eq;

    use super::*;
    use crate::accounts::Scope;
    use crate::groups::{Group, History, VisibleGroup};
    use crate::ids::Seq;
    use crate::messages::model::Message;
    use crate::permissions::BuiltInRole;
    use crate::testing::{
        GROUP, ME, MESSAGE, MockTx, OTHER, assert_hands_faults_on, group, me, message, my_group_token,
        standing, view,
    };

    fn looks(message: Option<Message>, group: Option<VisibleGroup>) -> MockTx {
        let mut tx = MockTx::new();
        let id = message.as_ref().map_or(NO_GROUP, |message| message.group_id);
        let found: Vec<_> = message.into_iter().collect();
        tx.messages
            .expect_find_many()
            .withf(|ids| ids == [MESSAGE])
            .times(1)
            .returning(move |_| Ok(found.clone()));
        tx.groups
            .expect_find_visible()
            .with(eq(id), eq(ME))
            .times(1)
            .returning(move |_, _| Ok(group.clone()));
        tx
    }

    fn member_of(group: Group) -> Option<VisibleGroup> {
        Some(VisibleGroup { group, standing: Some(standing(BuiltInRole::Member)) })
    }

    fn finds() -> MockTx {
        looks(Some(message(OTHER)), member_of(group())).finds_message(Some(message(OTHER)))
    }

    #[test]
    fn a_member_finds_a_message_without_its_group() {
        assert_eq!(find_anywhere(&mut finds(), &me(), MESSAGE), Ok(view(message(OTHER))));
        assert_eq!(message(OTHER).group_id, GROUP);
    }

    #[test]
    fn for_everybody_else_it_does_not_exist_after_the_same_two_queries() {
        let before = Message { seq: Seq::new(20), ..message(OTHER) };
        let joined = Group { history: History::Joined, ..group() };
        let mut blind = standing(BuiltInRole::Member);
        blind.role.permissions = blind.role.permissions.without(GroupPermission::ReadHistory);
        let without_history = VisibleGroup { group: group(), standing: Some(blind) };
        let hidden = [
            (None, None),
            (Some(message(OTHER)), None),
            (Some(message(OTHER)), Some(VisibleGroup { group: group(), standing: None })),
            (Some(message(OTHER)), Some(without_history)),
            (Some(before), member_of(joined)),
        ];
        for (message, group) in hidden {
            let outcome = find_anywhere(&mut looks(message, group), &me(), MESSAGE);
            assert_eq!(outcome, Err(MessageRefusal::NotFound.into()));
        }
    }

    #[test]
    fn to_a_token_for_other_groups_it_does_not_exist() {
        let elsewhere = Message { group_id: GroupId::new(8), ..message(OTHER) };
        let mut tx = MockTx::new();
        tx.messages.expect_find_many().times(1).returning(move |_| Ok(vec![elsewhere.clone()]));
        tx.groups.expect_find_visible().with(eq(NO_GROUP), eq(ME)).times(1).returning(|_, _| Ok(None));
        let outcome = find_anywhere(&mut tx, &my_group_token(Scope::Read), MESSAGE);
        assert_eq!(outcome, Err(MessageRefusal::NotFound.into()));
        assert!(find_anywhere(&mut finds(), &my_group_token(Scope::Read), MESSAGE).is_ok());
    }

    #[test]
    fn faults_are_returned() {
        assert_hands_faults_on(finds, |tx| find_anywhere(tx, &me(), MESSAGE));
    }
}
