//! What was measured, and the middle of it.

use std::collections::BTreeMap;

use crate::load::Sample;
use crate::scenario::Scenario;

/// The samples of each scenario, one of each round, in the order of the rounds.
pub(crate) type Samples = BTreeMap<Scenario, Vec<Sample>>;

/// The middle one, or the mean of the middle two; 0 of none.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        length if length % 2 == 1 => values[length / 2],
        length => f64::midpoint(values[length / 2 - 1], values[length / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(vec![]), 0.0);
        assert_eq!(median(vec![9.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 9.0]), 3.0);
    }
}
