//! How fields of messages are read, and written.

use std::str::FromStr;

use jiff::civil::Date;
use kernel::{Instant, Malformed, RequestId, SchoolYear, Semester, Text, Window};
use prost_types::Timestamp;
use uuid::Uuid;

/// An id (UUID).
///
/// # Errors
/// What is wrong with it.
pub fn id<T: From<Uuid>>(text: &str) -> Result<T, &'static str> {
    Uuid::from_str(text)
        .map(T::from)
        .map_err(|_| "must be a UUID, such as 6f1c1c1e-0b1f-5d2a-9a55-3f0a3c1f2b11")
}

/// The id that a caller names a command by; not nil.
///
/// # Errors
/// What is wrong with it.
pub fn request_id(text: &str) -> Result<RequestId, &'static str> {
    let id: RequestId = id(text)?;
    if id.uuid().is_nil() { Err("must be a UUID that you draw for this request alone") } else { Ok(id) }
}

/// A text of 1 to `most` characters, trimmed.
///
/// # Errors
/// What is wrong with it.
pub fn text(text: &str, most: usize) -> Result<String, String> {
    Text::try_new(text, most).map(Text::into_string).map_err(|fault| fault.to_string())
}

/// A text of at most `most` characters; an empty one is absent.
///
/// # Errors
/// What is wrong with it.
pub fn optional_text(text: &str, most: usize) -> Result<Option<String>, String> {
    if text.trim().is_empty() { Ok(None) } else { self::text(text, most).map(Some) }
}

/// A school year of the Republic.
///
/// # Errors
/// What is wrong with it.
pub fn school_year(year: u32) -> Result<SchoolYear, &'static str> {
    let year = u16::try_from(year).ok().and_then(SchoolYear::try_new);
    year.ok_or("must be a school year of the Republic, such as 114")
}

/// A semester, such as `114-1`.
///
/// # Errors
/// What is wrong with it.
pub fn semester(text: &str) -> Result<Semester, String> {
    text.parse()
}

/// A date, `YYYY-MM-DD`, written the same way.
///
/// # Errors
/// What is wrong with it.
pub fn date(text: &str) -> Result<String, &'static str> {
    day(text).map(|day| day.to_string())
}

/// The same as a day.
///
/// # Errors
/// What is wrong with it.
pub fn day(text: &str) -> Result<Date, &'static str> {
    text.trim().parse().map_err(|_| "must be a date, such as 2009-03-14")
}

/// How many items a page has (AIP-158): so many as are asked for, `few` if no number is, never more than `most`.
///
/// # Errors
/// What is wrong with it.
pub fn page_size(asked: i32, few: usize, most: usize) -> Result<usize, &'static str> {
    match usize::try_from(asked) {
        Ok(0) => Ok(few),
        Ok(size) => Ok(size.min(most)),
        Err(_) => Err("must not be negative"),
    }
}

/// An instant that may be absent.
///
/// # Errors
/// What is wrong with it.
pub fn optional_instant(at: Option<&Timestamp>) -> Result<Option<Instant>, &'static str> {
    at.map(instant).transpose()
}

/// An instant, in whole microseconds.
///
/// # Errors
/// What is wrong with it.
pub fn instant(at: &Timestamp) -> Result<Instant, &'static str> {
    let nanos = u32::try_from(at.nanos).ok().filter(|nanos| *nanos < 1_000_000_000);
    let micros =
        at.seconds.checked_mul(1_000_000).zip(nanos).map(|(s, n)| s.saturating_add(i64::from(n / 1_000)));
    let at = micros.map(|micros| (micros, Instant::from_micros(micros)));
    at.filter(|(micros, at)| at.micros() == *micros)
        .map(|(_, at)| at)
        .ok_or("must be an instant of the years 1 to 9998")
}

/// An instant as a message.
pub fn timestamp(at: Instant) -> Timestamp {
    let (seconds, micros) = (at.micros().div_euclid(1_000_000), at.micros().rem_euclid(1_000_000));
    Timestamp { seconds, nanos: i32::try_from(micros * 1_000).unwrap_or(0) }
}

/// A window that must be there.
///
/// # Errors
/// What is wrong with it.
pub fn window(window: Option<&proto::types::v1::Window>) -> Result<Window, &'static str> {
    let ends = window.and_then(|window| Some((window.from.as_ref()?, window.until.as_ref()?)));
    let (from, until) = ends.ok_or("must be there, with both ends")?;
    Window::try_new(instant(from)?, instant(until)?).ok_or("must end after it begins")
}

/// A window as a message.
pub fn window_message(window: Window) -> proto::types::v1::Window {
    proto::types::v1::Window { from: Some(timestamp(window.from)), until: Some(timestamp(window.until)) }
}

/// A commitment or digest: 64 hex digits, in lower case.
///
/// # Errors
/// What is wrong with it.
pub fn digest(text: &str) -> Result<String, &'static str> {
    let right = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if right { Ok(text.to_ascii_lowercase()) } else { Err("must be 64 hex digits") }
}

/// A message field that must be there.
///
/// # Errors
/// [`Malformed`], naming it.
pub fn required<'a, T>(field: &str, value: Option<&'a T>) -> Result<&'a T, Malformed> {
    value.ok_or_else(|| Malformed::one(field, "must be there"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_they_are_written() {
        for micros in [-1, 0, 1, 1_767_225_600_000_001, -62_135_596_800_000_000] {
            let at = Instant::from_micros(micros);
            assert_eq!(instant(&timestamp(at)), Ok(at));
        }
        for (seconds, nanos) in
            [(i64::MAX, 0), (i64::MIN, 0), (0, -1), (0, 1_000_000_000), (400_000_000_000, 0)]
        {
            assert!(instant(&Timestamp { seconds, nanos }).is_err());
        }
    }
}
