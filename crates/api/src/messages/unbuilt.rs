//! What messages are to have but don't have yet.

/// Rejects what messages are to have but don't have yet. Two bodies share these fields; flattened into them,
/// they would lose their names in errors.
macro_rules! refuse_unbuilt {
    ($fields:ident, $body:ident) => {
        $fields.unbuilt([
            ("reactions", $body.reactions),
            ("thread", $body.thread),
            ("mentions", $body.mentions),
            ("pinned", $body.pinned),
            ("poll", $body.poll),
            ("files", $body.files),
        ])
    };
}

pub(super) use refuse_unbuilt;
