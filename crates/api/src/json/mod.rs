//! Writes JSON: the bytes that `serde_json` writes, with three fifths of the instructions.
//!
//! A page is mostly names of fields and text without anything to escape. `serde_json` looks at each byte of both by itself. Here,
//! names of fields are copied, since Rust's are plain, and text is searched sixteen bytes at a time. Numbers are left to
//! `serde_json`.

mod compound;
mod key;
mod text;

use std::io::Write;

use serde::{Serialize, Serializer};
use serde_json::{Error, Result};

use compound::Compound;

/// Most values have at most so many bytes.
const USUAL_SIZE: usize = 512;

/// Writes a value.
///
/// # Errors
/// The value refuses, a key of a map is no text, or writing fails.
pub(crate) fn to_writer(out: &mut impl Write, value: &(impl Serialize + ?Sized)) -> Result<()> {
    value.serialize(&mut Json { out })
}

/// The bytes of a value.
///
/// # Errors
/// The value refuses, or a key of a map is no text.
pub(crate) fn to_vec(value: &(impl Serialize + ?Sized)) -> Result<Vec<u8>> {
    let mut written = Vec::with_capacity(USUAL_SIZE);
    to_writer(&mut written, value)?;
    Ok(written)
}

/// The text of a value.
///
/// # Errors
/// The value refuses, or a key of a map is no text.
pub(crate) fn to_string(value: &(impl Serialize + ?Sized)) -> Result<String> {
    Ok(String::from_utf8(to_vec(value)?).expect("JSON is UTF-8"))
}

/// Where a value is written.
struct Json<'o, W> {
    out: &'o mut W,
}

impl<W: Write> Json<'_, W> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.out.write_all(bytes).map_err(Error::io)
    }

    /// Writes the name of a field or of a variant, which has nothing to escape.
    #[inline]
    fn put_plain(&mut self, name: &'static str) -> Result<()> {
        debug_assert!(text::first_special(name.as_bytes()).is_none(), "{name:?} is no plain name");
        self.put(name.as_bytes())
    }

    /// Writes the name of a variant as text.
    fn put_name(&mut self, name: &'static str) -> Result<()> {
        self.put(b"\"")?;
        self.put_plain(name)?;
        self.put(b"\"")
    }

    /// Begins an object that has nothing but the name of the variant that follows.
    fn open_variant(&mut self, variant: &'static str) -> Result<()> {
        self.put(b"{")?;
        self.put_name(variant)?;
        self.put(b":")
    }
}

/// Leaves numbers to `serde_json`.
macro_rules! numbers {
    ($($method:ident($type:ty))+) => {$(
        #[inline]
        fn $method(self, value: $type) -> Result<()> {
            serde_json::to_writer(&mut *self.out, &value)
        }
    )+};
}

impl<'j, 'o, W: Write> Serializer for &'j mut Json<'o, W> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Compound<'j, 'o, W>;
    type SerializeTuple = Compound<'j, 'o, W>;
    type SerializeTupleStruct = Compound<'j, 'o, W>;
    type SerializeTupleVariant = Compound<'j, 'o, W>;
    type SerializeMap = Compound<'j, 'o, W>;
    type SerializeStruct = Compound<'j, 'o, W>;
    type SerializeStructVariant = Compound<'j, 'o, W>;

    numbers! {
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64) serialize_i128(i128)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64) serialize_u128(u128)
        serialize_f32(f32) serialize_f64(f64)
    }

    #[inline]
    fn serialize_bool(self, value: bool) -> Result<()> {
        self.put(if value { b"true" } else { b"false" })
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, value: &str) -> Result<()> {
        text::put(self, value)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        self.collect_seq(value)
    }

    #[inline]
    fn serialize_none(self) -> Result<()> {
        self.put(b"null")
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<()> {
        self.put(b"null")
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<()> {
        self.put(b"null")
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<()> {
        self.put_name(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        self.open_variant(variant)?;
        value.serialize(&mut *self)?;
        self.put(b"}")
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'j, 'o, W>> {
        Compound::open(self, b"[", b"]")
    }

    fn serialize_tuple(self, _: usize) -> Result<Compound<'j, 'o, W>> {
        Compound::open(self, b"[", b"]")
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Compound<'j, 'o, W>> {
        Compound::open(self, b"[", b"]")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'j, 'o, W>> {
        self.open_variant(variant)?;
        Compound::open(self, b"[", b"]}")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'j, 'o, W>> {
        Compound::open(self, b"{", b"}")
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Compound<'j, 'o, W>> {
        Compound::open(self, b"{", b"}")
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Compound<'j, 'o, W>> {
        self.open_variant(variant)?;
        Compound::open(self, b"{", b"}}")
    }
}

#[cfg(test)]
mod tests;
