//! Characters that nobody sees.

/// The characters with the property `Default_Ignorable_Code_Point`, first and last of each range: Unicode 17.0,
/// `DerivedCoreProperties.txt`, neighbouring ranges joined. Ranges reserved for later such characters are in it,
/// so a newer version of Unicode seldom changes it.
const RANGES: [(char, char); 17] = [
    ('\u{00AD}', '\u{00AD}'),
    ('\u{034F}', '\u{034F}'),
    ('\u{061C}', '\u{061C}'),
    ('\u{115F}', '\u{1160}'),
    ('\u{17B4}', '\u{17B5}'),
    ('\u{180B}', '\u{180F}'),
    ('\u{200B}', '\u{200F}'),
    ('\u{202A}', '\u{202E}'),
    ('\u{2060}', '\u{206F}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{FE00}', '\u{FE0F}'),
    ('\u{FEFF}', '\u{FEFF}'),
    ('\u{FFA0}', '\u{FFA0}'),
    ('\u{FFF0}', '\u{FFF8}'),
    ('\u{1BCA0}', '\u{1BCA3}'),
    ('\u{1D173}', '\u{1D17A}'),
    ('\u{E0000}', '\u{E0FFF}'),
];

/// Whether the character shows nothing by itself: joiners, variation selectors, directions, fillers and the like.
pub fn is_ignorable(character: char) -> bool {
    let place = RANGES.partition_point(|(_, last)| *last < character);
    RANGES.get(place).is_some_and(|(first, _)| *first <= character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ranges_are_in_order_and_apart() {
        assert!(RANGES.iter().all(|(first, last)| first <= last));
        assert!(RANGES.windows(2).all(|pair| pair[0].1 < pair[1].0));
    }

    #[test]
    fn what_shows_nothing_is_ignorable_and_what_shows_something_is_not() {
        let ignorable = "\u{ad}\u{200b}\u{200d}\u{200f}\u{202e}\u{2060}\u{206f}\u{3164}\u{fe0f}\u{feff}\u{ffa0}\u{e0041}\u{e0fff}";
        assert!(ignorable.chars().all(is_ignorable));
        let other =
            "a\0 \u{ac}\u{ae}\u{a0}é\u{301}\u{2010}\u{2028}👩🏽\u{fe10}\u{ffff}\u{dffff}\u{e1000}\u{10ffff}";
        assert!(!other.chars().any(is_ignorable));
    }
}
