//! Routes for scheduled messages.

use groupchat_domain::storage::WritePurpose;
use paperclip::actix::web::{self, ServiceConfig};

use super::handlers;
use crate::feature::{Feature, operation};
use crate::problem::Code::*;

/// Mounts the feature's routes.
fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(
            web::resource("/groups/{group_id}/scheduled-messages")
                .route(web::get().to(handlers::list))
                .route(web::post().to(handlers::schedule)),
        )
        .service(
            web::resource("/groups/{group_id}/scheduled-messages/{scheduled_id}")
                .route(web::patch().to(handlers::edit))
                .route(web::delete().to(handlers::remove)),
        );
}

/// What the OpenAPI document says of the feature and of its operations.
pub(crate) const FEATURE: Feature = Feature {
    tag: "Scheduled",
    description: "Messages that are sent later.",
    file: file!(),
    routes,
    operations: &[
        operation(
            "scheduleMessage",
            &[
                NotSupported,
                MembersOnly,
                RoleTooLow,
                GroupNotFound,
                MessageNotFound,
                NotARoot,
                TooManyScheduled,
            ],
        ),
        operation("listScheduledMessages", &[]),
        operation("editScheduledMessage", &[NotSupported, NotEditable, ScheduledNotFound]),
        operation("dropScheduledMessage", &[ScheduledNotFound]).writes_to(WritePurpose::Tidy),
    ],
};
