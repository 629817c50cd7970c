//! Routes for second factors.

use groupchat_domain::storage::WritePurpose;
use paperclip::actix::web::{self, ServiceConfig};

use super::{handlers, passkey_handlers};
use crate::feature::{Feature, operation};
use crate::problem::Code::*;

/// Mounts the feature's routes.
fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(web::resource("/login/mfa").route(web::post().to(handlers::login)))
        .service(web::resource("/login/mfa/passkey").route(web::post().to(passkey_handlers::begin_factor)))
        .service(
            web::resource("/login/mfa/passkey/finish").route(web::post().to(passkey_handlers::finish_factor)),
        )
        .service(web::resource("/login/passkey").route(web::post().to(passkey_handlers::begin_login)))
        .service(web::resource("/login/passkey/finish").route(web::post().to(passkey_handlers::finish_login)))
        .service(web::resource("/users/me/mfa/passkeys").route(web::post().to(passkey_handlers::begin)))
        .service(
            web::resource("/users/me/mfa/passkeys/finish").route(web::post().to(passkey_handlers::finish)),
        )
        .service(
            web::resource("/users/me/mfa/passkeys/{passkey_id}/remove")
                .route(web::post().to(passkey_handlers::remove)),
        )
        .service(
            web::resource("/users/me/mfa/passkeys/{passkey_id}")
                .route(web::patch().to(passkey_handlers::rename)),
        )
        .service(web::resource("/users/me/mfa").route(web::get().to(handlers::show)))
        .service(web::resource("/users/{user_id}/mfa").route(web::delete().to(handlers::reset)))
        .service(web::resource("/users/me/mfa/totp").route(web::post().to(handlers::set_up)))
        .service(web::resource("/users/me/mfa/totp/confirm").route(web::post().to(handlers::confirm)))
        .service(web::resource("/users/me/mfa/totp/disable").route(web::post().to(handlers::disable)))
        .service(
            web::resource("/users/me/mfa/recovery-codes")
                .route(web::post().to(handlers::renew_recovery_codes)),
        );
}

/// What the OpenAPI document says of the feature and of its operations.
pub(crate) const FEATURE: Feature = Feature {
    tag: "Second factors",
    description: "One-time passwords, passkeys and recovery codes.",
    file: file!(),
    routes,
    operations: &[
        operation("loginWithCode", &[InvalidTicket, InvalidCode, NotConfigured, TooManyAttempts])
            .writes_to(WritePurpose::Secure),
        operation("beginPasskeyFactor", &[InvalidTicket, NotConfigured, FactorNotFound])
            .writes_to(WritePurpose::Secure),
        operation(
            "loginWithPasskeyFactor",
            &[InvalidTicket, InvalidPasskey, AccountSuspended, NotConfigured],
        )
        .writes_to(WritePurpose::Secure),
        operation("beginPasskeyLogin", &[NotConfigured]).writes_to(WritePurpose::Secure),
        operation("loginWithPasskey", &[InvalidPasskey, AccountSuspended, NotConfigured])
            .writes_to(WritePurpose::Secure),
        operation(
            "beginPasskey",
            &[WrongPassword, ProvisionedKey, NotConfigured, TooManyPasskeys, TooManyAttempts],
        )
        .writes_to(WritePurpose::Secure)
        .before_factor(),
        operation(
            "finishPasskey",
            &[PasskeyRefused, ProvisionedKey, NotConfigured, FactorExists, TooManyPasskeys, ChangedMeanwhile],
        )
        .writes_to(WritePurpose::Tidy)
        .before_factor(),
        operation("renamePasskey", &[ProvisionedKey, FactorNotFound]),
        operation(
            "removePasskey",
            &[
                WrongPassword,
                WrongCode,
                CodeRequired,
                ProvisionedKey,
                NotConfigured,
                FactorNotFound,
                ChangedMeanwhile,
                TooManyAttempts,
            ],
        )
        .writes_to(WritePurpose::Tidy),
        operation("getFactors", &[]).before_factor(),
        operation("resetFactors", &[AdminOnly, ProvisionedKey, CurrentPasswordRequired, UserNotFound, IsBot])
            .writes_to(WritePurpose::Secure),
        operation(
            "setUpTotp",
            &[WrongPassword, ProvisionedKey, NotConfigured, FactorExists, ChangedMeanwhile, TooManyAttempts],
        )
        .writes_to(WritePurpose::Tidy)
        .before_factor(),
        operation(
            "confirmTotp",
            &[WrongCode, ProvisionedKey, NotConfigured, FactorNotFound, FactorExists, TooManyAttempts],
        )
        .writes_to(WritePurpose::Tidy)
        .before_factor(),
        operation(
            "disableTotp",
            &[
                WrongPassword,
                WrongCode,
                ProvisionedKey,
                NotConfigured,
                FactorNotFound,
                ChangedMeanwhile,
                TooManyAttempts,
            ],
        )
        .writes_to(WritePurpose::Tidy),
        operation(
            "renewRecoveryCodes",
            &[
                WrongPassword,
                WrongCode,
                ProvisionedKey,
                NotConfigured,
                FactorNotFound,
                ChangedMeanwhile,
                TooManyAttempts,
            ],
        )
        .writes_to(WritePurpose::Tidy),
    ],
};
