//! Routes for messages.

use groupchat_domain::storage::WritePurpose;
use paperclip::actix::web::{self, ServiceConfig};

use super::{batch, edit_handlers, forward, handlers, mention_handlers, read_handlers, thread_handlers};
use crate::feature::{Feature, operation};
use crate::problem::Code::*;

/// Mounts the feature's routes.
fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(
            web::resource("/groups/{group_id}/messages")
                .route(web::get().to(handlers::list))
                .route(web::post().to(handlers::send)),
        )
        .service(web::resource("/groups/{group_id}/messages/batch").route(web::post().to(batch::send_batch)))
        .service(web::resource("/messages/{message_id}").route(web::get().to(handlers::show_anywhere)))
        .service(
            web::resource("/groups/{group_id}/messages/{message_id}")
                .route(web::get().to(handlers::show))
                .route(web::patch().to(edit_handlers::edit))
                .route(web::put().to(edit_handlers::edit))
                .route(web::delete().to(edit_handlers::delete)),
        )
        .service(
            web::resource("/groups/{group_id}/messages/{message_id}/history")
                .route(web::get().to(edit_handlers::list_history)),
        )
        .service(
            web::resource("/groups/{group_id}/messages/{message_id}/like")
                .route(web::put().to(handlers::like))
                .route(web::post().to(handlers::like))
                .route(web::delete().to(handlers::unlike)),
        )
        .service(
            web::resource("/groups/{group_id}/messages/{message_id}/reactions/{emoji}")
                .route(web::get().to(handlers::list_reactors))
                .route(web::put().to(handlers::react))
                .route(web::delete().to(handlers::unreact)),
        )
        .service(
            web::resource("/groups/{group_id}/messages/{message_id}/pin")
                .route(web::put().to(handlers::pin))
                .route(web::delete().to(handlers::unpin)),
        )
        .service(
            web::resource("/groups/{group_id}/messages/{message_id}/forward")
                .route(web::post().to(forward::forward)),
        )
        .service(
            web::resource("/groups/{group_id}/messages/{message_id}/follow")
                .route(web::put().to(thread_handlers::follow))
                .route(web::delete().to(thread_handlers::unfollow)),
        )
        .service(
            web::resource("/groups/{group_id}/messages/{message_id}/read")
                .route(web::put().to(read_handlers::mark_thread_read)),
        )
        .service(web::resource("/mentions").route(web::get().to(mention_handlers::list)))
        .service(web::resource("/threads").route(web::get().to(thread_handlers::list)))
        .service(web::resource("/groups/{group_id}/pins").route(web::get().to(handlers::list_pins)))
        .service(web::resource("/groups/{group_id}/read").route(web::put().to(read_handlers::mark_read)))
        .service(
            web::resource("/groups/{group_id}/read-by").route(web::get().to(read_handlers::list_readers)),
        )
        .service(web::resource("/read-all").route(web::post().to(read_handlers::read_all)));
}

