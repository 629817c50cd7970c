//! Routes for ways into groups.

use groupchat_domain::storage::WritePurpose;
use paperclip::actix::web::{self, ServiceConfig};

use super::{handlers, link_handlers, request_handlers};
use crate::feature::{Feature, operation};
use crate::problem::Code::*;

/// Mounts the feature's routes.
fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(web::resource("/groups/{group_id}/join").route(web::post().to(request_handlers::join)))
        .service(
            web::resource("/groups/{group_id}/join-requests").route(web::get().to(request_handlers::list)),
        )
        .service(
            web::resource("/groups/{group_id}/join-requests/{user_id}")
                .route(web::delete().to(request_handlers::end)),
        )
        .service(
            web::resource("/groups/{group_id}/join-requests/{user_id}/approve")
                .route(web::post().to(request_handlers::approve)),
        )
        .service(
            web::resource("/groups/{group_id}/invitations")
                .route(web::get().to(handlers::list))
                .route(web::post().to(handlers::invite)),
        )
        .service(
            web::resource("/groups/{group_id}/invitations/{invitation_id}")
                .route(web::delete().to(handlers::withdraw)),
        )
        .service(
            web::resource("/groups/{group_id}/invite-links")
                .route(web::get().to(link_handlers::list))
                .route(web::post().to(link_handlers::create)),
        )
        .service(
            web::resource("/groups/{group_id}/invite-links/{link_id}")
                .route(web::delete().to(link_handlers::revoke)),
        )
        .service(web::resource("/invite-links/{code}").route(web::get().to(link_handlers::show)))
        .service(web::resource("/invite-links/{code}/accept").route(web::post().to(link_handlers::accept)))
        .service(web::resource("/invitations").route(web::get().to(handlers::list_own)))
        .service(web::resource("/invitations/{invitation_id}/accept").route(web::post().to(handlers::accept)))
        .service(
            web::resource("/invitations/{invitation_id}/decline").route(web::post().to(handlers::decline)),
        );
}

/// What the OpenAPI document says of the feature and of its operations.
pub(crate) const FEATURE: Feature = Feature {
    tag: "Admissions",
    description: "Ways into groups: joining, requests to join, invitations, and invite links.",
    file: file!(),
    routes,
    operations: &[
        operation("joinGroup", &[Banned, Archived, GroupNotFound, QuotaExceeded]),
        operation("listJoinRequests", &[MembersOnly, RoleTooLow, NotInDirect, Banned, GroupNotFound]),
        operation(
            "approveJoinRequest",
            &[
                MembersOnly,
                RoleTooLow,
                NotInDirect,
                Banned,
                Archived,
                GroupNotFound,
                JoinRequestNotFound,
                AlreadyMember,
                QuotaExceeded,
            ],
        ),
        operation(
            "endJoinRequest",
            &[MembersOnly, RoleTooLow, NotInDirect, Banned, Archived, GroupNotFound, JoinRequestNotFound],
        )
        .writes_to(WritePurpose::Tidy),
        operation("listInvitations", &[MembersOnly, RoleTooLow, NotInDirect, Banned, GroupNotFound]),
        operation(
            "inviteUser",
            &[
                MembersOnly,
                RoleTooLow,
                NotInDirect,
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
            &[MembersOnly, RoleTooLow, NotInDirect, Banned, Archived, GroupNotFound, InvitationNotFound],
        )
        .writes_to(WritePurpose::Tidy),
        operation("listInviteLinks", &[MembersOnly, RoleTooLow, NotInDirect, Banned, GroupNotFound]),
        operation(
            "createInviteLink",
            &[MembersOnly, RoleTooLow, NotInDirect, Banned, Archived, GroupNotFound, QuotaExceeded],
        ),
        operation(
            "revokeInviteLink",
            &[MembersOnly, RoleTooLow, NotInDirect, Banned, Archived, GroupNotFound, InviteLinkNotFound],
        )
        .writes_to(WritePurpose::Tidy),
        operation("getInviteLink", &[InviteLinkNotFound, TooManyAttempts]),
        operation("acceptInviteLink", &[Banned, InviteLinkNotFound, QuotaExceeded, TooManyAttempts]),
        operation("listOwnInvitations", &[]),
        operation("acceptInvitation", &[InvitationNotFound, AlreadyMember, QuotaExceeded]),
        operation("declineInvitation", &[InvitationNotFound]).writes_to(WritePurpose::Tidy),
    ],
};
