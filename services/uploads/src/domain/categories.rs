//! What each category of diverse performances (多元表現) asks for: a table as data, versioned by the school year from which
//! it applies (U2, §4.4.1), and how what a student wrote is read by it.

use std::collections::{BTreeMap, BTreeSet};

use events::Category;
use kernel::{Date, Malformed, SchoolYear, Text};

mod table;
#[cfg(test)]
mod tests;

/// The tables, the newest last: each from its school year until the next one's.
const VERSIONS: &[(u16, &[Sheet])] = &[(108, table::FROM_108)];

/// A category's sheet of the roster (名冊).
#[derive(Clone, Copy, Debug)]
pub struct Sheet {
    /// The category.
    pub category: Category,
    /// The sheet's name in the roster.
    pub chinese: &'static str,
    /// Its columns in order, but for the summary (內容簡述) and the files, which every work has.
    pub fields: &'static [Field],
}

/// A column of a sheet.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name in requests and events, in kebab-case.
    pub name: &'static str,
    /// The column's name in the roster.
    pub column: &'static str,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether it must be there.
    pub required: bool,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A text of at most so many characters.
    Text(usize),
    /// A day, `YYYY-MM-DD`.
    Date,
    /// A day that isn't before the day of another column.
    DateFrom(&'static str),
    /// One of these codes, each with its meaning.
    Code(&'static [(&'static str, &'static str)]),
    /// A number of at most so many digits before the point and behind it.
    Number(usize, usize),
}

/// A field that a student wrote, as it is kept.
pub type Written = (&'static str, String);

impl Sheet {
    /// Every category's sheet in a school year; none before the first table.
    pub fn all(year: SchoolYear) -> Option<&'static [Self]> {
        let version = VERSIONS.iter().rev().find(|(from, _)| *from <= year.number());
        version.map(|(_, sheets)| *sheets)
    }

    /// A category's sheet in a school year.
    pub fn of(category: Category, year: SchoolYear) -> Option<&'static Self> {
        Self::all(year)?.iter().find(|sheet| sheet.category == category)
    }

    /// Reads what a student wrote: name and value, each name once. What is blank is absent. In the order of the sheet.
    ///
    /// # Errors
    /// Notes each field at fault as `details.NAME`.
    pub fn read<'a>(
        &self,
        problems: &mut Malformed,
        given: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Option<Vec<Written>> {
        let before = problems.0.len();
        let (mut values, mut names) = (BTreeMap::new(), BTreeSet::new());
        for (name, value) in given {
            let known = self.fields.iter().any(|field| field.name == name);
            if !known {
                // It may be anything that the caller wrote; only what looks like a name is told again.
                note(
                    problems,
                    if plain(name) { name } else { "?" },
                    format!("has a name that isn't one of {}", self.names()),
                );
            } else if !names.insert(name) {
                note(problems, name, "stands twice");
            } else if !value.trim().is_empty() {
                values.insert(name, value.trim());
            }
        }
        let read = self.fields.iter().filter_map(|field| {
            let Some(value) = values.get(field.name) else {
                if field.required {
                    note(problems, field.name, format!("must be there ({})", field.column));
                }
                return None;
            };
            let read = field.kind.read(value, |other| values.get(other).copied());
            problems.note(&path(field.name), read).map(|value| (field.name, value))
        });
        let read: Vec<_> = read.collect();
        (problems.0.len() == before).then_some(read)
    }

    fn names(&self) -> String {
        let names: Vec<_> = self.fields.iter().map(|field| field.name).collect();
        names.join(", ")
    }
}

fn plain(name: &str) -> bool {
    (1..=30).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

fn path(name: &str) -> String {
    format!("details.{name}")
}

fn note(problems: &mut Malformed, name: &str, problem: impl std::fmt::Display) {
    problems.note(&path(name), Err::<(), _>(problem));
}

impl FieldKind {
    fn read<'a>(self, value: &str, other: impl Fn(&str) -> Option<&'a str>) -> Result<String, String> {
        match self {
            Self::Text(most) => {
                let text = Text::try_new(value, most).map_err(|fault| fault.to_string())?;
                Ok(text.into_string())
            }
            Self::Date => day(value).map(|day| day.to_string()),
            Self::DateFrom(start) => {
                let end = day(value)?;
                // A beginning that is no day is named by itself.
                match other(start).and_then(|start| day(start).ok()) {
                    Some(begin) if end < begin => Err(format!("must not be before {start}")),
                    Some(_) | None => Ok(end.to_string()),
                }
            }
            Self::Code(codes) => match codes.iter().any(|(code, _)| *code == value) {
                true => Ok(value.to_owned()),
                false => {
                    let all: Vec<_> = codes.iter().map(|(code, said)| format!("{code} {said}")).collect();
                    Err(format!("must be one of {}", all.join(", ")))
                }
            },
            Self::Number(before, behind) => number(value, before, behind),
        }
    }
}

fn day(text: &str) -> Result<Date, String> {
    // As it is written in the roster's forms: no time of day, no other order.
    let day = text.parse::<Date>().ok().filter(|day| day.to_string() == text);
    day.ok_or_else(|| "must be a date, such as 2026-03-14".to_owned())
}

fn number(text: &str, before: usize, behind: usize) -> Result<String, String> {
    let (whole, rest) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let digits = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    match digits(whole, before) && rest.is_none_or(|rest| digits(rest, behind)) {
        true => Ok(text.to_owned()),
        false if behind == 0 => Err(format!("must be a whole number of at most {before} digits")),
        false => Err(format!(
            "must be a number of at most {before} digits before the point and {behind} behind it, such as 12.5"
        )),
    }
}
