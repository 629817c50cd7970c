//! The route of snapshots.

use paperclip::actix::web::{self, ServiceConfig};

use super::handlers;
use crate::feature::{Feature, operation};

/// Mounts the feature's route.
fn routes(config: &mut ServiceConfig<'_>) {
    config.service(web::resource("/sync").route(web::get().to(handlers::sync)));
}

/// What the OpenAPI document says of the feature and of its operation.
pub(crate) const FEATURE: Feature = Feature {
    tag: "Sync",
    description: "What a client shows first, in one call.",
    file: file!(),
    routes,
    operations: &[operation("sync", &[])],
};
