//! Patch levels: YYYYMM or YYYYMMDD as a decimal number.

/// A security patch level as a number: of Android YYYYMM, of the vendor's and the boot image YYYYMMDD, though
/// either form occurs in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatchLevel {
    /// The number as it stands there.
    pub value: u32,
}

/// The date that a patch level names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatchDate {
    /// The year, 2000 to 2099.
    pub year: u16,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day, 1 to 31: none where the number has none, or 00.
    pub day: Option<u8>,
}

impl PatchLevel {
    /// The date, or nothing where the number is none.
    pub fn date(self) -> Option<PatchDate> {
        let (month, day) = match self.value {
            value @ 200_000..=209_999 => (value, 0),
            value @ 20_000_000..=20_999_999 => (value / 100, value % 100),
            _ => return None,
        };
        let (year, month) = (month / 100, month % 100);
        let is_date = (1..=12).contains(&month) && day <= 31;
        is_date.then_some(PatchDate {
            year: u16::try_from(year).ok()?,
            month: u8::try_from(month).ok()?,
            day: u8::try_from(day).ok().filter(|day| *day > 0),
        })
    }

    /// Whether the number has a day, which is 00.
    pub(super) fn has_zero_day(self) -> bool {
        self.value > 999_999 && self.date().is_some_and(|date| date.day.is_none())
    }
}
