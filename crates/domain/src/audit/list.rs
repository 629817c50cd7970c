//! Reading the audit log.

use crate::accounts::{Actor, require_on_server};
use crate::audit::repository::{AuditQuery, AuditRecord};
use crate::error::Error;
use crate::paging::Page;
use crate::permissions::ServerPermission;
use crate::storage::Tx;

/// Entries of the audit log, newest first, for those with `view_audit`.
///
/// # Errors
/// [`NotPermitted`](crate::accounts::AccountRefusal::NotPermitted), or a fault.
pub fn list_audit(tx: &mut dyn Tx, actor: &Actor, query: &AuditQuery) -> Result<Page<AuditRecord>, Error> {
    require_on_server(tx, actor, ServerPermission::ViewAudit)?;
    Ok(Page::from_lookahead(tx.audit().list(query)?, query.limit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::AccountRefusal;
    use crate::error::Refusal;
    use crate::paging::Limit;
    use crate::testing::{MockTx, me};

    const QUERY: AuditQuery = AuditQuery::newest(Limit::ONE);

    #[test]
    fn those_who_may_view_it_read_it() {
        let mut tx = MockTx::new().reads_rights(true);
        tx.audit.expect_list().times(1).returning(|_| Ok(Vec::new()));
        assert_eq!(list_audit(&mut tx, &me(), &QUERY).unwrap().items, []);
    }

    #[test]
    fn nobody_else_does() {
        let mut tx = MockTx::new().reads_rights(false);
        let refused = list_audit(&mut tx, &me(), &QUERY).unwrap_err();
        assert!(matches!(refused, Error::Refused(Refusal::Account(AccountRefusal::NotPermitted(_)))));
    }
}
