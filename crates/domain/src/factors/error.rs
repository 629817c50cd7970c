//! Rejections about second factors.

/// Why a use case of second factors rejected a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FactorRefusal {
    /// The code of a login is wrong, or was used before.
    #[error("the code is wrong, or was used before")]
    InvalidCode,
    /// The code that a signed-in user entered is wrong, or was used before.
    #[error("the code is wrong, or was used before")]
    WrongCode,
    /// The user has one-time passwords already.
    #[error("one-time passwords are set up already: disable them first")]
    AlreadySetUp,
    /// The user has no one-time passwords, or their set-up has not begun or took too long.
    #[error("one-time passwords are not set up, or the set-up took too long")]
    NotSetUp,
    /// The server lacks the key that secrets are encrypted with.
    #[error("the server lacks its key for one-time passwords: its operator knows more")]
    NoKey,
}
