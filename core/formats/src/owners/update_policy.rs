//! What a device owner decides about system updates.

use crate::FormatError;
use crate::xml::Element;

/// The most freeze periods. They are at least 60 days apart, so a year has no more than six.
const MAX_FREEZES: usize = 16;
/// The days before each month of a year without 29 February.
const DAYS_BEFORE: [u32; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
const DAYS_OF_YEAR: u32 = 365;
/// How long a postponed update waits at most, in days.
const POSTPONED_DAYS: u32 = 30;

/// When system updates may install.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdatePolicy {
    /// What the policy does outside freeze periods.
    pub install: Install,
    /// Periods of each year in which no update installs, security patches included.
    pub freezes: Vec<Freeze>,
}

/// How updates install outside freeze periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Install {
    /// As soon as they are there.
    Automatic,
    /// Daily, between two minutes of the day (0 to 1439).
    Windowed(u16, u16),
    /// Postponed for up to 30 days.
    Postponed,
}

/// A period of each year, both days included; it may reach over the new year. 29 February counts as the 28th.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Freeze {
    /// Month (1 to 12) and day (1 to 31) of its first day.
    pub start: (u8, u8),
    /// Month and day of its last day.
    pub end: (u8, u8),
}

impl Freeze {
    /// How many days it lasts, 1 to 365.
    pub fn days(&self) -> u32 {
        (day_of_year(self.end) + DAYS_OF_YEAR - day_of_year(self.start)) % DAYS_OF_YEAR + 1
    }
}

impl UpdatePolicy {
    /// The most days for which the policy can hold an update back: the longest freeze, or 30 where updates
    /// are postponed. `None` where it never holds one back for a day.
    pub fn held_days(&self) -> Option<u32> {
        let postponed = (self.install == Install::Postponed).then_some(POSTPONED_DAYS);
        self.freezes.iter().map(Freeze::days).chain(postponed).max()
    }

    pub(super) fn read(element: &Element<'_>) -> Result<UpdatePolicy, FormatError> {
        let minute = |name: &str| {
            let minute = element.number(name)?;
            match minute {
                0..=1439 => Ok(minute),
                _ => Err(element.bad(name, &minute.to_string(), "a minute of the day, 0 to 1439")),
            }
        };
        let install = match element.number("policy_type")? {
            1i32 => Install::Automatic,
            2 => Install::Windowed(minute("install_window_start")?, minute("install_window_end")?),
            3 => Install::Postponed,
            other => return Err(element.bad("policy_type", &other.to_string(), "1, 2 or 3")),
        };
        Ok(UpdatePolicy { install, freezes: Vec::new() })
    }

    pub(super) fn add_freeze(&mut self, element: &Element<'_>) -> Result<(), FormatError> {
        if self.freezes.len() >= MAX_FREEZES {
            return Err(element.error(format_args!("expected at most {MAX_FREEZES} freeze periods")));
        }
        let day = |name: &str| {
            let value = element.required(name)?;
            month_day(&value).ok_or_else(|| element.bad(name, &value, "a month and a day such as --12-31"))
        };
        self.freezes.push(Freeze { start: day("start")?, end: day("end")? });
        Ok(())
    }
}

/// Reads `--MM-DD`, as java.time.MonthDay writes it.
fn month_day(text: &str) -> Option<(u8, u8)> {
    let (month, day) = text.strip_prefix("--")?.split_once('-')?;
    let number = |digits: &str| {
        let two = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        two.then(|| digits.parse::<u8>().ok())?
    };
    let (month, day) = (number(month)?, number(day)?);
    let longest = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    (1..=longest).contains(&day).then_some((month, day))
}

/// From 1; both numbers come from [`month_day`] or from whoever made the [`Freeze`].
fn day_of_year((month, day): (u8, u8)) -> u32 {
    let day = if (month, day) == (2, 29) { 28 } else { day };
    let before = DAYS_BEFORE.get(usize::from(month.saturating_sub(1))).copied().unwrap_or_default();
    (before + u32::from(day)).clamp(1, DAYS_OF_YEAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_freeze_lasts_from_its_first_day_to_its_last() {
        for (start, end, days) in [
            ((1, 1), (1, 1), 1),
            ((1, 1), (12, 31), 365),
            ((12, 31), (1, 1), 2),
            ((12, 1), (1, 10), 41),
            ((2, 28), (2, 29), 1),
            ((2, 29), (3, 1), 2),
            ((3, 1), (5, 29), 90),
            ((5, 2), (5, 1), 365),
            ((0, 0), (255, 255), 255),
        ] {
            assert_eq!(Freeze { start, end }.days(), days, "{start:?} {end:?}");
        }
    }

    #[test]
    fn only_what_java_writes_is_a_month_and_day() {
        for (text, expected) in [
            ("--12-31", Some((12, 31))),
            ("--02-29", Some((2, 29))),
            ("--02-30", None),
            ("--04-31", None),
            ("--13-01", None),
            ("--00-01", None),
            ("--01-00", None),
            ("--1-1", None),
            ("--+1-01", None),
            ("12-31", None),
            ("2026-12-31", None),
            ("--01-01-01", None),
        ] {
            assert_eq!(month_day(text), expected, "{text}");
        }
    }
}
