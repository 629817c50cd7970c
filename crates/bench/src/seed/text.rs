//! What messages say.

/// A message's text: a sentence or two, some 100 characters.
pub(crate) fn text(number: u64) -> String {
    format!(
        "Number {number}: the build is green again, thanks to everybody who looked into it. Shall we ship it today?"
    )
}
