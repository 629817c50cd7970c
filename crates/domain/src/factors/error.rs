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
    /// The user has a second factor, and sent no code.
    #[error("this takes a code of your second factor, too")]
    CodeRequired,
    /// The user has one-time passwords already, or the passkey is registered.
    #[error("this second factor is set up already")]
    AlreadySetUp,
    /// The user has no such factor, or its set-up has not begun or took too long.
    #[error("this second factor is not set up, or the set-up took too long")]
    NotSetUp,
    /// The passkey of a login is wrong, or nobody's, or the ceremony took too long.
    #[error("the passkey is not valid, or it took too long: begin again")]
    WrongPasskey,
    /// What a signed-in user has registered is no passkey, or the ceremony took too long.
    #[error("the authenticator's answer is not valid, or it took too long: begin again")]
    RefusedPasskey,
    /// The user has as many passkeys as possible.
    #[error("you have as many passkeys as possible: remove one first")]
    TooManyPasskeys,
    /// The server has no public address, or one without a name.
    #[error("passkeys need a public address with a name: the operator of the server can set one")]
    NoSite,
    /// The server lacks the key that secrets are encrypted with.
    #[error("the server lacks its key for one-time passwords: its operator knows more")]
    NoKey,
}
