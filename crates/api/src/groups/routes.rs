//! Where groups and their members are found.

use paperclip::actix::web::{self, ServiceConfig};

use super::{handlers, member_handlers};

/// Mounts the feature's routes.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(
            web::resource("/groups")
                .route(web::get().to(handlers::list))
                .route(web::post().to(handlers::create)),
        )
        .service(
            web::resource("/groups/{group_id}")
                .route(web::get().to(handlers::show))
                .route(web::patch().to(handlers::edit))
                .route(web::put().to(handlers::edit))
                .route(web::delete().to(handlers::delete)),
        )
        .service(web::resource("/groups/{group_id}/join").route(web::post().to(member_handlers::join)))
        .service(
            web::resource("/groups/{group_id}/members")
                .route(web::get().to(member_handlers::list))
                .route(web::post().to(member_handlers::add)),
        )
        .service(
            web::resource("/groups/{group_id}/members/{user_id}")
                .route(web::patch().to(member_handlers::edit))
                .route(web::put().to(member_handlers::edit))
                .route(web::delete().to(member_handlers::remove)),
        );
}
