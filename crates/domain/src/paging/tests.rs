use proptest::prelude::*;

use super::*;

/// An item that is nothing but so many bytes of text.
impl TextBytes for usize {
    fn text_bytes(&self) -> usize {
        *self
    }
}

const MAX: usize = Limit::MAX_BYTES;

fn limit(items: i64) -> Limit {
    Limit::parse(items).unwrap()
}

#[test]
fn a_limit_outside_its_range_is_refused() {
    assert_eq!(limit(1).get(), 1);
    assert_eq!(limit(200).get(), 200);
    for bad in [0, -1, 201, i64::MAX] {
        assert_eq!(Limit::parse(bad).unwrap_err().code, ViolationCode::OutOfRange);
    }
}

#[test]
fn a_page_knows_whether_there_is_more() {
    assert_eq!(Page::from_lookahead(vec![1, 2], limit(2)), Page { items: vec![1, 2], more: false });
    assert_eq!(Page::from_lookahead(vec![1, 2, 3], limit(2)), Page { items: vec![1, 2], more: true });
}

#[test]
fn a_page_ends_before_its_texts_are_too_long() {
    for (rows, taken) in [
        (vec![MAX / 2, MAX / 2, 0], 3),
        (vec![MAX / 2, MAX / 2, 1], 2),
        (vec![MAX / 2, MAX / 2 + 1], 1),
        // At least one item, whatever its length.
        (vec![MAX + 1], 1),
        (vec![MAX + 1, 0], 2),
        (vec![MAX + 1, 1], 1),
        (vec![], 0),
    ] {
        let page = Page::from_lookahead(rows.clone(), limit(200));
        assert_eq!((page.items.len(), page.more), (taken, taken < rows.len()), "{rows:?}");
        assert_eq!(page.items[..], rows[..taken]);
        assert_eq!(limit(200).is_exceeded_by(&rows), page.more, "{rows:?}");
    }
}

#[test]
fn what_a_page_does_not_take_is_not_read() {
    for (rows, items, read) in
        [(vec![MAX / 2; 10], 200, 3), (vec![MAX + 1; 10], 200, 2), (vec![1; 10], 4, 5), (vec![1; 10], 10, 10)]
    {
        let mut asked = 0;
        let counted = rows.iter().map(|row| {
            asked += 1;
            Ok::<_, ()>(*row)
        });
        assert_eq!(limit(items).read(counted).unwrap().len(), read, "{rows:?}");
        assert_eq!(asked, read);
    }
    assert_eq!(limit(3).read([Ok(1), Err("broken"), Ok(2)]), Err("broken"));
}

#[test]
fn what_is_left_of_a_limit_is_at_least_one() {
    for (taken, left) in [(0, 5), (2, 3), (4, 1), (5, 1), (100_000, 1)] {
        assert_eq!(limit(5).after(&vec![0_usize; taken]).get(), left, "{taken} of 5 taken");
    }
    let rest = limit(5).after(&[MAX - 10]);
    assert_eq!(Page::from_lookahead(vec![4, 6, 1], rest).items, [4, 6]);
    assert_eq!(Page::from_lookahead(vec![4], limit(5).after(&[MAX + 1])).items, [4]);
}

#[test]
fn half_of_a_limit_is_rounded_down_and_none_of_one() {
    for (items, half) in [(200, Some(100)), (5, Some(2)), (2, Some(1)), (1, None)] {
        assert_eq!(limit(items).half().map(Limit::get), half, "{items}");
    }
    assert_eq!(Limit::DEFAULT.get(), 50);
    let half = limit(200).half().unwrap();
    assert_eq!(Page::from_lookahead(vec![MAX / 4; 4], half).items.len(), 2);
}

#[test]
fn one_row_more_is_read_than_the_page_takes() {
    assert_eq!(limit(200).with_lookahead(), 201);
}

proptest! {
    /// Whatever the lengths, each item comes once and in order, and only a page of one item has too much text.
    #[test]
    fn following_pages_gives_each_item_once(
        texts in prop::collection::vec(prop_oneof![0..1_000_usize, 0..MAX + 9], 0..60),
        items in 1..30_i64,
    ) {
        let (mut seen, mut more) = (Vec::new(), true);
        while more {
            let rest = texts[seen.len()..].iter().map(|bytes| Ok::<_, ()>(*bytes));
            let page = Page::from_lookahead(limit(items).read(rest).unwrap(), limit(items));
            prop_assert!(page.text_bytes() <= MAX || page.items.len() == 1);
            prop_assert!(page.items.len() <= usize::try_from(items).unwrap());
            prop_assert!(!page.more || !page.items.is_empty());
            more = page.more;
            seen.extend(page.items);
        }
        prop_assert_eq!(seen, texts);
    }
}
