//! Routes for tokens.

use groupchat_domain::storage::WritePurpose;
use paperclip::actix::web::{self, ServiceConfig};

use super::handlers;
use crate::feature::{Feature, operation};
use crate::problem::Code::*;

/// Mounts the feature's routes.
fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(
            web::resource("/tokens")
                .route(web::get().to(handlers::list))
                .route(web::post().to(handlers::create)),
        )
        .service(web::resource("/tokens/{token_id}").route(web::delete().to(handlers::end)));
}

/// What the OpenAPI document says of the feature and of its operations.
pub(crate) const FEATURE: Feature = Feature {
    tag: "Tokens",
    description: "Keys for programs that act for you.",
    file: file!(),
    routes,
    operations: &[
        operation("listTokens", &[]),
        operation("createToken", &[ProvisionedKey, GroupNotFound, TooManyTokens]),
        operation("endToken", &[ProvisionedKey, TokenNotFound]).writes_to(WritePurpose::Secure),
    ],
};
