//! UTCTime and GeneralizedTime as RFC 5280 §4.1.2.5 restricts them: to the second, in UTC.

use super::{Element, Reader, Tag};
use crate::FormatError;
use crate::utc::Civil;

impl Reader<'_> {
    /// A Time: a UTCTime or a GeneralizedTime, as seconds since 1970.
    pub(crate) fn time(&mut self) -> Result<i64, FormatError> {
        let element = self.next()?;
        let (has_century, digits) = match element.tag {
            Tag::UTC_TIME => (false, 12),
            Tag::GENERALIZED_TIME => (true, 14),
            tag => return Err(element.error(format_args!("{tag}: expected UTCTime or GeneralizedTime"))),
        };
        match element.content.split_last() {
            Some((b'Z', found)) if found.len() == digits && found.iter().all(u8::is_ascii_digit) => {
                seconds(found, has_century).ok_or_else(|| wrong(&element))
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
    let mut next = || pairs.next();
    let year = match (has_century, next()?) {
        (true, century) => century * 100 + next()?,
        // RFC 5280: 50 to 99 are of the twentieth century.
        (false, year) if year >= 50 => 1900 + year,
        (false, year) => 2000 + year,
    };
    Civil { year, month: next()?, day: next()?, hour: next()?, minute: next()?, second: next()? }.seconds()
}
