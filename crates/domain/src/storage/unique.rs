//! What comes of a value that nobody else may have.

/// How a unique value fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unique<T> {
    /// It was stored.
    Stored(T),
    /// Somebody has it already; nothing was stored, and the transaction can go on.
    Taken,
}
