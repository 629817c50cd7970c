//! Where events are found.

use actix_web::middleware::from_fn;
use paperclip::actix::web::{self, ServiceConfig};

use super::{handlers, origin};

/// Mounts the feature's routes.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(web::resource("/events").route(web::get().to(handlers::poll)))
        .service(
            web::resource("/events/stream")
                .route(web::get().to(handlers::stream))
                .wrap(from_fn(origin::let_page_read)),
        )
        .service(web::resource("/events/socket").route(web::get().to(handlers::socket)))
        .service(web::resource("/events/ticket").route(web::post().to(handlers::ticket)));
}
