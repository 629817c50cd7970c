//! Everything that is stored about one user.

use groupchat_domain::accounts::{ExportPart, ExportRow, ExportValue};
use groupchat_domain::storage::Tx;

use crate::support::fixture::*;

/// All rows of a part, page by page.
fn rows(tx: &mut dyn Tx, part: ExportPart, user: groupchat_domain::ids::UserId) -> Vec<ExportRow> {
    let (mut rows, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = tx.exports().page(part, user, after).unwrap();
        rows.extend(page.rows);
        (after, pages) = (page.next, pages + 1);
        assert!(pages < 1_000, "it goes on");
        if after.is_none() {
            return rows;
        }
    }
}

fn values(rows: &[ExportRow], name: &str) -> Vec<ExportValue> {
    let value = |row: &ExportRow| row.0.iter().find(|(field, _)| *field == name).expect("a field").1.clone();
    rows.iter().map(value).collect()
}

fn each_part_has_the_rows_of_one_user(tx: &mut dyn Tx) {
    let [ann, bob] = ["ann", "bob"].map(|name| user(tx, name).id);
    tx.blocks().insert(ann, bob, at(1)).unwrap();
    tx.blocks().insert(bob, ann, at(2)).unwrap();
    tx.factors().replace_recovery_codes(ann, &[key(1), key(2)]).unwrap();
    for part in ExportPart::ALL {
        // No statement fails, and nothing of another one is told.
        let (of_ann, of_bob) = (rows(tx, *part, ann), rows(tx, *part, bob));
        assert!(of_ann.is_empty() || of_ann != of_bob, "{part:?}");
    }
    let blocked = values(&rows(tx, ExportPart::Blocks, ann), "user_id");
    assert_eq!(blocked, [ExportValue::Number(bob.get())]);
    let kinds = values(&rows(tx, ExportPart::Factors, ann), "kind");
    assert_eq!(kinds, [ExportValue::from("recovery_codes")]);
    let name = values(&rows(tx, ExportPart::Profile, ann), "username");
    assert_eq!(name, [ExportValue::from("ann")]);
}

cases! { transaction:
    each_part_has_the_rows_of_one_user
}
