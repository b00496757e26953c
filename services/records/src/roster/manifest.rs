//! manifest.csv: which files a bundle has.

use std::collections::BTreeSet;

use kernel::Malformed;

use super::RosterFile;
use super::archive::Files;
use super::table::Sheet;

const MANIFEST: &str = "manifest.csv";

/// The files that manifest.csv lists, of those that are read; every listed one is there.
pub(super) fn listed(files: &Files) -> Result<BTreeSet<RosterFile>, Malformed> {
    let bytes = files.get(MANIFEST).ok_or_else(|| Malformed::one(MANIFEST, "must be in the bundle"))?;
    let sheet = Sheet::read(MANIFEST, bytes, &["propertyName", "value"])?;
    let mut problems = Malformed::default();
    let mut listed = BTreeSet::new();
    let (mut version, mut named) = (None, BTreeSet::new());
    for row in &sheet.rows {
        let (property, value) = (row.get("propertyName"), row.get("value"));
        if property == "oneroster.version" {
            version = Some(value.to_owned());
        }
        let Some(file) = property.strip_prefix("file.").map(|file| format!("{file}.csv")) else { continue };
        let known = RosterFile::ALL.into_iter().find(|known| known.name() == file);
        let there = files.contains_key(&file);
        match value {
            "bulk" | "delta" if there => listed.extend(known),
            "bulk" | "delta" => note(&mut problems, &file, "is listed in manifest.csv and missing"),
            "absent" if there => note(&mut problems, &file, "is there, though manifest.csv says absent"),
            "absent" => {}
            _ => note(&mut problems, MANIFEST, &format!("says of {property} none of absent, bulk, delta")),
        }
        named.insert(file);
    }
    if version.is_none_or(|version| version != "1.2" && !version.starts_with("1.2.")) {
        note(&mut problems, MANIFEST, "must say oneroster.version 1.2");
    }
    for file in files.keys().filter(|file| *file != MANIFEST && !named.contains(*file)) {
        note(&mut problems, file, "isn't listed in manifest.csv");
    }
    problems.finish(Some(listed))
}

fn note(problems: &mut Malformed, file: &str, problem: &str) {
    problems.note(file, Err::<(), _>(problem));
}
