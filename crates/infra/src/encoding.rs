//! The canonical encoding of values, for digests of tables and checksums of rows.
//!
//! Checksums are stored: the encoding of a value must never change.

/// Appends a value to an encoding. A value includes its kind and, if it varies, its length: different rows never have
/// the same encoding, and neither do different sequences of rows. A value has the same encoding on both databases.
pub(crate) trait Encode {
    /// Appends the value.
    fn encode(&self, into: &mut Vec<u8>);

    /// Whether the value is NULL.
    fn is_null(&self) -> bool {
        false
    }
}

/// The kinds of values, as the first byte of their encoding.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
enum ValueKind {
    Null,
    Bool,
    Integer,
    Text,
    Bytes,
}

impl Encode for bool {
    fn encode(&self, into: &mut Vec<u8>) {
        into.extend([ValueKind::Bool as u8, u8::from(*self)]);
    }
}

impl Encode for i64 {
    fn encode(&self, into: &mut Vec<u8>) {
        into.push(ValueKind::Integer as u8);
        into.extend(self.to_be_bytes());
    }
}

impl Encode for &str {
    fn encode(&self, into: &mut Vec<u8>) {
        encode_long(ValueKind::Text, self.as_bytes(), into);
    }
}

impl Encode for String {
    fn encode(&self, into: &mut Vec<u8>) {
        self.as_str().encode(into);
    }
}

impl Encode for Vec<u8> {
    fn encode(&self, into: &mut Vec<u8>) {
        encode_long(ValueKind::Bytes, self, into);
    }
}

impl<T: Encode> Encode for Option<T> {
    fn encode(&self, into: &mut Vec<u8>) {
        match self {
            Some(value) => value.encode(into),
            None => into.push(ValueKind::Null as u8),
        }
    }

    fn is_null(&self) -> bool {
        self.is_none()
    }
}

fn encode_long(kind: ValueKind, bytes: &[u8], into: &mut Vec<u8>) {
    into.push(kind as u8);
    into.extend((bytes.len() as u64).to_be_bytes());
    into.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(values: &[&dyn Encode]) -> Vec<u8> {
        let mut bytes = Vec::new();
        values.iter().for_each(|value| value.encode(&mut bytes));
        bytes
    }

    #[test]
    fn what_differs_encodes_differently() {
        let text = |text: &str| text.to_owned();
        let all = [
            encoded(&[&None::<String>]),
            encoded(&[&text("")]),
            encoded(&[&Vec::<u8>::new()]),
            encoded(&[&text("\0")]),
            encoded(&[&text("a"), &text("bc")]),
            encoded(&[&text("ab"), &text("c")]),
            encoded(&[&b"abc".to_vec()]),
            encoded(&[&0_i64]),
            encoded(&[&-1_i64]),
            encoded(&[&false]),
            encoded(&[&true]),
            encoded(&[&None::<i64>, &Some(0_i64)]),
            encoded(&[&Some(0_i64), &None::<i64>]),
        ];
        for (number, one) in all.iter().enumerate() {
            assert!(all[number + 1..].iter().all(|other| other != one), "{number}");
        }
        assert_eq!(encoded(&[&Some(7_i64)]), encoded(&[&7_i64]));
    }
}
