//! The JSON of operations.

use paperclip::actix::Apiv2Schema;
use serde::Serialize;

/// The server is well.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Health")]
pub(super) struct HealthDto {
    /// `ok`; or `checking`, while the database is looked through for damage since the last stop was not clean. A server
    /// that is not well answers 503.
    pub status: &'static str,
    /// Whether the disk is nearly full, so that ordinary writes are refused.
    pub storage_full: bool,
}

/// Which program this is.
#[derive(Debug, Serialize, Apiv2Schema)]
#[openapi(rename = "Version")]
pub(super) struct VersionDto {
    /// Always `groupchat`.
    pub name: &'static str,
    /// The version, as in SemVer.
    pub version: &'static str,
}
