//! What a feature says of its operations, next to its routes, for the OpenAPI document.

use groupchat_domain::storage::WritePurpose;
use paperclip::actix::web::ServiceConfig;

use crate::problem::Code;

/// A feature of the API: a tag of the document, its routes, and what its operations reject.
#[derive(Debug, Clone, Copy)]
pub struct Feature {
    /// The tag of its operations.
    pub tag: &'static str,
    /// What they are about.
    pub description: &'static str,
    /// Where its operations are described, for whoever has to add one.
    pub file: &'static str,
    /// Mounts its routes.
    pub(crate) routes: fn(&mut ServiceConfig<'_>),
    /// Each of its operations.
    pub operations: &'static [Operation],
}

/// What an operation can reject. Most of it follows from its shape: whether it takes a key, a body, whether it writes.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// The operation's id.
    pub id: &'static str,
    /// What it rejects besides.
    pub refusals: &'static [Code],
    /// What its write is for, if it writes.
    pub purpose: WritePurpose,
    /// Whether it needs the storage, and so may find it busy or broken.
    pub has_storage: bool,
    /// Whether there may be too many requests for it.
    pub is_limited: bool,
    /// Whether it is open to those who must change their password first.
    pub is_open_before_password_change: bool,
    /// Whether it is open to those who lack a second factor that is required of them.
    pub is_open_before_factor: bool,
}

/// An operation that rejects these things besides what follows from its shape.
pub const fn operation(id: &'static str, refusals: &'static [Code]) -> Operation {
    Operation {
        id,
        refusals,
        purpose: WritePurpose::Grow,
        has_storage: true,
        is_limited: true,
        is_open_before_password_change: false,
        is_open_before_factor: false,
    }
}

impl Operation {
    /// Its write is for this.
    pub const fn writes_to(self, purpose: WritePurpose) -> Self {
        Self { purpose, ..self }
    }

    /// It is open to those who must change their password first.
    pub const fn before_password_change(self) -> Self {
        Self { is_open_before_password_change: true, ..self }
    }

    /// It is open to those who lack a second factor that is required of them.
    pub const fn before_factor(self) -> Self {
        Self { is_open_before_factor: true, ..self }
    }

    /// It needs no storage.
    pub const fn without_storage(self) -> Self {
        Self { has_storage: false, ..self }
    }

    /// It is answered however many requests there are.
    pub const fn without_limit(self) -> Self {
        Self { is_limited: false, ..self }
    }
}
