//! Finds a short history that fails as a long one does.

/// Leaves out of `items` what makes no difference to whether they fail, in ever smaller pieces; at most `attempts`
/// times it is tried. They have to fail as they are.
pub fn shrink<T: Clone>(items: &[T], mut attempts: usize, mut fails: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let mut kept = items.to_vec();
    let mut piece = kept.len().div_ceil(2);
    while piece > 0 && attempts > 0 {
        let mut start = 0;
        let before = kept.len();
        while start < kept.len() && attempts > 0 {
            let end = (start + piece).min(kept.len());
            let without: Vec<_> = kept[..start].iter().chain(&kept[end..]).cloned().collect();
            attempts -= 1;
            if fails(&without) {
                kept = without;
            } else {
                start = end;
            }
        }
        if piece > 1 {
            piece = piece.div_ceil(2);
        } else if kept.len() == before {
            break;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_difference_is_left_out() {
        let items: Vec<_> = (0..100).collect();
        let shrunk = shrink(&items, 1_000, |items| items.contains(&17) && items.contains(&71));
        assert_eq!(shrunk, [17, 71]);
    }

    #[test]
    fn it_ends_after_so_many_attempts() {
        let items: Vec<_> = (0..1_000).collect();
        let mut attempts = 0;
        shrink(&items, 10, |_| {
            attempts += 1;
            false
        });
        assert_eq!(attempts, 10);
    }
}
