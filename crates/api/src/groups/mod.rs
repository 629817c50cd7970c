//! Groups and their members.

mod ban_dto;
mod ban_handlers;
mod batch_dto;
mod dto;
mod handlers;
mod member_handlers;
mod mute_handlers;
mod requests;
mod role_dto;
mod role_handlers;
mod routes;
mod values;

pub use ban_dto::BanDto;
pub use dto::{GroupDto, MemberDto, TrimmedHistoryDto};
pub(crate) use member_handlers::created as created_member;
pub(crate) use requests::{MemberListParams, candidate};
#[cfg(any(test, fuzzing))]
pub(crate) use requests::{bodies, queries};
pub use role_dto::{ExplainedDto, PermissionsDto, RoleDto, RolesDto};
pub(crate) use routes::FEATURE;
