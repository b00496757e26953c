//! The house's own rules, checked on its source: what the compiler and clippy can't see.

mod crates;
mod golden;
mod language;
mod rules;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What the top level may hold beside files and folders that begin with a dot.
const TOP_LEVEL: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "proto",
    "services",
    "deploy",
    "k8s",
    "tests",
    "README.md",
    "LICENSE",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    // Not of the repository: where cargo builds unless it is told otherwise.
    "target",
];

/// Most lines of a source file, and of one that holds tests alone.
const LINES_MAX: (usize, usize) = (400, 600);

/// What only the files after it may write. Clippy's `disallowed_methods` says why, and finds it by its meaning; this
/// finds the lists' own growth, and what clippy is told to overlook.
const EXEMPT: &[(&str, &[&str])] = &[
    ("tokio::spawn", &["services/chassis/src/server.rs"]),
    ("SystemTime::now", &["services/chassis/src/clock.rs", "services/chassis/src/token.rs"]),
    ("Timestamp::now", &[]),
    ("Uuid::new_v4", &[]),
    ("thread::sleep", &[]),
    ("time::sleep", &[]),
    (
        "env::var",
        &[
            "proto/build.rs",
            "services/licheng/build.rs",
            "services/archive/src/service/tests/place.rs",
            "services/eventstore/src/store/conformance/place.rs",
            "services/eventstore/src/tests/nats.rs",
            "tests/bench/commands.rs",
            "tests/it/world.rs",
            "tests/it/house/golden.rs",
        ],
    ),
    (
        "clippy::disallowed_methods",
        &[
            "services/chassis/src/clock.rs",
            "services/chassis/src/server.rs",
            "services/chassis/src/token.rs",
            "services/archive/src/service/tests/place.rs",
            "services/eventstore/src/store/conformance/place.rs",
            "services/eventstore/src/tests/nats.rs",
        ],
    ),
];

/// A source file: its path from the top level, and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// Its text without the tests at its end.
    fn product(&self) -> &str {
        let end = self.text.find("#[cfg(test)]\nmod tests {").unwrap_or(self.text.len());
        self.text.get(..end).unwrap_or_default()
    }

    /// Whether it holds tests alone.
    fn is_test(&self) -> bool {
        let path = Path::new(&self.path);
        let folder = |name| path.iter().any(|part| part == name);
        folder("tests") || folder("conformance") || path.ends_with("tests.rs")
    }

    /// The service or crate that it is of, such as `uploads`.
    fn house(&self) -> &str {
        self.path.strip_prefix("services/").and_then(|rest| rest.split('/').next()).unwrap_or_default()
    }

    /// Its functions: each name, and what stands from it to the next.
    fn functions(&self) -> Vec<(&str, &str)> {
        let starts: Vec<_> = self.text.match_indices("fn ").map(|(at, _)| at).collect();
        let ends = starts.iter().skip(1).copied().chain([self.text.len()]);
        let parts = starts.iter().zip(ends).filter_map(|(from, to)| self.text.get(from + 3..to));
        parts.filter_map(|part| part.split_once('(')).collect()
    }
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The text of a file, by its path from the top level.
fn text(path: &str) -> String {
    fs::read_to_string(top().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What a folder holds: names, folders with a slash at their end.
fn listed(path: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(top().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let named = |entry: fs::DirEntry| {
        let slash = if entry.path().is_dir() { "/" } else { "" };
        format!("{}{slash}", entry.file_name().to_string_lossy())
    };
    entries.map(|entry| named(entry.unwrap())).collect()
}

/// Every file under a folder whose name ends so.
fn files(under: &str, ending: &str) -> Vec<Source> {
    let mut found = Vec::new();
    for name in listed(under) {
        match name.strip_suffix('/') {
            Some(folder) => found.extend(files(&format!("{under}/{folder}"), ending)),
            None if name.ends_with(ending) => {
                let path = format!("{under}/{name}");
                found.push(Source { text: text(&path), path });
            }
            None => {}
        }
    }
    found
}

/// Every Rust source of the house.
fn sources() -> Vec<Source> {
    ["proto", "services", "tests"].into_iter().flat_map(|under| files(under, ".rs")).collect()
}

/// Fails with everything that was found, not with the first alone.
#[track_caller]
fn none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

#[test]
fn the_top_level_holds_nothing_else() {
    let other = listed("").into_iter().filter(|name| {
        let name = name.trim_end_matches('/');
        !name.starts_with('.') && !TOP_LEVEL.contains(&name)
    });
    none("not of the top level", &other.collect::<Vec<_>>());
}

#[test]
fn files_are_short() {
    let long = sources().into_iter().filter_map(|source| {
        let most = if source.is_test() { LINES_MAX.1 } else { LINES_MAX.0 };
        let lines = source.text.lines().count();
        (lines > most).then(|| format!("{}: {lines} lines of at most {most}", source.path))
    });
    none("too long", &long.collect::<Vec<_>>());
}

#[test]
fn only_exempt_files_start_tasks_read_clocks_or_the_environment() {
    let mut used = BTreeSet::new();
    let mut wrong = Vec::new();
    for source in sources() {
        // This file names what it looks for.
        if source.path == "tests/it/house.rs" {
            continue;
        }
        for (pattern, exempt) in EXEMPT {
            let code = source.text.lines().filter(|line| !line.trim_start().starts_with("//"));
            if code.filter(|line| line.contains(pattern)).count() == 0 {
                continue;
            }
            match exempt.iter().find(|path| source.path.starts_with(**path)) {
                Some(path) => {
                    used.insert((*pattern, *path));
                }
                None => wrong.push(format!("{}: {pattern}", source.path)),
            }
        }
    }
    none("not exempt", &wrong);
    let listed = EXEMPT.iter().flat_map(|(pattern, paths)| paths.iter().map(move |path| (*pattern, *path)));
    let left = listed.filter(|row| !used.contains(row)).map(|(pattern, path)| format!("{path}: {pattern}"));
    none("exempt without need", &left.collect::<Vec<_>>());
}
