//! The text of a time. A page has one for each message, and finding out what to print takes longer in general than for this
//! one form.

/// The bytes of `2026-09-10T12:00:00.000001Z`.
pub(super) const LENGTH: usize = 27;

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;

/// Writes a time, in microseconds of Unix time, as RFC 3339 with six digits of a second; `None` before the year 0 and after the
/// year 9999.
pub(super) fn write(micros: i64, buffer: &mut [u8; LENGTH]) -> Option<&str> {
    let (seconds, fraction) = (micros.div_euclid(MICROS_PER_SECOND), micros.rem_euclid(MICROS_PER_SECOND));
    let (days, second) = (seconds.div_euclid(SECONDS_PER_DAY), seconds.rem_euclid(SECONDS_PER_DAY));
    let (year, month, day) = date(days);
    if !(0..=9999).contains(&year) {
        return None;
    }
    *buffer = *b"0000-00-00T00:00:00.000000Z";
    let parts = [
        (0..4, year),
        (5..7, month),
        (8..10, day),
        (11..13, second / 3_600),
        (14..16, second / 60 % 60),
        (17..19, second % 60),
        (20..26, fraction),
    ];
    for (place, number) in parts {
        write_digits(&mut buffer[place], number);
    }
    str::from_utf8(buffer).ok()
}

/// Writes the last digits of a number that is not negative, as many as there is room for.
fn write_digits(place: &mut [u8], mut number: i64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Year, month and day, so many days after 1970-01-01 in the Gregorian calendar.
///
/// Counted in years that begin in March, the day of a leap year is the last one, and the months before a month have
/// (153 × month + 2) / 5 days. (E. G. Richards, "Calendars", in Explanatory Supplement to the Astronomical Almanac, 3rd ed.)
const fn date(days: i64) -> (i64, i64, i64) {
    const DAYS_OF_400_YEARS: i64 = 146_097;
    const FROM_MARCH_OF_YEAR_0: i64 = 719_468;
    let days = days + FROM_MARCH_OF_YEAR_0;
    let (cycle, day) = (days.div_euclid(DAYS_OF_400_YEARS), days.rem_euclid(DAYS_OF_400_YEARS));
    // Without the leap days before it, one every 4 years, but not every 100, except for the last of the cycle.
    let year = (day - day / 1_460 + day / 36_524 - day / (DAYS_OF_400_YEARS - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    (cycle * 400 + year, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(micros: i64) -> Option<String> {
        write(micros, &mut [0; LENGTH]).map(str::to_owned)
    }

    /// The same by jiff, which tells times from the year -9999 to almost the end of the year 9999.
    fn expected(micros: i64) -> String {
        format!("{:.6}", jiff::Timestamp::from_microsecond(micros).unwrap())
    }

    #[test]
    fn every_day_of_400_years_is_that_of_the_calendar() {
        let day = SECONDS_PER_DAY * MICROS_PER_SECOND;
        for days in -200 * 366..200 * 366 {
            let micros = days * day + (days * 7_919_000_003).rem_euclid(day);
            assert_eq!(written(micros), Some(expected(micros)), "{days}");
        }
    }

    #[test]
    fn a_time_with_other_years_than_of_four_digits_has_no_text() {
        // 0000-01-01 and 10000-01-01.
        let (first, end) = (-62_167_219_200_000_000, 253_402_300_800_000_000);
        assert_eq!(written(first), Some(expected(first)));
        assert_eq!(written(first - 1), None);
        assert_eq!(written(end - 1).as_deref(), Some("9999-12-31T23:59:59.999999Z"));
        assert_eq!((written(end), written(i64::MIN), written(i64::MAX)), (None, None, None));
    }

    proptest! {
        #[test]
        fn any_time_is_told_as_jiff_does(micros in -62_167_219_200_000_000_i64..=253_402_207_200_000_000) {
            prop_assert_eq!(written(micros), Some(expected(micros)));
        }
    }
}
