//! Routes for events.

use actix_web::middleware::from_fn;
use groupchat_domain::storage::WritePurpose;
use paperclip::actix::web::{self, ServiceConfig};

use super::{handlers, origin};
use crate::feature::{Feature, operation};
use crate::problem::Code::*;

/// Mounts the feature's routes.
fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(web::resource("/events").route(web::get().to(handlers::poll)))
        .service(
            web::resource("/events/stream")
                .route(web::get().to(handlers::stream))
                .wrap(from_fn(origin::add_cors_headers)),
        )
        .service(web::resource("/events/socket").route(web::get().to(handlers::socket)))
        .service(web::resource("/events/ticket").route(web::post().to(handlers::ticket)));
}

/// What the OpenAPI document says of the feature and of its operations.
pub(crate) const FEATURE: Feature = Feature {
    tag: "Events",
    description: "Events, live and since a cursor.",
    file: file!(),
    routes,
    operations: &[
        operation("pollEvents", &[]),
        operation("streamEvents", &[InvalidTicket, OriginNotAllowed, OutcomeUnknown]),
        operation(
            "openSocket",
            &[BadRequest, InvalidTicket, OriginNotAllowed, UpgradeRequired, OutcomeUnknown],
        ),
        operation("createTicket", &[]).writes_to(WritePurpose::Tidy),
    ],
};
