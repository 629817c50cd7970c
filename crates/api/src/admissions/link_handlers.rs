//! Handlers for invite links.

use groupchat_domain::accounts::Actor;
use groupchat_domain::admissions::{self, InviteLinkQuery, JudgedLink, LinkPorts};
use groupchat_domain::codes::SecretCode;
use groupchat_domain::ids::{GroupId, InviteLinkId};
use groupchat_domain::storage::{Tx, WritePurpose, Writing};
use paperclip::actix::api_v2_operation;

use super::dto::InvitedGroupDto;
use super::link_dto::{InviteLinkDto, NewInviteLinkDto};
use super::requests::LinkDraftDto;
use crate::extract::{Body, Ids, Key, NoParams, Params};
use crate::groups::{MemberDto, created_member};
use crate::problem::ApiError;
use crate::respond::{Created, CreatedOrOk, Large, NoContent, Ok200};
use crate::state::{AppState, State};
use crate::wire::{List, ListCursor, PageDto, PageParams};

/// Lists the invite links to a group
///
/// For those who may `invite`, newest first, without the codes. Links that let nobody in any more are listed until they
/// are revoked.
#[api_v2_operation(tags(Admissions), operation_id = "listInviteLinks")]
pub async fn list(
    state: State,
    key: Key,
    path: Ids<GroupId>,
    list: List,
    params: Params<PageParams>,
) -> Result<Large<PageDto<InviteLinkDto>>, ApiError> {
    let (Ids(group), (limit, cursor)) = (path, params.0.parse(list)?);
    let below = cursor.map(|cursor| InviteLinkId::new(cursor.id));
    let query = InviteLinkQuery { group, below, limit };
    let place_after = |judged: &JudgedLink| ListCursor::after(judged.link.id.get());
    state
        .read_large(
            key.in_groups(),
            move |tx, actor| admissions::list_links(tx, actor, &query),
            move |page, _| PageDto::new(list, page, place_after),
        )
        .await
}

/// Makes an invite link to a group
///
/// For those who may `invite`; a role other than `member` takes `manage_roles`, too. The code is shown only in this
/// response.
#[api_v2_operation(tags(Admissions), operation_id = "createInviteLink")]
pub async fn create(
    state: State,
    key: Key,
    body: Body<LinkDraftDto>,
    path: Ids<GroupId>,
    _: NoParams,
) -> Result<Created<NewInviteLinkDto>, ApiError> {
    let (draft, Ids(group)) = (body.0.parse()?, path);
    let code = state.codes.issue_code();
    let hash = state.codes.digest_code(&code);
    let create =
        move |tx: &mut dyn Tx, actor: &Actor| admissions::create_link(tx, actor, group, &draft, hash);
    let made = state.storage.write_as(key.in_groups(), create).await?;
    let location = format!("/api/groups/{group}/invite-links/{}", made.link.id);
    Ok(Created { body: NewInviteLinkDto::new(made, &code), location })
}

/// Revokes an invite link
///
/// For those who may `invite`.
#[api_v2_operation(tags(Admissions), operation_id = "revokeInviteLink")]
pub async fn revoke(
    state: State,
    key: Key,
    path: Ids<(GroupId, InviteLinkId)>,
    _: NoParams,
) -> Result<NoContent, ApiError> {
    let Ids((group, id)) = path;
    let tidying = Writing::new(key.0, WritePurpose::Tidy).in_groups();
    state.storage.write_as(tidying, move |tx, actor| admissions::revoke_link(tx, actor, group, id)).await?;
    Ok(NoContent)
}

/// Shows where an invite link leads
///
/// Wrong codes are limited for each caller and each network address.
#[api_v2_operation(tags(Admissions), operation_id = "getInviteLink")]
pub async fn show(
    state: State,
    key: Key,
    path: Ids<SecretCode>,
    _: NoParams,
) -> Result<Ok200<InvitedGroupDto>, ApiError> {
    let group = admissions::look_up_link(ports(&state), key.0, &path.0).await?;
    Ok(Ok200(group.into()))
}

/// Comes into a group by an invite link
///
/// You become a member, with the role that the link gives. If you are a member already, nothing changes (200), and no use
/// of the link is spent. Wrong codes are limited for each caller and each network address.
#[api_v2_operation(tags(Admissions), operation_id = "acceptInviteLink")]
pub async fn accept(
    state: State,
    key: Key,
    path: Ids<SecretCode>,
    _: NoParams,
) -> Result<CreatedOrOk<MemberDto>, ApiError> {
    let quotas = state.options().quotas;
    let admitted = admissions::accept_link(ports(&state), key.0, &path.0, quotas).await?;
    let member = MemberDto::for_themselves(admitted.member);
    Ok(if admitted.is_new {
        CreatedOrOk::Created(created_member(admitted.group, member))
    } else {
        CreatedOrOk::Ok(member)
    })
}

fn ports(state: &AppState) -> LinkPorts<'_> {
    LinkPorts {
        storage: state.storage.as_ref(),
        codes: state.codes.as_ref(),
        attempts: state.attempts.as_ref(),
    }
}
