//! The parts that bodies and queries of all features are made of.

mod cursor;
mod fields;
mod given;
mod page;
mod patch;
mod time;

pub use cursor::{Cursor, List};
pub use fields::Fields;
pub use given::{Given, Wish, is_marker};
pub use page::Page;
pub use patch::Patch;
pub use time::Time;
