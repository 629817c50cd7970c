use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;

/// Everything that serde has a name for.
#[derive(Debug, Serialize)]
enum Shape {
    Unit,
    Newtype(Option<f64>),
    Tuple(i8, u64, char),
    #[serde(rename = "named shape")]
    Named {
        text: String,
        nothing: Nothing,
        pair: (u8, f32),
        of: Wrapped,
    },
}

#[derive(Debug, Serialize)]
struct Nothing;

#[derive(Debug, Serialize)]
struct Wrapped(Vec<Shape>);

#[derive(Debug, Serialize)]
struct Pair(bool, ());

#[derive(Debug, Serialize)]
struct Flat {
    first: i128,
    #[serde(flatten)]
    rest: BTreeMap<String, Shape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<u128>,
}

#[track_caller]
fn assert_same(value: &(impl Serialize + ?Sized)) {
    assert_eq!(to_string(value).unwrap(), serde_json::to_string(value).unwrap());
}

fn named(text: &str, of: Vec<Shape>) -> Shape {
    Shape::Named { text: text.to_owned(), nothing: Nothing, pair: (1, 0.1), of: Wrapped(of) }
}

#[test]
fn everything_is_written_as_serde_json_does() {
    let tuple = || Shape::Tuple(i8::MIN, u64::MAX, '"');
    let shapes = vec![Shape::Unit, Shape::Newtype(None), Shape::Newtype(Some(f64::NAN)), tuple()];
    assert_same(&named("a\"b", shapes));
    assert_same(&named("", Vec::new()));
    assert_same(&Pair(true, ()));
    assert_same(&[Some(-1.5e300), None]);
    assert_same(&[1e21, 0.1, -0.0, 100.0]);
    let rest: BTreeMap<_, _> = [("a\nkey".to_owned(), tuple()), ("x".to_owned(), Shape::Unit)].into();
    assert_same(&Flat { first: i128::MIN, rest, left_out: None });
    assert_same(&Flat { first: 0, rest: BTreeMap::new(), left_out: Some(u128::MAX) });
    assert_same(&json!({"a": [1, -2, 3.5, "x\\", null, true, {}], "b": {"c": []}}));
    assert_same(&BTreeMap::from([("é", 1)]));
}

#[test]
fn every_character_is_written_as_serde_json_does() {
    for character in (0..0x300).chain(0x2020..0x2030).filter_map(char::from_u32) {
        // At each place of a chunk, and beside the same character.
        for before in 0..=17 {
            let text = format!("{}{character}{character}xyz{character}", "é".repeat(before));
            assert_same(&text);
        }
        assert_same(&character);
    }
}

#[test]
fn only_text_is_a_key() {
    assert!(to_string(&BTreeMap::from([(1, 2)])).is_err());
    assert!(to_string(&BTreeMap::from([(Some("a"), 2)])).is_err());
    assert_eq!(to_vec(&BTreeMap::from([("a", 2)])).unwrap(), br#"{"a":2}"#);
}

#[test]
fn what_can_not_be_written_is_an_error() {
    assert!(to_writer(&mut [0; 3].as_mut_slice(), "four").is_err());
}

proptest! {
    #[test]
    fn any_text_is_written_as_serde_json_does(text: String, number: f64) {
        assert_same(&json!({"text": text, "number": number}));
    }
}
