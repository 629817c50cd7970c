//! Fields of messages that no request sets, or none yet.

/// Rejects fields that messages have but that this request doesn't set, and those that they are to have but don't have yet.
/// Two bodies share these fields; flattened into them, they would lose their names in errors.
macro_rules! refuse_unset {
    ($fields:ident, $body:ident) => {
        $fields.fixed([
            ("author_id", $body.author_id),
            ("created_at", $body.created_at),
            ("reactions", $body.reactions),
            ("thread", $body.thread),
            ("mentions", $body.mentions),
            ("pinned", $body.pinned),
        ]);
        $fields.unbuilt([("files", $body.files)])
    };
}

pub(super) use refuse_unset;
