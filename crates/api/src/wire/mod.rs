//! The common parts of bodies and queries.
//!
//! The type of a DTO's field contains everything that the OpenAPI document needs to know about it. In a response it is
//! a [`Field`], or an `Option` of one if it can be null. In a request it is [`Required`], [`RequiredItems`], [`Optional`],
//! [`Alternative`], [`Patch`] or [`Change`]. Its value is a value of the domain, which is [`Described`] next to its
//! feature, in `values.rs`.

pub(crate) mod annotation;
mod cursor;
mod described;
mod fields;
mod fixed;
mod given;
mod page;
mod patch;
mod time_text;
mod values;

pub use cursor::{List, ListCursor};
pub use described::{Described, Field, FromJson, NOT_BLANK, Time, ToJson, id_rules};
pub(crate) use described::{id_values, plain_texts, text_values, write_as_str};
pub use fields::Fields;
pub use fixed::FixedFields;
pub(crate) use given::UnknownFields;
pub use given::{Alternative, Given, Optional, OptionalObject, Required, RequiredItems};
pub use page::{Items, PageDto, PageParams};
pub use patch::{Change, Patch};
pub use values::{Count, CursorText, IdList};
