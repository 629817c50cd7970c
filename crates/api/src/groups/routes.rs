//! Routes for groups and their members.

use groupchat_domain::storage::WritePurpose;
use paperclip::actix::web::{self, ServiceConfig};

use super::{ban_handlers, handlers, member_handlers, mute_handlers, role_handlers};
use crate::feature::{Feature, operation};
use crate::problem::Code::*;

/// Mounts the feature's routes.
fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(
            web::resource("/groups")
                .route(web::get().to(handlers::list))
                .route(web::post().to(handlers::create)),
        )
        .service(web::resource("/direct").route(web::post().to(handlers::start_direct)))
        .service(
            web::resource("/groups/{group_id}")
                .route(web::get().to(handlers::show))
                .route(web::patch().to(handlers::edit))
                .route(web::put().to(handlers::edit))
                .route(web::delete().to(handlers::delete)),
        )
        .service(
            web::resource("/groups/{group_id}/archive")
                .route(web::put().to(handlers::archive))
                .route(web::delete().to(handlers::restore)),
        )
        .service(
            web::resource("/groups/{group_id}/roles")
                .route(web::get().to(role_handlers::list))
                .route(web::post().to(role_handlers::define)),
        )
        .service(
            web::resource("/groups/{group_id}/roles/{name}")
                .route(web::patch().to(role_handlers::edit))
                .route(web::delete().to(role_handlers::delete)),
        )
        .service(web::resource("/groups/{group_id}/permissions").route(web::get().to(role_handlers::explain)))
        .service(web::resource("/groups/{group_id}/bans").route(web::get().to(ban_handlers::list)))
        .service(
            web::resource("/groups/{group_id}/bans/{user_id}")
                .route(web::put().to(ban_handlers::ban))
                .route(web::delete().to(ban_handlers::unban)),
        )
        .service(
            web::resource("/groups/{group_id}/members")
                .route(web::get().to(member_handlers::list))
                .route(web::post().to(member_handlers::add)),
        )
        // Before the members, one of whom it would else be.
        .service(
            web::resource("/groups/{group_id}/members/batch")
                .route(web::post().to(member_handlers::add_batch)),
        )
        .service(
            web::resource("/groups/{group_id}/members/{user_id}")
                .route(web::patch().to(member_handlers::edit))
                .route(web::put().to(member_handlers::edit))
                .route(web::delete().to(member_handlers::remove)),
        )
        .service(
            web::resource("/groups/{group_id}/members/{user_id}/mute")
                .route(web::put().to(mute_handlers::mute))
                .route(web::delete().to(mute_handlers::unmute)),
        );
}

/// What the OpenAPI document says of the feature and of its operations.
pub(crate) const FEATURE: Feature = Feature {
    tag: "Groups",
    description: "Groups and their members.",
    file: file!(),
    routes,
    operations: &[
        operation("createGroup", &[AdminOnly, NotEditable, NameTaken, QuotaExceeded]),
        operation("startDirect", &[AdminOnly, DirectClosed, QuotaExceeded]),
        operation("listGroups", &[AdminOnly]),
        operation("getGroup", &[GroupNotFound]),
        operation(
            "editGroup",
            &[
                AdminOnly,
                NotEditable,
                MembersOnly,
                RoleTooLow,
                NotInDirect,
                Archived,
                GroupNotFound,
                NameTaken,
            ],
        ),
        operation("archiveGroup", &[MembersOnly, RoleTooLow, NotInDirect, GroupNotFound]),
        operation("restoreGroup", &[MembersOnly, RoleTooLow, NotInDirect, GroupNotFound]),
        operation("deleteGroup", &[MembersOnly, RoleTooLow, NotInDirect, GroupNotFound])
            .writes_to(WritePurpose::Tidy),
        operation("listMembers", &[GroupNotFound]),
        operation(
            "addMember",
            &[
                NotEditable,
                MembersOnly,
                RoleTooLow,
                NotInDirect,
                Archived,
                Banned,
                GroupNotFound,
                UserNotFound,
                AlreadyMember,
                QuotaExceeded,
            ],
        ),
        operation("addMembers", &[MembersOnly, RoleTooLow, NotInDirect, Archived, GroupNotFound]),
        operation(
            "editMember",
            &[
                NotEditable,
                MembersOnly,
                RoleTooLow,
                NotInDirect,
                Archived,
                GroupNotFound,
                MemberNotFound,
                LastOwner,
                QuotaExceeded,
            ],
        ),
        operation(
            "removeMember",
            &[MembersOnly, RoleTooLow, NotInDirect, Archived, GroupNotFound, MemberNotFound, LastOwner],
        )
        .writes_to(WritePurpose::Tidy),
        operation(
            "muteMember",
            &[MembersOnly, RoleTooLow, NotInDirect, Archived, GroupNotFound, MemberNotFound],
        ),
        operation(
            "unmuteMember",
            &[MembersOnly, RoleTooLow, NotInDirect, Archived, GroupNotFound, MemberNotFound],
        )
        .writes_to(WritePurpose::Tidy),
        operation("listBans", &[MembersOnly, RoleTooLow, NotInDirect, GroupNotFound]),
        operation(
            "ban",
            &[MembersOnly, RoleTooLow, NotInDirect, Archived, GroupNotFound, UserNotFound, LastOwner],
        ),
        operation("unban", &[MembersOnly, RoleTooLow, NotInDirect, Archived, GroupNotFound])
            .writes_to(WritePurpose::Tidy),
        operation("listRoles", &[GroupNotFound]),
        operation(
            "defineRole",
            &[MembersOnly, RoleTooLow, NotInDirect, Archived, GroupNotFound, RoleNameTaken, TooManyRoles],
        ),
        operation(
            "editRole",
            &[
                NotEditable,
                MembersOnly,
                RoleTooLow,
                NotInDirect,
                Archived,
                GroupNotFound,
                RoleNotFound,
                RoleFixed,
            ],
        ),
        operation(
            "deleteRole",
            &[
                MembersOnly,
                RoleTooLow,
                NotInDirect,
                Archived,
                GroupNotFound,
                RoleNotFound,
                RoleFixed,
                RoleInUse,
            ],
        )
        .writes_to(WritePurpose::Tidy),
        operation(
            "explainPermissions",
            &[MembersOnly, RoleTooLow, NotInDirect, Archived, GroupNotFound, UserNotFound],
        ),
    ],
};
