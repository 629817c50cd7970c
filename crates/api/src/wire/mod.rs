//! The parts that bodies and queries of all features are made of.
//!
//! The type of a DTO's field says all that the OpenAPI document has to know of it. In an answer it is a [`Field`], or
//! an `Option` of one if it may be null; in a request one of [`Required`], [`Optional`], [`Alternative`], [`Patch`] and
//! [`Change`]. What it holds is a value of the domain, which is [`Described`] beside its feature, in `values.rs`.

pub(crate) mod annotation;
mod cursor;
mod described;
mod fields;
mod given;
mod page;
mod patch;
mod values;

pub use cursor::{Cursor, List};
pub use described::{Described, Field, FromJson, NOT_BLANK, Time, ToJson, id_rules};
pub(crate) use described::{id_values, plain_texts, text_values, write_as_str};
pub use fields::Fields;
pub use given::{Alternative, Given, Optional, Required, Wish};
pub use page::{Items, Page};
pub use patch::{Change, Patch};
pub use values::{Count, CursorText};
