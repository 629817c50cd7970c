//! Ways into a group besides joining and being added: invitations.

mod accept;
mod end;
mod error;
mod invite;
mod issuer;
mod list;
mod model;
mod repository;

pub use accept::{accept, decline};
pub(crate) use end::{end_all_of_group, end_all_of_user};
pub use error::AdmissionRefusal;
pub use invite::{InvitationDraft, MAX_INVITATIONS, MAX_SENT_INVITATIONS, invite, withdraw};
pub(crate) use issuer::judge;
pub use list::{OwnInvitations, list_invitations, list_own_invitations};
pub use model::{
    EndedInvitation, Invitation, InvitedGroup, IssuedInvitation, JudgedInvitation, NewInvitation, Note,
};
#[cfg(test)]
pub(crate) use repository::MockInvitationRepository;
pub use repository::{Counted, InvitationQuery, InvitationRepository, Invitations};
