//! Finds the tests that are named by a clause, for `licheng clauses`: `$OUT_DIR/tests.rs` is a slice of clause, test and
//! crate.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = BTreeSet::new();
    for service in std::fs::read_dir(top.join("services"))? {
        let service = service?;
        find(&service.path().join("src"), &service.file_name().to_string_lossy(), &mut found)?;
    }
    find(&top.join("tests/it"), "tests", &mut found)?;

    let mut text = String::from("&[\n");
    for (clause, test, house) in found {
        writeln!(text, "    ({clause:?}, {test:?}, {house:?}),")?;
    }
    text.push_str("]\n");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("no OUT_DIR")?);
    Ok(std::fs::write(out.join("tests.rs"), text)?)
}

/// Notes the tests of every source under a folder, if it is there.
fn find(
    folder: &Path,
    house: &str,
    found: &mut BTreeSet<(&'static str, String, String)>,
) -> Result<(), Box<dyn Error>> {
    if !folder.is_dir() {
        return Ok(());
    }
    println!("cargo:rerun-if-changed={}", folder.display());
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, house, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            for test in tests(&std::fs::read_to_string(&path)?) {
                found.extend(clauses(test).map(|clause| (clause, test.to_owned(), house.to_owned())));
            }
        }
    }
    Ok(())
}

/// The macros that make a test of each function that they name.
const LISTS: [&str; 2] = ["both!(", "district!("];

/// The names of a source's tests: the first function after each `#[test]` or `#[tokio::test]`, in `proptest!` too,
/// and what the [`LISTS`] name.
fn tests(source: &str) -> Vec<&str> {
    let (mut names, mut marked) = (Vec::new(), false);
    for line in source.lines().map(str::trim_start) {
        marked |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        let signature = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        if let Some((name, _)) = signature.and_then(|rest| rest.split_once('('))
            && std::mem::take(&mut marked)
        {
            names.push(name);
        }
    }
    let lists = LISTS.into_iter().flat_map(|list| source.split(list).skip(1));
    names.extend(
        lists.filter_map(|rest| rest.split(')').next()).flat_map(|list| list.split(',')).map(str::trim),
    );
    names
}

/// The clause that a test's name begins with: `s4_3_3_` is §4.3.3, not §4.3; `s_4_` is the requirement S4, not §4.
fn clauses(test: &str) -> impl Iterator<Item = &'static str> {
    let begins = |id: &&str| {
        let form = id.replace('S', "s_").replace('§', "s").replace('.', "_").to_lowercase() + "_";
        // What stands in no list, such as `s4_3_9_`, is not §4.3 either.
        test.strip_prefix(&form).is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_digit()))
    };
    kernel::CLAUSES.iter().map(|clause| clause.id).filter(begins).collect::<Vec<_>>().into_iter()
}
