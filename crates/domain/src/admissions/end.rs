//! The end of invitations.

use std::collections::HashSet;

use crate::admissions::error::AdmissionRefusal;
use crate::admissions::model::{EndedInvitation, SentInvitation};
use crate::error::Error;
use crate::events::Event;
use crate::ids::{GroupId, InvitationId, UserId};
use crate::storage::{StorageFault, Tx};

/// Ends up to `limit` invitations to a group that is deleted; `true` once none is left.
pub(crate) fn end_all_of_group(tx: &mut dyn Tx, group: GroupId, limit: i64) -> Result<bool, Error> {
    let found = tx.invitations().some_to(group, limit)?;
    end(tx, found, |tx, id| tx.invitations().remove(id))
}

/// Ends up to `limit` invitations that a user who is deleted was sent or has made; `true` once none is left.
pub(crate) fn end_all_of_user(tx: &mut dyn Tx, user: UserId, limit: i64) -> Result<bool, Error> {
    let found = tx.invitations().some_with(user, limit)?;
    // Somebody else may have made one of them their own invitation meanwhile.
    end(tx, found, |tx, id| tx.invitations().remove_with(id, user))
}

/// Tells the invited that invitations have ended, which are removed already: by the actor, or by the server. Whoever has
/// blocked the inviter was not told of the invitation, and isn't told of its end.
pub(crate) fn tell_of_end(
    tx: &mut dyn Tx,
    actor: Option<UserId>,
    ended: &[SentInvitation],
) -> Result<(), StorageFault> {
    if ended.is_empty() {
        return Ok(());
    }
    let pair = |sent: &SentInvitation| (sent.user, sent.invited_by);
    let pairs: Vec<_> = ended.iter().map(pair).collect();
    // Also a block of somebody whose account is deleted counts.
    let blocked: HashSet<_> = tx.blocks().find_many(&pairs)?.into_iter().collect();
    for sent in ended.iter().filter(|sent| !blocked.contains(&pair(sent))) {
        tx.emit(actor, Event::InvitationWithdrawn(EndedInvitation { id: sent.id, user: sent.user }));
    }
    Ok(())
}

/// Removes an invitation that was there a moment ago. Its maker's account may have been deleted since, and the
/// invitation with it.
pub(super) fn remove(tx: &mut dyn Tx, id: InvitationId) -> Result<(), Error> {
    if tx.invitations().remove(id)? { Ok(()) } else { Err(AdmissionRefusal::InvitationNotFound.into()) }
}

/// Ends invitations, each unless somebody else has been faster; `true` if there was none.
fn end(
    tx: &mut dyn Tx,
    found: Vec<SentInvitation>,
    remove: impl Fn(&mut dyn Tx, InvitationId) -> Result<bool, StorageFault>,
) -> Result<bool, Error> {
    let is_done = found.is_empty();
    let mut ended = Vec::with_capacity(found.len());
    for sent in found {
        if remove(tx, sent.id)? {
            ended.push(sent);
        }
    }
    tell_of_end(tx, None, &ended)?;
    Ok(is_done)
}

#[cfg(test)]
mod tests {
    use mockall::predicate::eq;

    use super::*;
    use crate::events::Audience;
    use crate::testing::{GROUP, ME, MockTx, OTHER, assert_hands_faults_on};

    const INVITER: UserId = UserId::new(30);

    const ONE: InvitationId = InvitationId::new(1);
    const TWO: InvitationId = InvitationId::new(2);

    const fn sent(id: InvitationId, user: UserId) -> SentInvitation {
        SentInvitation { id, user, invited_by: INVITER }
    }

    /// Users who have blocked the inviter.
    fn blocked_by(mut tx: MockTx, users: &'static [UserId]) -> MockTx {
        tx.blocks.expect_find_many().returning(|pairs| {
            Ok(pairs
                .iter()
                .filter(|(user, other)| users.contains(user) && *other == INVITER)
                .copied()
                .collect())
        });
        tx
    }

    #[test]
    fn one_that_somebody_else_has_renewed_is_left_to_them() {
        let mut tx = blocked_by(MockTx::new(), &[]);
        tx.invitations.expect_some_with().returning(|_, _| Ok(vec![sent(ONE, OTHER), sent(TWO, ME)]));
        tx.invitations.expect_remove_with().with(eq(ONE), eq(ME)).times(1).returning(|_, _| Ok(false));
        tx.invitations.expect_remove_with().with(eq(TWO), eq(ME)).times(1).returning(|_, _| Ok(true));
        assert_eq!(end_all_of_user(&mut tx, ME, 2), Ok(false));
        let ended = Event::InvitationWithdrawn(EndedInvitation { id: TWO, user: ME });
        assert_eq!(tx.emitted, [(Audience::User(ME), None, ended)]);
    }

    fn removes(mut tx: MockTx) -> MockTx {
        tx.invitations.expect_remove().with(eq(ONE)).times(1).returning(|_| Ok(true));
        tx.invitations.expect_remove().with(eq(TWO)).times(1).returning(|_| Ok(false));
        tx
    }

    #[test]
    fn each_is_ended_once_and_the_invited_are_told() {
        let mut tx = removes(blocked_by(MockTx::new(), &[]));
        let found = tx.invitations.expect_some_to().with(eq(GROUP), eq(2)).times(1);
        found.returning(|_, _| Ok(vec![sent(ONE, OTHER), sent(TWO, ME)]));
        assert_eq!(end_all_of_group(&mut tx, GROUP, 2), Ok(false));
        let ended = Event::InvitationWithdrawn(EndedInvitation { id: ONE, user: OTHER });
        assert_eq!(tx.emitted, [(Audience::User(OTHER), None, ended)]);
    }

    #[test]
    fn who_has_blocked_the_inviter_is_not_told_that_an_invitation_ends() {
        let mut tx = blocked_by(MockTx::new(), &[OTHER]);
        assert_eq!(tell_of_end(&mut tx, Some(INVITER), &[sent(ONE, OTHER), sent(TWO, ME)]), Ok(()));
        let ended = Event::InvitationWithdrawn(EndedInvitation { id: TWO, user: ME });
        assert_eq!(tx.emitted, [(Audience::User(ME), Some(INVITER), ended)]);
    }

    #[test]
    fn it_is_done_once_none_is_left() {
        let mut tx = MockTx::new();
        tx.invitations.expect_some_with().with(eq(OTHER), eq(2)).times(1).returning(|_, _| Ok(Vec::new()));
        assert_eq!(end_all_of_user(&mut tx, OTHER, 2), Ok(true));
    }

    #[test]
    fn faults_are_returned() {
        let prepare = || {
            let mut tx = removes(blocked_by(MockTx::new(), &[]));
            tx.invitations.expect_some_to().returning(|_, _| Ok(vec![sent(ONE, OTHER), sent(TWO, ME)]));
            tx.invitations.expect_some_with().returning(|_, _| Ok(vec![sent(ONE, OTHER)]));
            tx.invitations.expect_remove_with().returning(|_, _| Ok(true));
            tx
        };
        assert_hands_faults_on(prepare, |tx| {
            end_all_of_group(tx, GROUP, 2)?;
            end_all_of_user(tx, ME, 2)
        });
    }
}
