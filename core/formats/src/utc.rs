//! Seconds since 1970 as dates and back, in the proleptic Gregorian calendar, without leap seconds.

use std::fmt;

/// Days from 1 March of year 0 to 1 January 1970.
const TO_1970: i64 = 719_468;
/// Days in 400 years.
const ERA: i64 = 146_097;

/// A date and a time in UTC.
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
}

impl Civil {
    /// Seconds since 1970; none for a date or a time that there is not.
    pub(crate) fn seconds(&self) -> Option<i64> {
        let Civil { year, month, day, hour, minute, second } = *self;
        let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let days_of_month = match month {
            2 => 28 + i64::from(is_leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        let in_range = (1..=days_of_month).contains(&day)
            && (0..24).contains(&hour)
            && (0..60).contains(&minute)
            && (0..60).contains(&second);
        if !in_range {
            return None;
        }
        // A year that begins in March has its leap day last.
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        let days = 365 * year + leaps + (153 * month + 2) / 5 + day - 1 - TO_1970;
        Some(((days * 24 + hour) * 60 + minute) * 60 + second)
    }

    fn of(seconds: i64) -> Civil {
        let (days, time) = (seconds.div_euclid(86_400) + TO_1970, seconds.rem_euclid(86_400));
        let (era, day) = (days.div_euclid(ERA), days.rem_euclid(ERA));
        // Every fourth year has a day more, every hundredth not, every four hundredth again.
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        Civil {
            year: era * 400 + year + i64::from(month >= 10),
            month: if month < 10 { month + 3 } else { month - 9 },
            day: day - (153 * month + 2) / 5 + 1,
            hour: time / 3600,
            minute: time / 60 % 60,
            second: time % 60,
        }
    }
}

/// Seconds since 1970, written as RFC 3339: `2026-11-20T07:30:00Z`.
pub(crate) struct Utc(pub(crate) i64);

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Civil { year, month, day, hour, minute, second } = Civil::of(self.0);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dates_are_written_as_rfc_3339() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (4_107_542_399, "2100-02-28T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(Utc(seconds).to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn seconds_and_dates_are_one(seconds in -62_135_596_800i64..253_402_300_800) {
            prop_assert_eq!(Civil::of(seconds).seconds(), Some(seconds));
        }
    }
}
