//! Ways into a group besides being added: joining, requests to join, invitations, and invite links.

mod accept;
mod confirm_sign_up;
mod end;
mod error;
mod invite;
mod invite_link;
mod issuer;
mod join;
mod join_request;
mod links;
mod list;
mod model;
mod repository;
mod requests;
mod server_invite;
mod server_invites;
mod sign_up;
mod use_link;

pub use accept::{accept, decline};
pub use confirm_sign_up::{Confirmation, confirm_sign_up};
pub(crate) use end::{end_all_of_group, end_all_of_user, tell_of_end};
pub use error::AdmissionRefusal;
pub use invite::{InvitationDraft, MAX_INVITATIONS, MAX_SENT_INVITATIONS, invite, withdraw};
#[cfg(test)]
pub(crate) use invite_link::MockInviteLinkRepository;
pub use invite_link::{
    InviteLink, InviteLinkQuery, InviteLinkRepository, IssuedLink, JudgedLink, LINK_LIFETIME,
    MAX_INVITE_LINKS, MAX_LINK_LIFETIME, MAX_MADE_INVITE_LINKS, MaxUses, NewInviteLink,
};
pub(crate) use issuer::shown;
pub use join::{Joined, join};
#[cfg(test)]
pub(crate) use join_request::MockJoinRequestRepository;
pub use join_request::{
    CountedRequests, JoinRequest, JoinRequestRepository, MAX_JOIN_REQUESTS, MAX_SENT_JOIN_REQUESTS,
};
pub use links::{LinkDraft, create_link, list_links, revoke_link};
pub use list::{OwnInvitations, list_invitations, list_own_invitations};
pub use model::{
    EndedInvitation, Invitation, InvitedGroup, IssuedInvitation, JudgedInvitation, NewInvitation, Note,
    SentInvitation,
};
#[cfg(test)]
pub(crate) use repository::MockInvitationRepository;
pub use repository::{Counted, InvitationQuery, InvitationRepository, Invitations};
pub(crate) use requests::end_requests_of_user;
pub use requests::{approve_request, end_request, list_requests};
#[cfg(test)]
pub(crate) use server_invite::MockServerInviteRepository;
pub use server_invite::{
    InviteGroups, JudgedServerInvite, MAX_SERVER_INVITES, NewServerInvite, ServerInvite, ServerInviteQuery,
    ServerInviteRepository,
};
pub use server_invites::{
    ServerInviteDraft, create_server_invite, list_server_invites, revoke_server_invite,
};
pub use sign_up::{SignUp, SignUpOpening, SignUpPorts, SignedUp, sign_up};
pub use use_link::{Admitted, LinkPorts, accept_link, look_up_link};
