//! Routes for polls.

use groupchat_domain::storage::WritePurpose;
use paperclip::actix::web::{self, ServiceConfig};

use super::handlers;
use crate::feature::{Feature, operation};
use crate::problem::Code::*;

/// Mounts the feature's routes.
fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(
            web::resource("/groups/{group_id}/messages/{message_id}/poll/vote")
                .route(web::put().to(handlers::vote))
                .route(web::delete().to(handlers::unvote)),
        )
        .service(
            web::resource("/groups/{group_id}/messages/{message_id}/poll/close")
                .route(web::post().to(handlers::close)),
        )
        .service(
            web::resource("/groups/{group_id}/messages/{message_id}/poll/options")
                .route(web::post().to(handlers::add_option)),
        )
        .service(
            web::resource("/groups/{group_id}/messages/{message_id}/poll/options/{option_id}/voters")
                .route(web::get().to(handlers::list_voters)),
        );
}

/// What the OpenAPI document says of the feature and of its operations.
pub(crate) const FEATURE: Feature = Feature {
    tag: "Polls",
    description: "Polls, which are messages with options to vote for.",
    file: file!(),
    routes,
    operations: &[
        operation(
            "vote",
            &[
                MembersOnly,
                Muted,
                RoleTooLow,
                DirectClosed,
                NotConfigured,
                Archived,
                GroupNotFound,
                MessageNotFound,
                NotAPoll,
                OptionNotFound,
                Deleted,
                PollClosed,
                TooManyChoices,
            ],
        ),
        operation(
            "unvote",
            &[
                MembersOnly,
                Muted,
                RoleTooLow,
                DirectClosed,
                NotConfigured,
                Archived,
                GroupNotFound,
                MessageNotFound,
                NotAPoll,
                Deleted,
                PollClosed,
            ],
        )
        .writes_to(WritePurpose::Tidy),
        operation(
            "closePoll",
            &[
                MembersOnly,
                RoleTooLow,
                DirectClosed,
                NotInDirect,
                Archived,
                GroupNotFound,
                MessageNotFound,
                NotAPoll,
                Deleted,
            ],
        )
        .writes_to(WritePurpose::Tidy),
        operation(
            "addPollOption",
            &[
                MembersOnly,
                Muted,
                RoleTooLow,
                DirectClosed,
                NotAuthor,
                Archived,
                GroupNotFound,
                MessageNotFound,
                NotAPoll,
                Deleted,
                PollClosed,
                PollHasVotes,
                TooManyOptions,
            ],
        ),
        operation(
            "listVoters",
            &[
                MembersOnly,
                RoleTooLow,
                PollAnonymous,
                ResultsHidden,
                GroupNotFound,
                MessageNotFound,
                NotAPoll,
                OptionNotFound,
                Deleted,
            ],
        ),
    ],
};
