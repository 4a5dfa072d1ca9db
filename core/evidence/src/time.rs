//! Points in time, as values. Nothing here reads a clock.

use std::fmt;
use std::str::FromStr;

/// A point in time: whole seconds since 1970-01-01T00:00:00Z. Written as RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

/// What a text that should have been a time was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\": expected a time as in RFC 3339, such as 2026-11-20T08:00:00Z")]
pub struct TimeError(String);

impl Time {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Time = Time(0);

    /// The earliest and latest times that can be written (years 0000 to 9999).
    const RANGE: std::ops::RangeInclusive<i64> = -62_167_219_200..=253_402_207_200;

    /// From seconds since the epoch; `None` outside the years 0000 to 9999.
    pub fn from_unix(seconds: i64) -> Option<Time> {
        Self::RANGE.contains(&seconds).then_some(Time(seconds))
    }

    /// Seconds since the epoch.
    pub fn unix(self) -> i64 {
        self.0
    }

    /// Seconds from `earlier` to this time; negative if it lies after.
    pub fn since(self, earlier: Time) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The month it falls in, in UTC.
    pub fn month(self) -> Month {
        let date = self.timestamp().to_zoned(jiff::tz::TimeZone::UTC).date();
        Month { year: date.year().unsigned_abs(), month: date.month().unsigned_abs() }
    }

    fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_second(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl FromStr for Time {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Time, TimeError> {
        let error = || TimeError(text.chars().take(40).collect());
        let timestamp: jiff::Timestamp = text.parse().map_err(|_| error())?;
        Time::from_unix(timestamp.as_second()).ok_or_else(error)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.timestamp())
    }
}

/// A calendar month, the unit patch levels are compared in. Written `2026-10`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: u16,
    month: u8,
}

impl Month {
    /// From a patch level in any form that Android writes: `2026-10-05`, `2026-10`, `20261005`, `202610`, and
    /// `20190700` (day 00). The day is read and dropped.
    pub fn parse(text: &str) -> Option<Month> {
        let bytes = text.as_bytes();
        let digits = |range: std::ops::Range<usize>| -> Option<u16> {
            let part = bytes.get(range)?;
            part.iter().all(u8::is_ascii_digit).then_some(())?;
            std::str::from_utf8(part).ok()?.parse().ok()
        };
        let dash = |at: usize| bytes.get(at) == Some(&b'-');
        let (year, month, day) = match bytes.len() {
            6 => (digits(0..4)?, digits(4..6)?, 0),
            8 => (digits(0..4)?, digits(4..6)?, digits(6..8)?),
            7 if dash(4) => (digits(0..4)?, digits(5..7)?, 0),
            10 if dash(4) && dash(7) => (digits(0..4)?, digits(5..7)?, digits(8..10)?),
            _ => return None,
        };
        ((1970..=9999).contains(&year) && (1..=12).contains(&month) && day <= 31)
            .then_some(Month { year, month: u8::try_from(month).ok()? })
    }

    /// Year and month as one number, YYYYMM.
    pub fn number(self) -> u32 {
        u32::from(self.year) * 100 + u32::from(self.month)
    }

    /// The first second of the month.
    pub fn start(self) -> Time {
        let seconds = i16::try_from(self.year)
            .ok()
            .zip(i8::try_from(self.month).ok())
            .and_then(|(year, month)| jiff::civil::Date::new(year, month, 1).ok())
            .and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC).ok())
            .map_or(0, |zoned| zoned.timestamp().as_second());
        Time(seconds)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patch_levels_in_every_form_are_the_same_month() {
        let month = Month::parse("2019-07").unwrap();
        for text in ["2019-07-05", "201907", "20190705", "20190700"] {
            assert_eq!(Month::parse(text), Some(month), "{text}");
        }
        assert_eq!(month.to_string(), "2019-07");
        assert_eq!(month.start().to_string(), "2019-07-01T00:00:00Z");
        assert_eq!(month.start().month(), month);
    }

    #[test]
    fn what_is_no_patch_level_is_refused() {
        for text in
            ["", "2019", "2019-13", "201900", "2019/07", "2019-07-32", "+20190", "٢٠١٩٠٧", "2019-7-05"]
        {
            assert_eq!(Month::parse(text), None, "{text}");
        }
    }

    #[test]
    fn times_are_read_and_written_as_rfc_3339() {
        let time: Time = "2026-11-20T09:00:00+01:00".parse().unwrap();
        assert_eq!(time.to_string(), "2026-11-20T08:00:00Z");
        assert!("2026-11-20".parse::<Time>().is_err());
        assert!("yesterday".parse::<Time>().is_err());
    }
}
