//! The outcome of storing a unique value.

/// How a unique value fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unique<T> {
    /// It was stored.
    Stored(T),
    /// Somebody has it already; nothing was stored, and the transaction can go on.
    Taken,
}
