//! UTCTime and GeneralizedTime as RFC 5280 §4.1.2.5 restricts them: to the second, in UTC.

use super::{Element, Reader, Tag};
use crate::FormatError;

impl Reader<'_> {
    /// A Time: a UTCTime or a GeneralizedTime, as seconds since 1970.
    pub(crate) fn time(&mut self) -> Result<i64, FormatError> {
        let element = self.next()?;
        let (century, digits) = match element.tag {
            Tag::UTC_TIME => (None, 12),
            Tag::GENERALIZED_TIME => (Some(()), 14),
            tag => return Err(element.error(format_args!("{tag}: expected UTCTime or GeneralizedTime"))),
        };
        match element.content.split_last() {
            Some((b'Z', found)) if found.len() == digits && found.iter().all(u8::is_ascii_digit) => {
                seconds(found, century.is_some()).ok_or_else(|| wrong(&element))
            }
            _ => Err(wrong(&element)),
        }
    }
}

fn wrong(element: &Element<'_>) -> FormatError {
    element.error(format_args!("{}: expected YYMMDDhhmmssZ or YYYYMMDDhhmmssZ", element.tag))
}

/// Seconds since 1970 of ASCII digits that give a date and a time.
fn seconds(digits: &[u8], has_century: bool) -> Option<i64> {
    let mut pairs = digits.chunks_exact(2).map(|pair| match pair {
        [tens, ones] => i64::from(tens - b'0') * 10 + i64::from(ones - b'0'),
        _ => 0,
    });
    let year = match (has_century, pairs.next()?) {
        (true, century) => century * 100 + pairs.next()?,
        // RFC 5280: 50 to 99 are of the twentieth century.
        (false, year) if year >= 50 => 1900 + year,
        (false, year) => 2000 + year,
    };
    let [month, day, hour, minute, second] =
        [pairs.next()?, pairs.next()?, pairs.next()?, pairs.next()?, pairs.next()?];
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days_of_month = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=days_of_month).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    // Days since 1 March of year 0, so that the leap day comes last.
    let (shifted_year, shifted_month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * shifted_year + shifted_year.div_euclid(4) - shifted_year.div_euclid(100)
        + shifted_year.div_euclid(400)
        + (153 * shifted_month + 2) / 5
        + day
        - 1;
    /// Days from 1 March of year 0 to 1 January 1970.
    const TO_1970: i64 = 719_468;
    Some((((days - TO_1970) * 24 + hour) * 60 + minute) * 60 + second)
}
