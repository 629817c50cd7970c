//! Handlers for signing up, and for invites.

use groupchat_domain::accounts::{Actor, LoggedIn};
use groupchat_domain::admissions::{self, JudgedServerInvite, SignUpPorts, SignedUp};
use groupchat_domain::ids::ServerInviteId;
use groupchat_domain::storage::{Tx, WritePurpose, Writing};
use paperclip::actix::api_v2_operation;

use super::dto::{InviteDto, NewInviteDto};
use super::requests::{ConfirmationDto, InviteDraftDto, SignUpDto};
use crate::accounts::{LoginDto, login_ports};
use crate::extract::{Body, Client, Ids, Key, NoParams, OPEN_BODY_LIMIT, Params};
use crate::problem::ApiError;
use crate::respond::{Created, Large, NoContent, OrQueued};
use crate::state::{AppState, State};
use crate::wire::{List, ListCursor, PageDto, PageParams};

/// Makes yourself an account
///
/// By the code of an invite, or without one where the server lets everybody sign up (`sign_up.open`). Signs in at once: the
/// response is that of a login. Who is invited also comes into the groups of the invite, as far as they have room and its
/// maker may still let somebody in. Where addresses are to be confirmed, whoever has no invite gets a code by mail (202), and
/// `confirmSignUp` makes the account. New accounts without an invite, and wrong codes, are limited for each address.
#[api_v2_operation(tags("Sign-up"), operation_id = "signUp")]
pub async fn sign_up(
    state: State,
    body: Body<SignUpDto, OPEN_BODY_LIMIT>,
    client: Client,
    _: NoParams,
) -> Result<OrQueued<Created<LoginDto>>, ApiError> {
    let wanted = body.0.parse(client.0)?;
    match admissions::sign_up(ports(&state), wanted).await? {
        SignedUp::Complete(begun) => Ok(OrQueued::Done(created(*begun))),
        SignedUp::Unconfirmed => Ok(OrQueued::Queued),
    }
}

/// Confirms the address of a new account
///
/// With the code that it got by mail, which works once, for a day. Makes the account and signs in: the response is that of
/// a login. The username is not reserved until then. If somebody else has taken it, send another one with the code.
#[api_v2_operation(tags("Sign-up"), operation_id = "confirmSignUp")]
pub async fn confirm(
    state: State,
    body: Body<ConfirmationDto, OPEN_BODY_LIMIT>,
    client: Client,
    _: NoParams,
) -> Result<Created<LoginDto>, ApiError> {
    let shown = body.0.parse(client.0)?;
    Ok(created(admissions::confirm_sign_up(ports(&state), shown).await?))
}

fn ports(state: &AppState) -> SignUpPorts<'_> {
    let options = state.options();
    SignUpPorts {
        login: login_ports(state),
        codes: &*state.codes,
        welcome: state.welcome.clone(),
        mails: &*state.mails,
        opening: options.sign_up,
        quotas: options.quotas,
    }
}

fn created(begun: LoggedIn) -> Created<LoginDto> {
    let location = format!("/api/users/{}", begun.user.id);
    Created { body: begun.into(), location }
}

/// Lists invites to the server
///
/// Those that you have made; all of them, if you may `manage_users`. Newest first, without the codes. Invites that let
/// nobody in any more are listed until they are revoked.
#[api_v2_operation(tags("Sign-up"), operation_id = "listInvites")]
pub async fn list(
    state: State,
    key: Key,
    list: List,
    params: Params<PageParams>,
) -> Result<Large<PageDto<InviteDto>>, ApiError> {
    let (limit, cursor) = params.0.parse(list)?;
    let below = cursor.map(|cursor| ServerInviteId::new(cursor.id));
    let place_after = |judged: &JudgedServerInvite| ListCursor::after(judged.invite.id.get());
    state
        .read_large(
            key.0,
            move |tx, actor| admissions::list_server_invites(tx, actor, below, limit),
            move |page, _| PageDto::new(list, page, place_after),
        )
        .await
}

/// Makes an invite to the server
///
/// For those who may `invite_users`. The code is shown only in this response.
#[api_v2_operation(tags("Sign-up"), operation_id = "createInvite")]
pub async fn create(
    state: State,
    key: Key,
    body: Body<InviteDraftDto>,
    _: NoParams,
) -> Result<Created<NewInviteDto>, ApiError> {
    let draft = body.0.parse()?;
    let code = state.codes.issue_code();
    let hash = state.codes.digest_code(&code);
    let create =
        move |tx: &mut dyn Tx, actor: &Actor| admissions::create_server_invite(tx, actor, &draft, hash);
    let made = state.storage.write_as(key.0, create).await?;
    let location = format!("/api/invites/{}", made.invite.id);
    Ok(Created { body: NewInviteDto::new(made, &code), location })
}

/// Revokes an invite to the server
///
/// One that you have made; anybody's, if you may `manage_users`.
#[api_v2_operation(tags("Sign-up"), operation_id = "revokeInvite")]
pub async fn revoke(
    state: State,
    key: Key,
    path: Ids<ServerInviteId>,
    _: NoParams,
) -> Result<NoContent, ApiError> {
    let Ids(id) = path;
    let tidying = Writing::new(key.0, WritePurpose::Tidy);
    state.storage.write_as(tidying, move |tx, actor| admissions::revoke_server_invite(tx, actor, id)).await?;
    Ok(NoContent)
}
