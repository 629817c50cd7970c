//! Routes for drafts and bookmarks.

use groupchat_domain::storage::WritePurpose;
use paperclip::actix::web::{self, ServiceConfig};

use super::{bookmark_handlers, draft_handlers, reminder_handlers};
use crate::feature::{Feature, operation};
use crate::problem::Code::*;

/// Mounts the feature's routes.
fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(
            web::resource("/groups/{group_id}/draft")
                .route(web::get().to(draft_handlers::show))
                .route(web::put().to(draft_handlers::put))
                .route(web::delete().to(draft_handlers::remove)),
        )
        .service(
            web::resource("/groups/{group_id}/messages/{message_id}/draft")
                .route(web::get().to(draft_handlers::show_in_thread))
                .route(web::put().to(draft_handlers::put_in_thread))
                .route(web::delete().to(draft_handlers::remove_in_thread)),
        )
        .service(
            web::resource("/messages/{message_id}/bookmark")
                .route(web::put().to(bookmark_handlers::put))
                .route(web::delete().to(bookmark_handlers::remove)),
        )
        .service(
            web::resource("/messages/{message_id}/reminder")
                .route(web::put().to(reminder_handlers::put))
                .route(web::post().to(reminder_handlers::put))
                .route(web::delete().to(reminder_handlers::remove)),
        )
        .service(web::resource("/reminders").route(web::get().to(reminder_handlers::list)))
        .service(web::resource("/bookmarks").route(web::get().to(bookmark_handlers::list)));
}

/// What the OpenAPI document says of the feature and of its operations.
pub(crate) const FEATURE: Feature = Feature {
    tag: "Saved",
    description: "Drafts, bookmarks and reminders, which nobody else sees.",
    file: file!(),
    routes,
    operations: &[
        operation(
            "putDraft",
            &[MembersOnly, RoleTooLow, GroupNotFound, DraftNotFound, VersionConflict, TooManyDrafts],
        ),
        operation("getDraft", &[MembersOnly, RoleTooLow, GroupNotFound, DraftNotFound]),
        operation("deleteDraft", &[MembersOnly, GroupNotFound, VersionConflict])
            .writes_to(WritePurpose::Tidy),
        operation(
            "putThreadDraft",
            &[
                MembersOnly,
                RoleTooLow,
                GroupNotFound,
                MessageNotFound,
                NotARoot,
                DraftNotFound,
                VersionConflict,
                TooManyDrafts,
            ],
        ),
        operation(
            "getThreadDraft",
            &[MembersOnly, RoleTooLow, GroupNotFound, MessageNotFound, NotARoot, DraftNotFound],
        ),
        operation("deleteThreadDraft", &[MembersOnly, GroupNotFound, VersionConflict])
            .writes_to(WritePurpose::Tidy),
        operation("bookmarkMessage", &[MessageNotFound, TooManyBookmarks]),
        operation("removeBookmark", &[]).writes_to(WritePurpose::Tidy),
        operation("listBookmarks", &[]),
        operation("remindOfMessage", &[MessageNotFound, TooManyReminders]),
        operation("removeReminder", &[]).writes_to(WritePurpose::Tidy),
        operation("listReminders", &[]),
    ],
};
