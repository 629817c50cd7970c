//! Pinning messages.

use crate::accounts::Actor;
use crate::error::Error;
use crate::events::Event;
use crate::groups::visible;
use crate::ids::{GroupId, MessageId};
use crate::messages::attach::attach;
use crate::messages::edit::load;
use crate::messages::error::MessageRefusal;
use crate::messages::model::{MAX_PINS, MessageView, Pin, PinSeq};
use crate::messages::readable::Readable;
use crate::messages::repository::PinQuery;
use crate::paging::{Limit, Page};
use crate::permissions::GroupPermission;
use crate::storage::Tx;

/// Pins a message, as a member who may. Pinning it again changes nothing: the first pin stays.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Archived` of [`GroupRefusal`](crate::groups::GroupRefusal), `NotFound`,
/// `Deleted`, `TooManyPins` of [`MessageRefusal`], or a fault.
pub fn pin(tx: &mut dyn Tx, actor: &Actor, group: GroupId, id: MessageId) -> Result<MessageView, Error> {
    let mut view = load_to_pin(tx, actor, group, id)?;
    if view.message.is_deleted() {
        return Err(MessageRefusal::Deleted.into());
    }
    if view.message.pin.is_some() {
        return Ok(view);
    }
    let pins = tx.messages().pin_state(group)?;
    if pins.count >= MAX_PINS {
        return Err(MessageRefusal::TooManyPins.into());
    }
    view.message.pin = Some(Pin { seq: pins.last.next(), at: tx.now(), by: actor.id() });
    store(tx, &mut view)?;
    tx.emit(Some(actor.id()), Event::MessagePinned(view.message.clone()));
    Ok(view)
}

/// Unpins a message, as a member who may. Where it is not pinned, nothing changes.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Archived` of [`GroupRefusal`](crate::groups::GroupRefusal),
/// [`MessageRefusal::NotFound`], or a fault.
pub fn unpin(tx: &mut dyn Tx, actor: &Actor, group: GroupId, id: MessageId) -> Result<MessageView, Error> {
    let mut view = load_to_pin(tx, actor, group, id)?;
    if view.message.pin.take().is_some() {
        store(tx, &mut view)?;
        tx.emit(Some(actor.id()), Event::MessageUnpinned(view.message.clone()));
    }
    Ok(view)
}

/// Reads a page of a group's pinned messages, as a member: the newest pins before the given one, or of all.
///
/// # Errors
/// `NotFound`, `MembersOnly` of [`GroupRefusal`](crate::groups::GroupRefusal), or a fault.
pub fn list_pins(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    before: Option<PinSeq>,
    limit: Limit,
) -> Result<Page<MessageView>, Error> {
    let membership = visible(tx, actor, group)?.into_membership_with(GroupPermission::ReadHistory)?;
    let (above, hidden) = (membership.readable_after(), membership.group.trimmed.hidden);
    let query = PinQuery { group, viewer: actor.id(), before, above, hidden, limit };
    let mut page = Page::from_lookahead(tx.messages().list_pins(&query)?, limit);
    attach(tx, actor, Readable::of(&membership), &mut page.items)?;
    Ok(page)
}

/// The message, if the actor may read, pin and unpin in its group, which is locked.
fn load_to_pin(tx: &mut dyn Tx, actor: &Actor, group: GroupId, id: MessageId) -> Result<MessageView, Error> {
    let (view, membership) = load(tx, actor, group, id)?;
    membership.require(GroupPermission::ReadHistory)?;
    membership.require(GroupPermission::Pin)?;
    Ok(view)
}

fn store(tx: &mut dyn Tx, view: &mut MessageView) -> Result<(), Error> {
    view.message.version = view.message.version.next();
    Ok(tx.messages().update(&view.message)?)
}

#[cfg(test)]
mod tests {
    use mockall::predicate::eq;

