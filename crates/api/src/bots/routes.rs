//! Routes for bots.

use groupchat_domain::storage::WritePurpose;
use paperclip::actix::web::{self, ServiceConfig};

use super::handlers;
use crate::feature::{Feature, operation};
use crate::problem::Code::*;

/// Mounts the feature's routes.
fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(
            web::resource("/bots")
                .route(web::get().to(handlers::list))
                .route(web::post().to(handlers::create)),
        )
        .service(
            web::resource("/bots/{bot_id}/tokens")
                .route(web::get().to(handlers::list_tokens))
                .route(web::post().to(handlers::create_token)),
        )
        .service(
            web::resource("/bots/{bot_id}/tokens/{token_id}").route(web::delete().to(handlers::end_token)),
        )
        .service(web::resource("/bots/{bot_id}/owner").route(web::put().to(handlers::hand_over)))
        .service(web::resource("/bots/{bot_id}").route(web::delete().to(handlers::delete)));
}

/// What the OpenAPI document says of the feature and of its operations.
pub(crate) const FEATURE: Feature = Feature {
    tag: "Bots",
    description: "Users that programs act as, each with an owner.",
    file: file!(),
    routes,
    operations: &[
        operation("listBots", &[]),
        operation("createBot", &[NotEditable, ProvisionedKey, UsernameTaken, TooManyBots]),
        operation(
            "handOverBot",
            &[ProvisionedKey, AdminOnly, BotNotFound, UserNotFound, TooManyBots, ChangedMeanwhile],
        ),
        operation("deleteBot", &[ProvisionedKey, AdminOnly, NotBotOwner, BotNotFound])
            .writes_to(WritePurpose::Tidy),
        operation("listBotTokens", &[ProvisionedKey, NotBotOwner, BotNotFound]),
        operation(
            "createBotToken",
            &[ProvisionedKey, NotBotOwner, BotNotFound, GroupNotFound, TooManyTokens],
        ),
        operation("endBotToken", &[ProvisionedKey, NotBotOwner, BotNotFound, TokenNotFound])
            .writes_to(WritePurpose::Secure),
    ],
};
