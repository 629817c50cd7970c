//! Rejections about ways into groups.

/// Why a use case of admissions rejected a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdmissionRefusal {
    /// No such invitation, or none that still lets anybody in.
    #[error("there is no such invitation")]
    InvitationNotFound,
    /// No such invite link, or none that still lets anybody in.
    #[error("there is no such invite link")]
    LinkNotFound,
    /// No such invite to the server, or none that still lets anybody in.
    #[error("there is no such invite")]
    InviteNotFound,
    /// Only who is invited can sign up.
    #[error("you need an invite to sign up on this server")]
    SignUpClosed,
    /// No such code that confirms an address, or one that was used or has expired.
    #[error("there is no such code")]
    ConfirmationNotFound,
    /// No such request to join the group.
    #[error("this user has not asked to join the group")]
    JoinRequestNotFound,
}
