//! Routes for second factors.

use groupchat_domain::storage::WritePurpose;
use paperclip::actix::web::{self, ServiceConfig};

use super::handlers;
use crate::feature::{Feature, operation};
use crate::problem::Code::*;

/// Mounts the feature's routes.
fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(web::resource("/login/mfa").route(web::post().to(handlers::login)))
        .service(web::resource("/users/me/mfa").route(web::get().to(handlers::show)))
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
    description: "One-time passwords and recovery codes.",
    file: file!(),
    routes,
    operations: &[
        operation("loginWithCode", &[InvalidTicket, InvalidCode, NotConfigured, TooManyAttempts])
            .writes_to(WritePurpose::Secure),
        operation("getFactors", &[]),
        operation(
            "setUpTotp",
            &[WrongPassword, ProvisionedKey, NotConfigured, FactorExists, ChangedMeanwhile, TooManyAttempts],
        )
        .writes_to(WritePurpose::Tidy),
        operation(
            "confirmTotp",
            &[WrongCode, ProvisionedKey, NotConfigured, FactorNotFound, FactorExists, TooManyAttempts],
        )
        .writes_to(WritePurpose::Tidy),
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
