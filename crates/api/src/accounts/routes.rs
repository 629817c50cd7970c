//! Routes for accounts.

use groupchat_domain::storage::WritePurpose;
use paperclip::actix::web::{self, ServiceConfig};

use super::{
    block_handlers, export, handlers, own_handlers, reset_handlers, role_handlers, session_handlers,
};
use crate::feature::{Feature, operation};
use crate::problem::Code::*;

/// Mounts the feature's routes. `/users/me` comes before `/users/{user_id}`: the first that fits is taken.
fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(web::resource("/login").route(web::post().to(handlers::login)))
        .service(web::resource("/login/refresh").route(web::post().to(session_handlers::refresh)))
        .service(web::resource("/logout").route(web::post().to(session_handlers::logout)))
        .service(
            web::resource("/sessions")
                .route(web::get().to(session_handlers::list))
                .route(web::delete().to(session_handlers::end_others)),
        )
        .service(web::resource("/password-resets").route(web::post().to(reset_handlers::request)))
        .service(web::resource("/password-resets/{code}").route(web::put().to(reset_handlers::reset)))
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
        .service(web::resource("/users/me/delete").route(web::post().to(own_handlers::delete)))
        .service(web::resource("/users/me/export").route(web::post().to(export::export)))
        .service(web::resource("/blocks").route(web::get().to(block_handlers::list)))
        .service(
            web::resource("/users/{user_id}/block")
                .route(web::put().to(block_handlers::block))
                .route(web::delete().to(block_handlers::unblock)),
        )
        .service(
            web::resource("/users/{user_id}/sessions")
                .route(web::get().to(session_handlers::list_of_user))
                .route(web::delete().to(session_handlers::end_of_user)),
        )
        .service(
            web::resource("/users/{user_id}/sessions/{session_id}")
                .route(web::delete().to(session_handlers::end_one_of_user)),
        )
        .service(
            web::resource("/users/{user_id}/temporary-password")
                .route(web::post().to(handlers::set_temporary_password)),
        )
        .service(
            web::resource("/users/{user_id}")
                .route(web::get().to(handlers::show))
                .route(web::patch().to(handlers::edit))
                .route(web::put().to(handlers::edit))
                .route(web::delete().to(handlers::delete)),
        )
        .service(
            web::resource("/roles")
                .route(web::get().to(role_handlers::list))
                .route(web::post().to(role_handlers::define)),
        )
        .service(
            web::resource("/roles/{role_id}")
                .route(web::patch().to(role_handlers::edit))
                .route(web::delete().to(role_handlers::delete)),
        )
        .service(web::resource("/users/{user_id}/roles").route(web::get().to(role_handlers::list_of_user)))
        .service(
            web::resource("/users/{user_id}/roles/{role_id}")
                .route(web::put().to(role_handlers::give))
                .route(web::delete().to(role_handlers::take)),
        )
        .service(web::resource("/users/{user_id}/permissions").route(web::get().to(role_handlers::explain)));
}

/// What the OpenAPI document says of the feature and of its operations.
pub(crate) const FEATURE: Feature = Feature {
    tag: "Accounts",
    description: "Login, users, sessions, and roles on the server.",
    file: file!(),
    routes,
    operations: &[
        operation("listBlocks", &[]),
        operation("blockUser", &[UserNotFound, TooManyBlocks]),
        operation("unblockUser", &[UserNotFound]).writes_to(WritePurpose::Tidy),
        operation("login", &[InvalidCredentials, MfaRequired, AccountSuspended, TooManyAttempts])
            .writes_to(WritePurpose::Secure),
        operation("refreshLogin", &[InvalidRefreshToken, RefreshReused]).writes_to(WritePurpose::Secure),
        operation("logout", &[InvalidRefreshToken, RefreshReused])
            .writes_to(WritePurpose::Secure)
            .before_password_change()
            .before_factor(),
        operation("requestPasswordReset", &[NotConfigured]).writes_to(WritePurpose::Secure).without_storage(),
        operation("resetPassword", &[ResetNotFound]).writes_to(WritePurpose::Secure),
        operation("listSessions", &[]),
        operation("endSession", &[SessionNotFound]).writes_to(WritePurpose::Secure),
        operation("endOtherSessions", &[]).writes_to(WritePurpose::Secure),
        operation("listUserSessions", &[AdminOnly, UserNotFound]),
        operation("endUserSessions", &[AdminOnly, UserNotFound]).writes_to(WritePurpose::Secure),
        operation("endUserSession", &[AdminOnly, UserNotFound, SessionNotFound])
            .writes_to(WritePurpose::Secure),
        operation("createUser", &[NotEditable, ProvisionedKey, AdminOnly, UsernameTaken]),
        operation("listUsers", &[]),
        operation("getUser", &[UserNotFound]),
        operation("getMe", &[]).before_password_change().before_factor(),
        operation(
            "editMe",
            &[
                NotEditable,
                CurrentPasswordRequired,
                WrongPassword,
                ProvisionedKey,
                ChangedMeanwhile,
                TooManyAttempts,
            ],
        ),
        operation("changePassword", &[WrongPassword, ProvisionedKey, ChangedMeanwhile, TooManyAttempts])
            .writes_to(WritePurpose::Secure)
            .before_password_change()
            .before_factor(),
        operation(
            "setTemporaryPassword",
            &[AdminOnly, ProvisionedKey, CurrentPasswordRequired, UserNotFound, IsBot],
        )
        .writes_to(WritePurpose::Secure),
        operation(
            "exportMe",
            &[
                WrongPassword,
                CodeRequired,
                WrongCode,
                NotConfigured,
                ProvisionedKey,
                ChangedMeanwhile,
                TooManyAttempts,
                TooManyRequests,
            ],
        )
        .writes_to(WritePurpose::Tidy),
        operation(
            "deleteMe",
            &[
                WrongPassword,
                CodeRequired,
                WrongCode,
                NotConfigured,
                ProvisionedKey,
                LastAdmin,
                ChangedMeanwhile,
                TooManyAttempts,
            ],
        )
        .writes_to(WritePurpose::Tidy),
        operation(
            "editUser",
            &[
                AdminOnly,
                NotEditable,
                ProvisionedKey,
                CurrentPasswordRequired,
                UserNotFound,
                UsernameTaken,
                IsBot,
                LastAdmin,
            ],
        ),
        operation("deleteUser", &[ProvisionedKey, AdminOnly, UserNotFound, LastAdmin])
            .writes_to(WritePurpose::Tidy),
        operation("listServerRoles", &[]),
        operation("defineServerRole", &[ProvisionedKey, AdminOnly, RoleNameTaken, TooManyRoles]),
        operation("editServerRole", &[ProvisionedKey, AdminOnly, RoleNotFound, RoleNameTaken, RoleFixed]),
        operation("deleteServerRole", &[ProvisionedKey, AdminOnly, RoleNotFound, RoleFixed])
            .writes_to(WritePurpose::Tidy),
        operation("listUserRoles", &[UserNotFound]),
        operation("giveServerRole", &[ProvisionedKey, AdminOnly, UserNotFound, RoleNotFound, IsBot]),
        operation(
            "takeServerRole",
            &[ProvisionedKey, AdminOnly, UserNotFound, RoleNotFound, RoleFixed, LastAdmin],
        )
        .writes_to(WritePurpose::Tidy),
        operation("explainServerPermissions", &[AdminOnly, UserNotFound]),
    ],
};
