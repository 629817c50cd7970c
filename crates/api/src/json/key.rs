//! Keys of maps: text, and nothing else.

use std::io::Write;

use serde::ser::{Error as _, Impossible, Serialize, Serializer};
use serde_json::{Error, Result};

use super::{Json, text};

/// Where a key is written.
pub(super) struct Key<'j, 'o, W>(pub(super) &'j mut Json<'o, W>);

/// Rejects what is no text.
macro_rules! rejected {
    ($($method:ident($($type:ty),*) -> $outcome:ty;)+) => {$(
        fn $method(self, $(_: $type),*) -> $outcome {
            Err(no_text())
        }
    )+};
}

type No = Impossible<(), Error>;
type Name = &'static str;

impl<W: Write> Serializer for Key<'_, '_, W> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = No;
    type SerializeTuple = No;
    type SerializeTupleStruct = No;
    type SerializeTupleVariant = No;
    type SerializeMap = No;
    type SerializeStruct = No;
    type SerializeStructVariant = No;

    fn serialize_str(self, value: &str) -> Result<()> {
        text::put(self.0, value)
    }

    fn serialize_unit_variant(self, _: Name, _: u32, variant: Name) -> Result<()> {
        self.0.put_name(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: Name, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<()> {
        Err(no_text())
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(self, _: Name, _: u32, _: Name, _: &T) -> Result<()> {
        Err(no_text())
    }

    rejected! {
        serialize_bool(bool) -> Result<()>;
        serialize_i8(i8) -> Result<()>;
        serialize_i16(i16) -> Result<()>;
        serialize_i32(i32) -> Result<()>;
        serialize_i64(i64) -> Result<()>;
        serialize_u8(u8) -> Result<()>;
        serialize_u16(u16) -> Result<()>;
        serialize_u32(u32) -> Result<()>;
        serialize_u64(u64) -> Result<()>;
        serialize_f32(f32) -> Result<()>;
        serialize_f64(f64) -> Result<()>;
        serialize_char(char) -> Result<()>;
        serialize_bytes(&[u8]) -> Result<()>;
        serialize_none() -> Result<()>;
        serialize_unit() -> Result<()>;
        serialize_unit_struct(Name) -> Result<()>;
        serialize_seq(Option<usize>) -> Result<No>;
        serialize_tuple(usize) -> Result<No>;
        serialize_tuple_struct(Name, usize) -> Result<No>;
        serialize_tuple_variant(Name, u32, Name, usize) -> Result<No>;
        serialize_map(Option<usize>) -> Result<No>;
        serialize_struct(Name, usize) -> Result<No>;
        serialize_struct_variant(Name, u32, Name, usize) -> Result<No>;
    }
}

fn no_text() -> Error {
    Error::custom("a key of an object must be text")
}
