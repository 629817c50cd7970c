//! Routes for ways into groups.

use groupchat_domain::storage::WritePurpose;
use paperclip::actix::web::{self, ServiceConfig};

use super::handlers;
use crate::feature::{Feature, operation};
use crate::problem::Code::*;

/// Mounts the feature's routes.
fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(
            web::resource("/groups/{group_id}/invitations")
                .route(web::get().to(handlers::list))
                .route(web::post().to(handlers::invite)),
        )
        .service(
            web::resource("/groups/{group_id}/invitations/{invitation_id}")
                .route(web::delete().to(handlers::withdraw)),
        )
        .service(web::resource("/invitations").route(web::get().to(handlers::list_own)))
        .service(web::resource("/invitations/{invitation_id}/accept").route(web::post().to(handlers::accept)))
        .service(
            web::resource("/invitations/{invitation_id}/decline").route(web::post().to(handlers::decline)),
        );
}

/// What the OpenAPI document says of the feature and of its operations.
pub(crate) const FEATURE: Feature = Feature {
    tag: "Admissions",
    description: "Ways into groups: invitations.",
    file: file!(),
    routes,
    operations: &[
        operation("listInvitations", &[MembersOnly, RoleTooLow, Banned, GroupNotFound]),
        operation(
            "inviteUser",
            &[
                MembersOnly,
                RoleTooLow,
                Banned,
                Archived,
                GroupNotFound,
                UserNotFound,
                AlreadyMember,
                QuotaExceeded,
            ],
        ),
        operation(
            "withdrawInvitation",
            &[MembersOnly, RoleTooLow, Banned, Archived, GroupNotFound, InvitationNotFound],
        )
        .writes_to(WritePurpose::Tidy),
        operation("listOwnInvitations", &[]),
        operation("acceptInvitation", &[InvitationNotFound, AlreadyMember, QuotaExceeded]),
        operation("declineInvitation", &[InvitationNotFound]).writes_to(WritePurpose::Tidy),
    ],
};
