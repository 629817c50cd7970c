//! Handlers for invitations.

use groupchat_domain::admissions::{self, JudgedInvitation};
use groupchat_domain::ids::{GroupId, InvitationId};
use groupchat_domain::storage::{WritePurpose, Writing};
use paperclip::actix::api_v2_operation;

use super::dto::{GroupInvitationDto, InvitationDto};
use super::requests::InvitationDraftDto;
use crate::extract::{Body, Ids, Key, NoParams, Params};
use crate::groups::{MemberDto, created_member};
use crate::problem::ApiError;
use crate::respond::{Created, CreatedOrOk, Large, NoContent};
use crate::state::State;
use crate::wire::{List, ListCursor, PageDto, PageParams};

/// Lists the invitations to a group
///
/// For those who may `invite`, newest first. Invitations that can't be accepted any more are listed until they are
/// withdrawn.
#[api_v2_operation(tags(Admissions), operation_id = "listInvitations")]
pub async fn list(
    state: State,
    key: Key,
    path: Ids<GroupId>,
    list: List,
    params: Params<PageParams>,
) -> Result<Large<PageDto<GroupInvitationDto>>, ApiError> {
    let (Ids(group), (limit, cursor)) = (path, params.0.parse(list)?);
    let below = cursor.map(|cursor| InvitationId::new(cursor.id));
    let place_after = |judged: &JudgedInvitation| ListCursor::after(judged.invitation.id.get());
    state
        .read_large(
            key.in_groups(),
            move |tx, actor| admissions::list_invitations(tx, actor, group, below, limit),
            move |page, _| PageDto::new(list, page, place_after),
        )
        .await
}

/// Invites a user to a group
///
/// For those who may `invite`; a role other than `member` takes `manage_roles`, too. A user who is invited already gets
/// this invitation in the place of the other one (200).
#[api_v2_operation(tags(Admissions), operation_id = "inviteUser")]
pub async fn invite(
    state: State,
    key: Key,
    body: Body<InvitationDraftDto>,
    path: Ids<GroupId>,
    _: NoParams,
) -> Result<CreatedOrOk<GroupInvitationDto>, ApiError> {
    let (draft, Ids(group)) = (body.0.parse()?, path);
    let notice = Writing::of_notice(key.0).in_groups();
    let (made, is_new) =
        state.storage.write_as(notice, move |tx, actor| admissions::invite(tx, actor, group, &draft)).await?;
    let location = format!("/api/groups/{group}/invitations/{}", made.invitation.id);
    let body = made.into();
    Ok(if is_new { CreatedOrOk::Created(Created { body, location }) } else { CreatedOrOk::Ok(body) })
}

/// Withdraws an invitation
///
/// For those who may `invite`.
#[api_v2_operation(tags(Admissions), operation_id = "withdrawInvitation")]
pub async fn withdraw(
    state: State,
    key: Key,
    path: Ids<(GroupId, InvitationId)>,
    _: NoParams,
) -> Result<NoContent, ApiError> {
    let Ids((group, id)) = path;
    let tidying = Writing::new(key.0, WritePurpose::Tidy).in_groups();
    state.storage.write_as(tidying, move |tx, actor| admissions::withdraw(tx, actor, group, id)).await?;
    Ok(NoContent)
}

/// Lists your invitations
///
/// Newest first. Invitations that can't be accepted any more are missing, so a page can be empty before the end of the
/// list.
#[api_v2_operation(tags(Admissions), operation_id = "listOwnInvitations")]
pub async fn list_own(
    state: State,
    key: Key,
    list: List,
    params: Params<PageParams>,
) -> Result<Large<PageDto<InvitationDto>>, ApiError> {
    let (limit, cursor) = params.0.parse(list)?;
    let below = cursor.map(|cursor| InvitationId::new(cursor.id));
    state
        .read_large(
            key.0,
            move |tx, actor| admissions::list_own_invitations(tx, actor, below, limit),
            move |own, _| PageDto {
                items: own.items.into_iter().map(InvitationDto::from).collect(),
                next: own.next.map(|last| ListCursor::after(last.get()).encode(list)),
            },
        )
        .await
}

/// Accepts an invitation
///
/// You become a member of the group, with the role that the invitation gives.
#[api_v2_operation(tags(Admissions), operation_id = "acceptInvitation")]
pub async fn accept(
    state: State,
    key: Key,
    path: Ids<InvitationId>,
    _: NoParams,
) -> Result<Created<MemberDto>, ApiError> {
    let (Ids(id), quotas) = (path, state.options().quotas);
    let (group, member) =
        state.storage.write_as(key.0, move |tx, actor| admissions::accept(tx, actor, id, &quotas)).await?;
    Ok(created_member(group, MemberDto::for_themselves(member)))
}

/// Declines an invitation
#[api_v2_operation(tags(Admissions), operation_id = "declineInvitation")]
pub async fn decline(
    state: State,
    key: Key,
    path: Ids<InvitationId>,
    _: NoParams,
) -> Result<NoContent, ApiError> {
    let Ids(id) = path;
    let tidying = Writing::new(key.0, WritePurpose::Tidy);
    state.storage.write_as(tidying, move |tx, actor| admissions::decline(tx, actor, id)).await?;
    Ok(NoContent)
}
