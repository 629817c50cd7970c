//! Arrays and objects.

use std::io::Write;

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};
use serde_json::{Error, Result};

use super::Json;
use super::key::Key;

/// An array or an object that is being written.
pub(super) struct Compound<'j, 'o, W> {
    json: &'j mut Json<'o, W>,
    /// Whether nothing has been written into it.
    is_empty: bool,
    end: &'static [u8],
}

impl<'j, 'o, W: Write> Compound<'j, 'o, W> {
    #[inline]
    pub(super) fn open(json: &'j mut Json<'o, W>, begin: &[u8], end: &'static [u8]) -> Result<Self> {
        json.put(begin)?;
        Ok(Self { json, is_empty: true, end })
    }

    /// Separates what follows from what is there.
    #[inline]
    fn separate(&mut self) -> Result<()> {
        if std::mem::take(&mut self.is_empty) { Ok(()) } else { self.json.put(b",") }
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.separate()?;
        value.serialize(&mut *self.json)
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
        // As few writes as there can be: a page has more than a thousand fields.
        if std::mem::take(&mut self.is_empty) {
            self.json.put(b"\"")?;
        } else {
            self.json.put(b",\"")?;
        }
        self.json.put_plain(name)?;
        self.json.put(b"\":")?;
        value.serialize(&mut *self.json)
    }

    #[inline]
    fn close(self) -> Result<()> {
        self.json.put(self.end)
    }
}

/// Implements what serde calls an array or an object.
macro_rules! compounds {
    ($($name:ident: $method:ident($($key:ident: $type:ty)?) => $does:ident;)+) => {$(
        impl<W: Write> $name for Compound<'_, '_, W> {
            type Ok = ();
            type Error = Error;

            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, $($key: $type,)? value: &T) -> Result<()> {
                self.$does($($key,)? value)
            }

            #[inline]
            fn end(self) -> Result<()> {
                self.close()
            }
        }
    )+};
}

compounds! {
    SerializeSeq: serialize_element() => element;
    SerializeTuple: serialize_element() => element;
    SerializeTupleStruct: serialize_field() => element;
    SerializeTupleVariant: serialize_field() => element;
    SerializeStruct: serialize_field(name: &'static str) => field;
    SerializeStructVariant: serialize_field(name: &'static str) => field;
}

impl<W: Write> SerializeMap for Compound<'_, '_, W> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.separate()?;
        key.serialize(Key(&mut *self.json))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.json.put(b":")?;
        value.serialize(&mut *self.json)
    }

    fn end(self) -> Result<()> {
        self.close()
    }
}
