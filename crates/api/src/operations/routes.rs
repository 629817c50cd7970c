//! Where operations are found.

use paperclip::actix::web::{self, ServiceConfig};

use super::handlers;

/// Mounts the feature's routes.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(web::resource("/health").route(web::get().to(handlers::health)))
        .service(web::resource("/version").route(web::get().to(handlers::version)));
}
