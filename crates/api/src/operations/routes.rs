//! Routes for operations.

use paperclip::actix::web::{self, ServiceConfig};

use super::handlers;
use crate::feature::{Feature, operation};
use crate::problem::Code::*;

/// Mounts the feature's routes.
fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(web::resource("/health").route(web::get().to(handlers::health)))
        .service(web::resource("/version").route(web::get().to(handlers::version)));
}

/// What the OpenAPI document says of the feature and of its operations.
pub(crate) const FEATURE: Feature = Feature {
    tag: "Operations",
    description: "For operators of the server.",
    file: file!(),
    routes,
    operations: &[
        operation("getHealth", &[OutcomeUnknown]).without_limit(),
        operation("getVersion", &[]).without_storage(),
    ],
};
