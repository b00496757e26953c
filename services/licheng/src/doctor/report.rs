//! What was found.

use std::fmt::Display;
use std::io::{self, Write};

use serde::Serialize;

/// How a finding is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    /// It is as it should be.
    Ok,
    /// It works, and somebody should look at it.
    Warn,
    /// It doesn't work, or is not what it was.
    Fail,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    level: Level,
    what: String,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    way_out: Option<String>,
}

/// All findings, in the order in which they were made.
#[derive(Debug, Default)]
pub(super) struct Report(Vec<Finding>);

impl Report {
    /// Something is as it should be.
    pub(super) fn ok(&mut self, what: impl Display, detail: impl Display) {
        self.0.push(Finding {
            level: Level::Ok,
            what: what.to_string(),
            detail: detail.to_string(),
            way_out: None,
        });
    }

    /// Somebody should look at something.
    pub(super) fn warn(&mut self, what: impl Display, detail: impl Display, way_out: impl Display) {
        self.add(Level::Warn, &what, &detail, &way_out);
    }

    /// Something doesn't work, or is not what it was.
    pub(super) fn fail(&mut self, what: impl Display, detail: impl Display, way_out: impl Display) {
        self.add(Level::Fail, &what, &detail, &way_out);
    }

    fn add(&mut self, level: Level, what: &dyn Display, detail: &dyn Display, way_out: &dyn Display) {
        let (what, detail) = (what.to_string(), detail.to_string());
        self.0.push(Finding { level, what, detail, way_out: Some(way_out.to_string()) });
    }

    /// Whether anything fails.
    pub(super) fn failed(&self) -> bool {
        self.0.iter().any(|finding| finding.level == Level::Fail)
    }

    /// To standard output, as lines or as JSON.
    pub(super) fn print(&self, json: bool) -> io::Result<()> {
        self.write(&mut io::stdout().lock(), json)
    }

    fn write(&self, out: &mut impl Write, json: bool) -> io::Result<()> {
        if json {
            let whole = serde_json::json!({ "failed": self.failed(), "findings": self.0 });
            return writeln!(out, "{whole}");
        }
        for Finding { level, what, detail, way_out } in &self.0 {
            let level = match level {
                Level::Ok => "ok  ",
                Level::Warn => "warn",
                Level::Fail => "fail",
            };
            // One finding, one line, whatever an error's text holds.
            let detail = detail.split_whitespace().collect::<Vec<_>>().join(" ");
            match way_out {
                None => writeln!(out, "{level}  {what}: {detail}")?,
                Some(way_out) => writeln!(out, "{level}  {what}: {detail} → {way_out}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_a_line_with_the_way_out_and_a_warning_fails_nothing() {
        let mut report = Report::default();
        report.ok("store", "answers");
        report.warn("files", "little\nroom", "make room");
        assert!(!report.failed());
        report.fail("keys", "gone", "put them back");
        assert!(report.failed());
        let written = |json| {
            let mut out = Vec::new();
            report.write(&mut out, json).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            written(false),
            "ok    store: answers\nwarn  files: little room → make room\nfail  keys: gone → put them back\n"
        );
        let whole: serde_json::Value = serde_json::from_str(&written(true)).unwrap();
        assert_eq!(whole["failed"], true);
        assert_eq!(
            whole["findings"][0],
            serde_json::json!({ "level": "ok", "what": "store", "detail": "answers" })
        );
        assert_eq!(whole["findings"][2]["way_out"], "put them back");
    }
}
