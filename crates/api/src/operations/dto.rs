//! Response bodies for operations.

use groupchat_domain::storage::Condition;
use paperclip::actix::Apiv2Schema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::wire::{Described, Field, plain_texts, write_as_str};

/// The server is healthy.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Health")]
pub(super) struct HealthDto {
    /// `ok`; or `checking`, while the database is checked for damage after an unclean shutdown. An unhealthy server
    /// responds with 503.
    pub status: Field<Status>,
    /// Whether the disk is nearly full, so that ordinary writes are rejected.
    pub storage_full: Field<bool>,
}

/// The program and its version.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Version")]
pub(super) struct VersionDto {
    /// Always `groupchat`.
    pub name: Field<Product>,
    /// The version (SemVer).
    pub version: Field<SemanticVersion>,
}

plain_texts! {
    /// The program's name.
    #[derive(Debug)]
    Product => json!({"enum": ["groupchat"], "example": "groupchat"});
    /// A version, as in SemVer.
    #[derive(Debug)]
    SemanticVersion => json!({"pattern": r"^\d+\.\d+\.\d+", "example": "1.0.0"});
}

/// How a server is that answers 200.
#[derive(Debug, Clone, Copy)]
pub(super) enum Status {
    /// It is well.
    Ok,
    /// Its database is being looked through.
    Checking,
}

impl Status {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Checking => "checking",
        }
    }
}

impl From<Condition> for Status {
    fn from(condition: Condition) -> Self {
        match condition {
            Condition::Checking => Self::Checking,
            _ => Self::Ok,
        }
    }
}

impl Described for Status {
    type Json = String;

    fn rules() -> Value {
        let all = [Self::Ok, Self::Checking];
        json!({"enum": all.map(Self::as_str), "example": Self::Ok.as_str()})
    }
}

write_as_str! { Status }
