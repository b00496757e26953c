//! One csv file as rows with named columns.

use std::collections::HashMap;
use std::sync::Arc;

use csv::{ReaderBuilder, StringRecord};
use kernel::Malformed;

use super::{RosterFile, RowFault};

/// One data row.
#[derive(Clone, Debug)]
pub struct Row {
    /// The line at which it begins, from 1; the header stands at line 1.
    pub line: u64,
    /// Which row of the file it is, from 1, the header not counted.
    pub number: u64,
    header: Arc<HashMap<String, usize>>,
    fields: StringRecord,
}

/// A csv file with its columns.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) rows: Vec<Row>,
}

/// A file of the roster.
pub(super) type Table = Sheet;

impl Row {
    /// What stands in a column, trimmed; empty if the row or the file doesn't have it.
    pub fn get(&self, column: &str) -> &str {
        self.header.get(column).and_then(|at| self.fields.get(*at)).unwrap_or_default().trim()
    }

    /// Its id in the roster; empty if it has none.
    pub fn sourced_id(&self) -> &str {
        self.get("sourcedId")
    }

    /// Everything that it says, as one request would: what its request id stands for.
    pub(crate) fn body(&self) -> Vec<u8> {
        self.fields.iter().collect::<Vec<_>>().join("\u{1f}").into_bytes()
    }

    /// That it has as many fields as the header.
    pub(super) fn check_shape(&self) -> Result<(), RowFault> {
        match (self.fields.len(), self.header.len()) {
            (fields, columns) if fields == columns => Ok(()),
            (fields, columns) => {
                Err(RowFault::new("", format!("the row has {fields} fields and the header {columns}")))
            }
        }
    }
}

impl Sheet {
    /// Reads a file of the roster.
    pub(super) fn read_roster(file: RosterFile, bytes: &[u8]) -> Result<Self, Malformed> {
        Self::read(file.name(), bytes, file.columns())
    }

    /// Reads a csv file in UTF-8, with or without a byte order mark, that has at least these columns.
    pub(super) fn read(file: &str, bytes: &[u8], columns: &[&str]) -> Result<Self, Malformed> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = Lines::default().until(good, good.len());
            Malformed::one(file, format!("line {line} isn't UTF-8; save the file in UTF-8"))
        })?;
        let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let mut records = reader.records();
        let unreadable = |error: csv::Error| Malformed::one(file, format!("can't be read: {error}"));
        let header = records.next().transpose().map_err(unreadable)?.unwrap_or_default();
        let header = Arc::new(named(file, &header, columns)?);
        let (mut rows, mut lines) = (Vec::new(), Lines::default());
        for (record, number) in records.zip(1..) {
            let fields = record.map_err(unreadable)?;
            let at = fields.position().map_or(0, csv::Position::byte);
            let line = lines.until(bytes, usize::try_from(at).unwrap_or(usize::MAX));
            rows.push(Row { line, number, header: Arc::clone(&header), fields });
        }
        Ok(Self { rows })
    }
}

fn named(file: &str, header: &StringRecord, columns: &[&str]) -> Result<HashMap<String, usize>, Malformed> {
    let mut problems = Malformed::default();
    let mut named = HashMap::with_capacity(header.len());
    for (at, column) in header.iter().enumerate() {
        if named.insert(column.trim().to_owned(), at).is_some() {
            problems.note(file, Err::<(), _>(format!("column {} stands twice", at + 1)));
        }
    }
    for column in columns.iter().filter(|column| !named.contains_key(**column)) {
        problems.note(file, Err::<(), _>(format!("lacks the column {column}")));
    }
    problems.finish(Some(named))
}

/// Counts lines as an editor does, going forward only.
struct Lines {
    line: u64,
    at: usize,
}

impl Default for Lines {
    fn default() -> Self {
        Self { line: 1, at: 0 }
    }
}

impl Lines {
    /// The line in which the first byte at or after `to` stands that ends none.
    fn until(&mut self, bytes: &[u8], to: usize) -> u64 {
        while let Some(byte) = bytes.get(self.at) {
            let ends = match byte {
                b'\n' => true,
                b'\r' => bytes.get(self.at + 1) != Some(&b'\n'),
                _ => false,
            };
            if self.at >= to && !matches!(byte, b'\n' | b'\r') {
                break;
            }
            self.line += u64::from(ends);
            self.at += 1;
        }
        self.line
    }
}
