//! Handlers for the audit log.

use groupchat_domain::audit::{self, AuditRecord};
use groupchat_domain::ids::GroupId;
use paperclip::actix::api_v2_operation;

use super::dto::AuditEntryDto;
use super::requests::{AuditParams, GroupAuditParams};
use crate::extract::{Ids, Key, Params};
use crate::problem::ApiError;
use crate::respond::Large;
use crate::state::State;
use crate::wire::{List, ListCursor, PageDto};

/// Lists the audit log
///
/// Newest first. For those with `view_audit`. Who signed in or failed to, changed an account, managed the server or a
/// group. It has ids and no names, and never what somebody typed.
#[api_v2_operation(tags(Audit), operation_id = "listAudit")]
pub async fn list(
    state: State,
    key: Key,
    list: List,
    params: Params<AuditParams>,
) -> Result<Large<PageDto<AuditEntryDto>>, ApiError> {
    let query = params.0.parse(list)?;
    state
        .read_large(
            key.0,
            move |tx, actor| audit::list_audit(tx, actor, &query),
            move |page, _| PageDto::new(list, page, place_after),
        )
        .await
}

/// Lists what was done in a group
///
/// Newest first. For those with `edit_group`. Who managed the group, its roles, members and ways in. From where somebody acted is
/// left out. Messages and what members set for themselves are not audited.
#[api_v2_operation(tags(Audit), operation_id = "listGroupAudit")]
pub async fn list_of_group(
    state: State,
    key: Key,
    path: Ids<GroupId>,
    list: List,
    params: Params<GroupAuditParams>,
) -> Result<Large<PageDto<AuditEntryDto>>, ApiError> {
    let (Ids(group), query) = (path, params.0.parse(list)?);
    state
        .read_large(
            key.in_groups(),
            move |tx, actor| audit::list_group_audit(tx, actor, group, &query),
            move |page, _| PageDto::with(list, page, place_after, AuditEntryDto::of_group),
        )
        .await
}

/// Where the list goes on after an entry.
fn place_after(entry: &AuditRecord) -> ListCursor {
    ListCursor::after_about(entry.seq, entry.at.as_micros())
}
