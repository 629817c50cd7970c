//! Routes for accounts.

use groupchat_domain::storage::WritePurpose;
use paperclip::actix::web::{self, ServiceConfig};

use super::{handlers, session_handlers};
use crate::feature::{Feature, operation};
use crate::problem::Code::*;

/// Mounts the feature's routes. `/users/me` comes before `/users/{user_id}`: the first that fits is taken.
fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(web::resource("/login").route(web::post().to(handlers::login)))
        .service(web::resource("/logout").route(web::post().to(session_handlers::logout)))
        .service(
            web::resource("/sessions")
                .route(web::get().to(session_handlers::list))
                .route(web::delete().to(session_handlers::end_others)),
        )
        .service(web::resource("/sessions/{session_id}").route(web::delete().to(session_handlers::end)))
        .service(
            web::resource("/users")
                .route(web::get().to(handlers::list))
                .route(web::post().to(handlers::create)),
        )
        .service(
            web::resource("/users/me")
                .route(web::get().to(handlers::show_self))
                .route(web::patch().to(handlers::edit_self))
                .route(web::put().to(handlers::edit_self)),
        )
        .service(web::resource("/users/me/password").route(web::put().to(handlers::change_password)))
        .service(
            web::resource("/users/{user_id}")
                .route(web::get().to(handlers::show))
                .route(web::patch().to(handlers::edit))
                .route(web::put().to(handlers::edit))
                .route(web::delete().to(handlers::delete)),
        );
}

/// What the OpenAPI document says of the feature and of its operations.
pub(crate) const FEATURE: Feature = Feature {
    tag: "Accounts",
    description: "Login, users and sessions.",
    file: file!(),
    routes,
    operations: &[
        operation("login", &[NotSupported, InvalidCredentials, TooManyAttempts])
            .writes_to(WritePurpose::Secure),
        operation("logout", &[]).writes_to(WritePurpose::Secure),
        operation("listSessions", &[]),
        operation("endSession", &[SessionNotFound]).writes_to(WritePurpose::Secure),
        operation("endOtherSessions", &[]).writes_to(WritePurpose::Secure),
        operation("createUser", &[ProvisionedKey, AdminOnly, UsernameTaken]),
        operation("listUsers", &[]),
        operation("getUser", &[UserNotFound]),
        operation("getMe", &[]),
        operation("editMe", &[NotEditable]),
        operation("changePassword", &[WrongPassword, ProvisionedKey, ChangedMeanwhile, TooManyAttempts])
            .writes_to(WritePurpose::Secure),
        operation(
            "editUser",
            &[AdminOnly, ProvisionedKey, CurrentPasswordRequired, UserNotFound, UsernameTaken, LastAdmin],
        ),
        operation("deleteUser", &[ProvisionedKey, AdminOnly, UserNotFound, LastAdmin])
            .writes_to(WritePurpose::Tidy),
    ],
};