    use super::*;
    use crate::events::Audience;
    use crate::groups::GroupRefusal;
    use crate::ids::Seq;
    use crate::messages::delete;
    use crate::messages::model::Message;
    use crate::messages::repository::PinState;
    use crate::messages::terms::ChangeTerms;
    use crate::permissions::BuiltInRole;
    use crate::testing::{
        ADMIN, EARLIER, GROUP, GroupCaller, ME, MEMBER, MESSAGE, MockTx, NOW, OTHER, OUTSIDER, OWNER,
        SERVER_ADMIN, SERVER_ADMIN_INSIDE, assert_hands_faults_on, group, lacks, me, message, tombstone,
        view,
    };

    /// How the use cases are called.
    type Change = fn(&mut dyn Tx, &Actor, GroupId, MessageId) -> Result<MessageView, Error>;

    const BOTH: [Change; 2] = [pin, unpin];

    /// The message as somebody pinned it earlier.
    fn pinned_before() -> Message {
        Message { pin: Some(Pin { seq: PinSeq::new(4), at: EARLIER, by: OTHER }), ..message(OTHER) }
    }

    /// The message once the actor has pinned it.
    fn pinned() -> Message {
        let pin = Some(Pin { seq: PinSeq::new(10), at: NOW, by: ME });
        Message { pin, version: message(OTHER).version.next(), ..message(OTHER) }
    }

    fn unpinned() -> Message {
        Message { version: message(OTHER).version.next(), ..message(OTHER) }
    }

    fn finds(caller: GroupCaller, message: Message) -> MockTx {
        MockTx::new().called_by(caller).finds_message(Some(message))
    }

    /// So many messages are pinned; the newest pin is the ninth that there ever was.
    fn has_pins(mut tx: MockTx, count: i64) -> MockTx {
        let state = PinState { count, last: PinSeq::new(9) };
        tx.messages.expect_pin_state().with(eq(GROUP)).times(1).returning(move |_| Ok(state));
        tx
    }

    fn stores(mut tx: MockTx, message: Message) -> MockTx {
        tx.messages.expect_update().with(eq(message)).times(1).returning(|_| Ok(()));
        tx
    }

    #[test]
    fn admins_and_owners_pin_a_message_and_members_learn_of_it() {
        for caller in [ADMIN, OWNER] {
            let mut tx = stores(has_pins(finds(caller, message(OTHER)), MAX_PINS - 1), pinned());
            assert_eq!(pin(&mut tx, &me(), GROUP, MESSAGE), Ok(view(pinned())), "{caller:?}");
            assert_eq!(tx.emitted, [(Audience::Group(GROUP), Some(ME), Event::MessagePinned(pinned()))]);
        }
    }

    #[test]
    fn admins_and_owners_unpin_a_message_and_members_learn_of_it() {
        for caller in [ADMIN, OWNER] {
            let mut tx = stores(finds(caller, pinned_before()), unpinned());
            assert_eq!(unpin(&mut tx, &me(), GROUP, MESSAGE), Ok(view(unpinned())), "{caller:?}");
            assert_eq!(tx.emitted, [(Audience::Group(GROUP), Some(ME), Event::MessageUnpinned(unpinned()))]);
        }
    }

    #[test]
    fn nobody_else_does_server_admins_not_excepted() {
        for change in BOTH {
            for caller in [MEMBER, SERVER_ADMIN_INSIDE] {
                let outcome = change(&mut finds(caller, pinned_before()), &me(), GROUP, MESSAGE);
                assert_eq!(outcome, Err(lacks(GroupPermission::Pin).into()), "{caller:?}");
            }
            for caller in [OUTSIDER, SERVER_ADMIN] {
                let outcome = change(&mut MockTx::new().called_by(caller), &me(), GROUP, MESSAGE);
                assert_eq!(outcome, Err(GroupRefusal::MembersOnly.into()), "{caller:?}");
            }
        }
    }

    #[test]
    fn repeats_change_nothing() {
        let mut tx = finds(ADMIN, pinned_before());
        assert_eq!(pin(&mut tx, &me(), GROUP, MESSAGE), Ok(view(pinned_before())));
        assert_eq!(tx.emitted, []);
        let mut tx = finds(ADMIN, message(OTHER));
        assert_eq!(unpin(&mut tx, &me(), GROUP, MESSAGE), Ok(view(message(OTHER))));
        assert_eq!(tx.emitted, []);
    }

