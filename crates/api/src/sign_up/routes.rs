//! Routes for signing up, and for invites.

use groupchat_domain::storage::WritePurpose;
use paperclip::actix::web::{self, ServiceConfig};

use super::handlers;
use crate::feature::{Feature, operation};
use crate::problem::Code::*;

/// Mounts the feature's routes.
fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(web::resource("/sign-up").route(web::post().to(handlers::sign_up)))
        .service(web::resource("/sign-up/confirm").route(web::post().to(handlers::confirm)))
        .service(
            web::resource("/invites")
                .route(web::get().to(handlers::list))
                .route(web::post().to(handlers::create)),
        )
        .service(web::resource("/invites/{invite_id}").route(web::delete().to(handlers::revoke)));
}

/// What the OpenAPI document says of the feature and of its operations.
pub(crate) const FEATURE: Feature = Feature {
    tag: "Sign-up",
    description: "Invites to the server, and accounts that people make themselves.",
    file: file!(),
    routes,
    operations: &[
        operation(
            "signUp",
            &[SignUpClosed, NotConfigured, InviteNotFound, UsernameTaken, NotEditable, TooManyAttempts],
        ),
        operation("confirmSignUp", &[SignUpClosed, ConfirmationNotFound, UsernameTaken, TooManyAttempts]),
        operation("listInvites", &[AdminOnly]),
        operation(
            "createInvite",
            &[
                AdminOnly,
                ProvisionedKey,
                MembersOnly,
                RoleTooLow,
                NotInDirect,
                Banned,
                Archived,
                GroupNotFound,
                QuotaExceeded,
            ],
        ),
        operation("revokeInvite", &[AdminOnly, InviteNotFound]).writes_to(WritePurpose::Tidy),
    ],
};
