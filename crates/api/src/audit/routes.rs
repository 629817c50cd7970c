//! Routes for the audit log.

use paperclip::actix::web::{self, ServiceConfig};

use super::handlers;
use crate::feature::{Feature, operation};
use crate::problem::Code::*;

/// Mounts the feature's routes.
fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(web::resource("/audit").route(web::get().to(handlers::list)))
        .service(web::resource("/groups/{group_id}/audit").route(web::get().to(handlers::list_of_group)));
}

/// What the OpenAPI document says of the feature and of its operations.
pub(crate) const FEATURE: Feature = Feature {
    tag: "Audit",
    description: "Who did what to accounts, to groups and to the server.",
    file: file!(),
    routes,
    operations: &[
        operation("listAudit", &[AdminOnly]),
        operation("listGroupAudit", &[MembersOnly, RoleTooLow, NotInDirect, GroupNotFound]),
    ],
};