    #[test]
    fn a_group_has_at_most_a_hundred_pins() {
        let mut tx = has_pins(finds(OWNER, message(OTHER)), MAX_PINS);
        assert_eq!(pin(&mut tx, &me(), GROUP, MESSAGE), Err(MessageRefusal::TooManyPins.into()));
        assert_eq!(tx.emitted, []);
    }

    #[test]
    fn a_tombstone_is_not_pinned() {
        let tx = || finds(ADMIN, tombstone(OTHER));
        assert_eq!(pin(&mut tx(), &me(), GROUP, MESSAGE), Err(MessageRefusal::Deleted.into()));
        assert_eq!(unpin(&mut tx(), &me(), GROUP, MESSAGE), Ok(view(tombstone(OTHER))));
    }

    #[test]
    fn a_message_that_is_deleted_loses_its_pin() {
        let left = Message { pin: None, ..pinned_before().into_tombstone(NOW) };
        let mut tx = stores(finds(ADMIN, pinned_before()), left);
        tx.messages.expect_purge_reactions().returning(|_, _| Ok(true));
        assert_eq!(delete(&mut tx, &me(), GROUP, MESSAGE, ChangeTerms::default()), Ok(()));
    }

    #[test]
    fn a_group_or_message_that_is_not_there_has_no_pins() {
        for change in BOTH {
            let mut no_group = MockTx::new().locks_group(None, None);
            assert_eq!(change(&mut no_group, &me(), GROUP, MESSAGE), Err(GroupRefusal::NotFound.into()));
            let mut no_message = MockTx::new().called_by(MEMBER).finds_message(None);
            assert_eq!(change(&mut no_message, &me(), GROUP, MESSAGE), Err(MessageRefusal::NotFound.into()));
        }
    }

    /// The pins before the tenth are read: `found`.
    fn lists(role: Option<BuiltInRole>, found: Vec<Message>) -> MockTx {
        let mut tx = MockTx::new().finds_group(Some(group()), role);
        let query = PinQuery {
            group: GROUP,
            viewer: ME,
            before: Some(PinSeq::new(10)),
            above: Seq::ZERO,
            hidden: None,
            limit: one(),
        };
        let views: Vec<_> = found.into_iter().map(view).collect();
        tx.messages.expect_list_pins().with(eq(query)).returning(move |_| Ok(views.clone()));
        tx
    }

    fn one() -> Limit {
        Limit::parse(1).unwrap()
    }

    fn list(tx: &mut dyn Tx) -> Result<Page<MessageView>, Error> {
        list_pins(tx, &me(), GROUP, Some(PinSeq::new(10)), one())
    }

    #[test]
    fn members_list_pins_and_nobody_else() {
        let (items, later) = (vec![view(pinned_before())], pinned());
        let mut tx = lists(Some(BuiltInRole::Member), vec![pinned_before(), later]);
        assert_eq!(list(&mut tx), Ok(Page { items: items.clone(), more: true }));
        let mut tx = lists(Some(BuiltInRole::Member), vec![pinned_before()]);
        assert_eq!(list(&mut tx), Ok(Page { items, more: false }));
        assert_eq!(list(&mut lists(None, Vec::new())), Err(GroupRefusal::MembersOnly.into()));
        let mut no_group = MockTx::new().finds_group(None, None);
        assert_eq!(list(&mut no_group), Err(GroupRefusal::NotFound.into()));
    }

    #[test]
    fn faults_are_returned() {
        let pinning = || stores(has_pins(finds(ADMIN, message(OTHER)), 3), pinned());
        assert_hands_faults_on(pinning, |tx| pin(tx, &me(), GROUP, MESSAGE));
        let unpinning = || stores(finds(ADMIN, pinned_before()), unpinned());
        assert_hands_faults_on(unpinning, |tx| unpin(tx, &me(), GROUP, MESSAGE));
        assert_hands_faults_on(|| lists(Some(BuiltInRole::Member), vec![pinned_before()]), list);
    }
}
