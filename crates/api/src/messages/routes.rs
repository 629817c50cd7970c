//! Where messages are found.

use paperclip::actix::web::{self, ServiceConfig};

use super::handlers;

/// Mounts the feature's routes.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(
            web::resource("/groups/{group_id}/messages")
                .route(web::get().to(handlers::list))
                .route(web::post().to(handlers::send)),
        )
        .service(
            web::resource("/groups/{group_id}/messages/{message_id}")
                .route(web::get().to(handlers::show))
                .route(web::patch().to(handlers::edit))
                .route(web::put().to(handlers::edit))
                .route(web::delete().to(handlers::delete)),
        )
        .service(
            web::resource("/groups/{group_id}/messages/{message_id}/like")
                .route(web::put().to(handlers::like))
                .route(web::post().to(handlers::like))
                .route(web::delete().to(handlers::unlike)),
        )
        .service(web::resource("/groups/{group_id}/read").route(web::put().to(handlers::mark_read)));
}
