use std::fmt;
use std::str::FromStr;

use jiff::Span;
use jiff::civil::Date;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

use crate::Instant;

/// A school year (學年度) by its year of the Republic (民國): 114 runs from 2025-08-01 to 2026-07-31.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SchoolYear(u16);

/// A half of a school year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Term {
    /// The first (第一學期), from August.
    #[serde(rename = "1")]
    First,
    /// The second (第二學期), from February.
    #[serde(rename = "2")]
    Second,
}

/// A semester (學期), written `114-1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Semester {
    /// Its school year.
    pub year: SchoolYear,
    /// Which half.
    pub term: Term,
}

/// A half-open span of time: `from` is in it, `until` is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The first instant in it.
    pub from: Instant,
    /// The first instant after it.
    pub until: Instant,
}

impl SchoolYear {
    /// The school year, if it is one of 1 to 999.
    pub const fn try_new(year: u16) -> Option<Self> {
        if year >= 1 && year <= 999 { Some(Self(year)) } else { None }
    }

    /// The year of the Republic.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// The Gregorian year in which it begins.
    pub const fn begins_in(self) -> i16 {
        self.0 as i16 + 1911
    }

    /// The school year that holds a day in Taiwan (from 1 August to 31 July).
    pub fn of(day: Date) -> Option<Self> {
        let begins = if day.month() >= 8 { day.year() } else { day.year() - 1 };
        u16::try_from(i32::from(begins) - 1911).ok().and_then(Self::try_new)
    }

    /// From the first instant of 1 August to the first instant of the next 1 August, in Taipei.
    pub fn window(self) -> Window {
        let first_of_august = |year| Date::new(year, 8, 1).map(start_of_day_in_taipei).unwrap_or_default();
        Window { from: first_of_august(self.begins_in()), until: first_of_august(self.begins_in() + 1) }
    }
}

impl fmt::Display for SchoolYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Semester {
    /// The semester of a school year.
    pub const fn new(year: SchoolYear, term: Term) -> Self {
        Self { year, term }
    }
}

impl fmt::Display for Semester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}-{}",
            self.year,
            match self.term {
                Term::First => 1,
                Term::Second => 2,
            }
        )
    }
}

impl FromStr for Semester {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let problem = || "not a semester, such as 114-1".to_owned();
        let (year, term) = text.split_once('-').ok_or_else(problem)?;
        let year = year.parse().ok().and_then(SchoolYear::try_new).ok_or_else(problem)?;
        let term = match term {
            "1" => Term::First,
            "2" => Term::Second,
            _ => return Err(problem()),
        };
        Ok(Self { year, term })
    }
}

impl Serialize for Semester {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Semester {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Window {
    /// A window, if it ends after it begins.
    pub fn try_new(from: Instant, until: Instant) -> Option<Self> {
        (from < until).then_some(Self { from, until })
    }

