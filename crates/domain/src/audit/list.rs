//! Reading the audit log.

use crate::accounts::{Actor, require_on_server};
use crate::audit::repository::{AuditQuery, AuditRecord};
use crate::error::Error;
use crate::groups::managed;
use crate::ids::GroupId;
use crate::paging::Page;
use crate::permissions::{GroupPermission, ServerPermission};
use crate::storage::Tx;

/// Entries of the audit log, newest first, for those with `view_audit`.
///
/// # Errors
/// [`NotPermitted`](crate::accounts::AccountRefusal::NotPermitted), or a fault.
pub fn list_audit(tx: &mut dyn Tx, actor: &Actor, query: &AuditQuery) -> Result<Page<AuditRecord>, Error> {
    require_on_server(tx, actor, ServerPermission::ViewAudit)?;
    Ok(Page::from_lookahead(tx.audit().list(query)?, query.limit))
}

/// What was done in a group, newest first, for those who may edit it. From where members act is not for other members: it
/// is left out, with the hashes that it could be guessed from.
///
/// # Errors
/// `NotFound`, `MembersOnly`, `RoleTooLow`, `Direct` of [`GroupRefusal`](crate::groups::GroupRefusal), or a fault.
pub fn list_group_audit(
    tx: &mut dyn Tx,
    actor: &Actor,
    group: GroupId,
    query: &AuditQuery,
) -> Result<Page<AuditRecord>, Error> {
    let found = managed(tx, actor, group)?;
    found.authorize_at(tx, actor, GroupPermission::EditGroup, &found.group.scope().reading())?;
    let within = AuditQuery { group: Some(group), ..*query };
    let mut page = Page::from_lookahead(tx.audit().list(&within)?, query.limit);
    page.items.iter_mut().for_each(AuditRecord::hide_origin);
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::AccountRefusal;
    use crate::audit::AuditHash;
    use crate::error::Refusal;
    use crate::groups::GroupRefusal;
    use crate::ids::SessionId;
    use crate::paging::Limit;
    use crate::permissions::BuiltInRole;
    use crate::testing::{GROUP, ME, MockTx, NOW, group, lacks, me};

    const QUERY: AuditQuery = AuditQuery::newest(Limit::ONE);

    #[test]
    fn those_who_may_view_it_read_it() {
        let mut tx = MockTx::new().reads_rights(true);
        tx.audit.expect_list().times(1).returning(|_| Ok(Vec::new()));
        assert_eq!(list_audit(&mut tx, &me(), &QUERY).unwrap().items, []);
    }

    #[test]
    fn those_who_may_edit_a_group_read_what_was_done_in_it_but_not_from_where() {
        for role in [BuiltInRole::Admin, BuiltInRole::Owner] {
            let mut tx = MockTx::new().finds_group(Some(group()), Some(role)).reads_rights_or_not();
            let listed = tx.audit.expect_list().withf(|query| query.group == Some(GROUP)).times(1);
            listed.returning(|_| Ok(vec![record()]));
            let page = list_group_audit(&mut tx, &me(), GROUP, &QUERY).unwrap();
            let hidden = AuditRecord {
                session: None,
                address: None,
                user_agent: None,
                hash: AuditHash::ZERO,
                ..record()
            };
            assert_eq!(page.items, [hidden]);
        }
        for (role, refusal) in [
            (Some(BuiltInRole::Member), lacks(GroupPermission::EditGroup)),
            (None, GroupRefusal::MembersOnly),
        ] {
            let mut tx = MockTx::new().finds_group(Some(group()), role).reads_rights_or_not();
            assert_eq!(list_group_audit(&mut tx, &me(), GROUP, &QUERY), Err(refusal.into()));
        }
    }

    fn record() -> AuditRecord {
        AuditRecord {
            seq: 1,
            at: NOW,
            action: "member.joined".to_owned(),
            outcome: "ok".to_owned(),
            party: "user".to_owned(),
            actor: Some(ME),
            session: Some(SessionId::new(1)),
            target: Some(ME),
            group: Some(GROUP),
            object: None,
            detail: Some("member".to_owned()),
            address: Some("192.0.2.1".to_owned()),
            user_agent: Some("cli/1".to_owned()),
            hash: AuditHash([1; 32]),
        }
    }

    #[test]
    fn nobody_else_does() {
        let mut tx = MockTx::new().reads_rights(false);
        let refused = list_audit(&mut tx, &me(), &QUERY).unwrap_err();
        assert!(matches!(refused, Error::Refused(Refusal::Account(AccountRefusal::NotPermitted(_)))));
    }
}
