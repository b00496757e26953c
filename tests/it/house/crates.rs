//! Who may depend on whom, and what every crate's manifest says.

use std::collections::BTreeSet;

use super::{listed, none, text};

/// Each crate of the house, and the crates of the house that it may depend on.
const ARROWS: &[(&str, &[&str])] = &[
    ("kernel", &[]),
    ("events", &["kernel"]),
    ("vault", &["kernel", "events"]),
    ("eventstore", &["kernel", "events", "vault"]),
    ("blobstore", &["kernel", "vault"]),
    ("proto", &[]),
    ("ministry", &["proto"]),
    ("chassis", &["kernel", "events", "vault", "eventstore", "proto"]),
    ("governance", SERVICE),
    ("records", SERVICE),
    ("uploads", SERVICE_WITH_FILES),
    ("certification", SERVICE),
    ("submission", SERVICE_WITH_FILES),
    ("archive", SERVICE_WITH_FILES),
    ("portfolio", SERVICE),
    ("audit", SERVICE),
    ("portal", &["proto", "chassis"]),
];

/// A service never depends on another: it hears of it through events alone.
const SERVICE: &[&str] = &["kernel", "events", "vault", "eventstore", "chassis", "proto"];
const SERVICE_WITH_FILES: &[&str] =
    &["kernel", "events", "vault", "eventstore", "chassis", "proto", "blobstore"];

/// The executable and the tests, which put everything together.
const ABOVE: &[&str] = &["licheng", "tests"];

/// The libraries that `kernel` and `events` may use: what is pure.
const PURE: &[&str] = &["serde", "serde_json", "thiserror", "uuid", "sha2", "jiff", "proptest"];

/// A member of the workspace: its path and its manifest.
struct Member {
    path: String,
    manifest: toml::Table,
}

impl Member {
    fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap()
    }

    /// Its dependencies of every kind: name and how it is asked for.
    fn dependencies(&self) -> impl Iterator<Item = (&String, &toml::Value)> {
        let tables = ["dependencies", "dev-dependencies", "build-dependencies"];
        let tables = tables.into_iter().filter_map(|kind| self.manifest.get(kind)?.as_table());
        tables.flatten()
    }
}

fn manifest(path: &str) -> toml::Table {
    text(path).parse().unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn members() -> Vec<Member> {
    let services =
        listed("services").into_iter().map(|name| format!("services/{}", name.trim_end_matches('/')));
    let paths = ["proto", "tests", "tests/ministry"].map(str::to_owned).into_iter().chain(services);
    paths.map(|path| Member { manifest: manifest(&format!("{path}/Cargo.toml")), path }).collect()
}

#[test]
fn arrows_point_down() {
    let members = members();
    let house: BTreeSet<_> = members.iter().map(Member::name).collect();
    let mut wrong = Vec::new();
    for member in members.iter().filter(|member| !ABOVE.contains(&member.name())) {
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == member.name()) else {
            wrong.push(format!("{} has no row in ARROWS", member.path));
            continue;
        };
        for (dependency, _) in member.dependencies() {
            let dependency = dependency.as_str();
            let foreign = ["kernel", "events"].contains(&member.name()) && !PURE.contains(&dependency);
            if !allowed.contains(&dependency) && (house.contains(dependency) || foreign) {
                wrong.push(format!("{} → {dependency}", member.name()));
            }
        }
    }
    none("against the arrows", &wrong);
}

#[test]
fn versions_and_lints_are_the_workspaces() {
    let inherits = |value: Option<&toml::Value>| {
        value.and_then(|value| value.get("workspace")).and_then(toml::Value::as_bool) == Some(true)
    };
    let mut wrong = Vec::new();
    for member in members() {
        if !inherits(member.manifest.get("lints")) {
            wrong.push(format!("{}: [lints] workspace = true is missing", member.path));
        }
        let own = member.dependencies().filter(|(_, value)| !inherits(Some(value)));
        wrong.extend(own.map(|(name, _)| format!("{}: {name} isn't `workspace = true`", member.path)));
        let package = member.manifest.get("package").and_then(toml::Value::as_table).unwrap();
        let own = package.iter().filter(|(key, value)| *key != "name" && !inherits(Some(value)));
        wrong.extend(own.map(|(key, _)| format!("{}: its own {key}", member.path)));
    }
    none("not inherited", &wrong);
}

#[test]
fn the_code_map_is_the_workspace() {
    let architecture = text("ARCHITECTURE.md");
    let (_, map) = architecture.split_once("\n## Code map\n").expect("ARCHITECTURE.md has a code map");
    let map = map.split("\n## ").next().unwrap();
    let rows = map.lines().filter_map(|line| line.strip_prefix("- `")?.split_once('`'));
    let mapped: BTreeSet<_> = rows.map(|(path, _)| path.to_owned()).collect();
    let there: BTreeSet<_> = members().into_iter().map(|member| member.path).collect();
    assert_eq!(mapped, there, "ARCHITECTURE.md's code map, and the workspace's members");
}
