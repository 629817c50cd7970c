//! Routes for the audit log.

use paperclip::actix::web::{self, ServiceConfig};

use super::handlers;
use crate::feature::{Feature, operation};
use crate::problem::Code::*;

/// Mounts the feature's routes.
fn routes(config: &mut ServiceConfig<'_>) {
    config.service(web::resource("/audit").route(web::get().to(handlers::list)));
}

/// What the OpenAPI document says of the feature and of its operations.
pub(crate) const FEATURE: Feature = Feature {
    tag: "Audit",
    description: "Who did what to accounts and to the server.",
    file: file!(),
    routes,
    operations: &[operation("listAudit", &[AdminOnly])],
};
