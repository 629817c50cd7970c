//! Ways into a group besides being added: joining, requests to join, and invitations.

mod accept;
mod end;
mod error;
mod invite;
mod issuer;
mod join;
mod join_request;
mod list;
mod model;
mod repository;
mod requests;

pub use accept::{accept, decline};
pub(crate) use end::{end_all_of_group, end_all_of_user};
pub use error::AdmissionRefusal;
pub use invite::{InvitationDraft, MAX_INVITATIONS, MAX_SENT_INVITATIONS, invite, withdraw};
pub(crate) use issuer::judge;
pub use join::{Joined, join};
#[cfg(test)]
pub(crate) use join_request::MockJoinRequestRepository;
pub use join_request::{
    CountedRequests, JoinRequest, JoinRequestRepository, MAX_JOIN_REQUESTS, MAX_SENT_JOIN_REQUESTS,
};
pub use list::{OwnInvitations, list_invitations, list_own_invitations};
pub use model::{
    EndedInvitation, Invitation, InvitedGroup, IssuedInvitation, JudgedInvitation, NewInvitation, Note,
};
#[cfg(test)]
pub(crate) use repository::MockInvitationRepository;
pub use repository::{Counted, InvitationQuery, InvitationRepository, Invitations};
pub(crate) use requests::end_requests_of_user;
pub use requests::{approve_request, end_request, list_requests};