    /// Whether the instant is in it.
    pub fn holds(self, at: Instant) -> bool {
        self.from <= at && at < self.until
    }
}

/// The first instant of a day in Taipei, which has kept UTC+8 all year since 1980.
pub fn start_of_day_in_taipei(day: Date) -> Instant {
    let midnight = day.at(0, 0, 0, 0);
    let at = Offset::constant(8).to_timestamp(midnight);
    at.map(|at| Instant::from_micros(at.as_microsecond())).unwrap_or_default()
}

/// The day of an instant in Taipei.
pub fn day_in_taipei(at: Instant) -> Date {
    Offset::constant(8).to_datetime(at.timestamp()).date()
}

/// The end of the n-th whole day after the one of an instant, in Taipei: what may be done "within three days" may be done
/// until then (民法 §120: the day itself doesn't count).
pub fn end_of_days(at: Instant, days: u8) -> Instant {
    let last = day_in_taipei(at).saturating_add(Span::new().days(i64::from(days).saturating_add(1)));
    start_of_day_in_taipei(last)
}

/// From when on what is kept for so many years from a day may be erased: the first instant of the day after the period,
/// in Taipei. The day itself doesn't count, and a period that would end on a day that isn't there ends with its month
/// (民法 §120, §121).
pub fn kept_until(day: Date, years: u8) -> Instant {
    let first = day.tomorrow().unwrap_or(day);
    let year = first.year().saturating_add(i16::from(years));
    let after = Date::new(year, first.month(), first.day()).or_else(|_| {
        // Of all days only 29 February may be missing.
        Date::new(year, 3, 1)
    });
    after.map_or(Instant::from_micros(i64::MAX), start_of_day_in_taipei)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_school_year_begins_at_midnight_in_taipei_on_the_first_of_august() {
        let year = SchoolYear::try_new(114).unwrap();
        assert_eq!(year.window().from.to_string(), "2025-07-31T16:00:00.000000Z");
        assert_eq!(year.window().until.to_string(), "2026-07-31T16:00:00.000000Z");
        assert_eq!(SchoolYear::of(Date::constant(2026, 7, 31)), Some(year));
        assert_eq!(SchoolYear::of(Date::constant(2025, 8, 1)), Some(year));
        assert_eq!(SchoolYear::of(Date::constant(1911, 1, 1)), None);
    }

    #[test]
    fn the_leap_day_belongs_to_its_school_year() {
        let leap = start_of_day_in_taipei(Date::constant(2024, 2, 29));
        assert!(SchoolYear::try_new(112).unwrap().window().holds(leap));
    }

    #[test]
    fn days_are_counted_from_the_day_after_in_taipei() {
        let at = |text: &str| text.parse::<Instant>().unwrap();
        let midnight = "2028-03-03T16:00:00Z";
        // 29 February 23:59:59.999999 and 00:00 in Taipei.
        assert_eq!(end_of_days(at("2028-02-29T15:59:59.999999Z"), 3), at(midnight));
        assert_eq!(end_of_days(at("2028-02-28T16:00:00Z"), 3), at(midnight));
        assert_eq!(end_of_days(at("2028-02-28T15:59:59.999999Z"), 3), at("2028-03-02T16:00:00Z"));
        assert_eq!(day_in_taipei(at("2026-12-31T16:00:00Z")), Date::constant(2027, 1, 1));
    }

    #[test]
    fn what_is_kept_for_years_is_kept_whole_years() {
        let until = |year, month, day| kept_until(Date::constant(year, month, day), 3);
        let begins = |year, month, day| start_of_day_in_taipei(Date::constant(year, month, day));
        assert_eq!(until(2026, 6, 12), begins(2029, 6, 13));
        assert_eq!(until(2026, 12, 31), begins(2030, 1, 1));
        // Into, out of and between leap years.
        assert_eq!(until(2028, 2, 29), begins(2031, 3, 1));
        assert_eq!(until(2028, 2, 28), begins(2031, 3, 1));
        assert_eq!(until(2025, 2, 28), begins(2028, 3, 1));
        assert_eq!(until(2025, 2, 27), begins(2028, 2, 28));
        assert_eq!(until(9999, 12, 31), Instant::from_micros(i64::MAX));
    }

    #[test]
    fn a_window_holds_its_first_instant_and_not_its_last() {
        let window = SchoolYear::try_new(114).unwrap().window();
        assert!(window.holds(window.from));
        assert!(!window.holds(window.until));
        assert!(window.holds(Instant::from_micros(window.until.micros() - 1)));
        assert_eq!(Window::try_new(window.from, window.from), None);
    }

    #[test]
    fn a_semester_is_written_and_read() {
        assert_eq!("114-2".parse::<Semester>().unwrap().to_string(), "114-2");
        for wrong in ["114", "114-3", "0-1", "1000-1", "-1", "一一四-1"] {
            assert!(wrong.parse::<Semester>().is_err(), "{wrong}");
        }
    }
}
