//! Handlers for the audit log.

use groupchat_domain::audit::{self, AuditRecord};
use paperclip::actix::api_v2_operation;

use super::dto::AuditEntryDto;
use super::requests::AuditParams;
use crate::extract::{Key, Params};
use crate::problem::ApiError;
use crate::respond::Large;
use crate::state::State;
use crate::wire::{List, ListCursor, PageDto};

/// Lists the audit log
///
/// Newest first. For those with `view_audit`. Who signed in or failed to, changed an account or managed the server. It has
/// ids and no names, and never what somebody typed.
#[api_v2_operation(tags(Audit), operation_id = "listAudit")]
pub async fn list(
    state: State,
    key: Key,
    list: List,
    params: Params<AuditParams>,
) -> Result<Large<PageDto<AuditEntryDto>>, ApiError> {
    let query = params.0.parse(list)?;
    let place_after = |entry: &AuditRecord| ListCursor::after_about(entry.seq, entry.at.as_micros());
    state
        .read_large(
            key.0,
            move |tx, actor| audit::list_audit(tx, actor, &query),
            move |page, _| PageDto::new(list, page, place_after),
        )
        .await
}