/// What the OpenAPI document says of the feature and of its operations.
pub(crate) const FEATURE: Feature = Feature {
    tag: "Messages",
    description: "Messages, threads, reactions, mentions, pins, read cursors and receipts.",
    file: file!(),
    routes,
    operations: &[
        operation(
            "sendMessage",
            &[
                NotSupported,
                NotEditable,
                MembersOnly,
                Muted,
                RoleTooLow,
                DirectClosed,
                NotConfigured,
                Archived,
                GroupNotFound,
                MessageNotFound,
                NotARoot,
                Deleted,
                SlowMode,
                TooManyMentions,
            ],
        ),
        operation(
            "sendMessages",
            &[
                AdminOnly,
                MembersOnly,
                Muted,
                RoleTooLow,
                NotInDirect,
                DirectClosed,
                Archived,
                GroupNotFound,
                MessageNotFound,
                SlowMode,
                TooManyMentions,
            ],
        ),
        operation(
            "forwardMessage",
            &[
                MembersOnly,
                Muted,
                RoleTooLow,
                DirectClosed,
                Archived,
                GroupNotFound,
                MessageNotFound,
                Deleted,
                SlowMode,
            ],
        ),
        operation("findMessage", &[MessageNotFound]),
        operation("listMessages", &[MembersOnly, RoleTooLow, GroupNotFound, MessageNotFound, NotARoot]),
        operation("getMessage", &[MembersOnly, RoleTooLow, GroupNotFound, MessageNotFound]),
        operation(
            "editMessage",
            &[
                NotSupported,
                NotEditable,
                MembersOnly,
                RoleTooLow,
                DirectClosed,
                NotAuthor,
                TooLate,
                Archived,
                GroupNotFound,
                MessageNotFound,
                Deleted,
                VersionConflict,
                PollHasVotes,
                TooManyMentions,
            ],
        ),
        operation(
            "deleteMessage",
            &[
                MembersOnly,
                RoleTooLow,
                NotInDirect,
                TooLate,
                Archived,
                GroupNotFound,
                MessageNotFound,
                VersionConflict,
            ],
        )
        .writes_to(WritePurpose::Tidy),
        operation("listHistory", &[MembersOnly, RoleTooLow, NotInDirect, GroupNotFound, MessageNotFound]),
        operation(
            "likeMessage",
            &[
                MembersOnly,
                Muted,
                RoleTooLow,
                DirectClosed,
                Archived,
                GroupNotFound,
                MessageNotFound,
                Deleted,
                TooManyReactions,
            ],
        ),
        operation(
            "unlikeMessage",
            &[MembersOnly, Muted, RoleTooLow, DirectClosed, Archived, GroupNotFound, MessageNotFound],
        )
        .writes_to(WritePurpose::Tidy),
        operation(
            "reactToMessage",
            &[
                MembersOnly,
                Muted,
                RoleTooLow,
                DirectClosed,
                Archived,
                GroupNotFound,
                MessageNotFound,
                Deleted,
                TooManyReactions,
            ],
        ),
        operation(
            "unreactToMessage",
            &[MembersOnly, Muted, RoleTooLow, DirectClosed, Archived, GroupNotFound, MessageNotFound],
        )
        .writes_to(WritePurpose::Tidy),
        operation("listReactors", &[MembersOnly, RoleTooLow, GroupNotFound, MessageNotFound]),
        operation(
            "pinMessage",
            &[
                MembersOnly,
                RoleTooLow,
                DirectClosed,
                Archived,
                GroupNotFound,
                MessageNotFound,
                Deleted,
                TooManyPins,
            ],
        ),
        operation(
            "unpinMessage",
            &[MembersOnly, RoleTooLow, DirectClosed, Archived, GroupNotFound, MessageNotFound],
        )
        .writes_to(WritePurpose::Tidy),
        operation("listThreads", &[]),
        operation("listMentions", &[]),
        operation(
            "followThread",
            &[MembersOnly, RoleTooLow, GroupNotFound, MessageNotFound, NotARoot, NoThread],
        ),
        operation("unfollowThread", &[MembersOnly, RoleTooLow, GroupNotFound, MessageNotFound, NotARoot])
            .writes_to(WritePurpose::Tidy),
        operation(
            "markThreadRead",
            &[MembersOnly, RoleTooLow, GroupNotFound, MessageNotFound, NotARoot, NoThread],
        )
        .writes_to(WritePurpose::Tidy),
        operation("listPins", &[MembersOnly, RoleTooLow, GroupNotFound]),
        operation("markRead", &[MembersOnly, RoleTooLow, GroupNotFound]).writes_to(WritePurpose::Tidy),
        operation("listReaders", &[MembersOnly, RoleTooLow, ReceiptsOff, ReceiptsHidden, GroupNotFound]),
        operation("readAll", &[]).writes_to(WritePurpose::Tidy),
    ],
};
