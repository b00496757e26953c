//! Rules, clauses and refusals: pure, named, tested.

use std::collections::{BTreeMap, BTreeSet};

use super::{Source, files, none, text};

/// How many clauses have no rule yet. It only shrinks.
const TODO: usize = 69;

/// What `domain` and `facts` may import; their own crate's `domain` and `facts` besides.
const PURE: &[&str] =
    &["std", "kernel", "events", "serde", "thiserror", "super", "crate::domain", "crate::facts"];

/// What is in `std` and isn't pure.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::env",
    "std::net",
    "std::thread",
    "std::process",
    "std::io",
    "time::Instant",
    "SystemTime",
];

fn services() -> Vec<Source> {
    files("services", ".rs")
}

/// Whether a test's name begins with a clause: `§4.3.3` is `s4_3_3_`, `A.11` is `a_11_`, `U4` is `u4_`, and `S4`, which
/// isn't `§4`, is `s_4_`. `s4_3_3_` is neither `§4.3` nor `§4`.
fn begins(test: &str, clause: &str) -> bool {
    let prefix = format!("{}_", clause.replace('S', "s_").replace('§', "s").replace('.', "_").to_lowercase());
    test.strip_prefix(&prefix).is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_digit()))
}

/// Whatever stands between `from` and the next `to`, each time.
fn between<'t>(text: &'t str, from: &str, to: &str) -> Vec<&'t str> {
    text.split(from).skip(1).filter_map(|rest| rest.split(to).next()).collect()
}

#[test]
fn domain_and_facts_are_pure() {
    let mut wrong = Vec::new();
    for source in services().iter().filter(|source| !source.is_test()) {
        let room = source.path.split("/src/").nth(1).unwrap_or_default();
        if !["domain.rs", "domain/", "facts.rs", "facts/"].iter().any(|start| room.starts_with(start)) {
            continue;
        }
        let own = |path: &str| source.text.contains(&format!("mod {};", path.split("::").next().unwrap()));
        for line in source.product().lines() {
            let import = line.trim_start().trim_start_matches("pub ").strip_prefix("use ");
            if let Some(path) = import
                && !PURE
                    .iter()
                    .any(|pure| path == format!("{pure};") || path.starts_with(&format!("{pure}::")))
                && !own(path)
            {
                wrong.push(format!("{}: {line}", source.path));
            }
        }
        let foreign = ["eventstore::", "chassis::", "vault::", "proto::", "tonic::", "tokio::", "rand::"];
        let found = foreign.iter().chain(IMPURE).filter(|path| source.product().contains(**path));
        wrong.extend(found.map(|path| format!("{}: {path}", source.path)));
    }
    none("not pure", &wrong);
}

#[test]
fn every_clause_has_a_rule_or_stands_in_the_list() {
    let (mut ruled, mut tests, mut wrong) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    let all = services().into_iter().chain(files("tests/it", ".rs"));
    let about = ["services/kernel/src/clause.rs", "tests/it/house/rules.rs"];
    for source in all.filter(|source| !about.contains(&source.path.as_str())) {
        for line in source.product().lines().filter(|line| line.contains("clause(\"")) {
            let named = between(line, "clause(\"", "\"");
            // At run time an unknown id would end the process instead of the build.
            if !source.is_test() && !line.contains("const ") && !line.contains("known_clause(") {
                wrong.push(format!("{}: outside a constant: {}", source.path, line.trim()));
            }
            let unknown = named.iter().filter(|id| kernel::known_clause(id).is_none());
            wrong.extend(unknown.map(|id| format!("{}: there is no {id}", source.path)));
            if !source.is_test() {
                ruled.extend(named.into_iter().map(str::to_owned));
            }
        }
        tests.extend(source.functions().into_iter().map(|(name, _)| name.to_owned()));
    }
    none("clauses", &wrong);

    let list = text("tests/clauses.todo");
    let list = list.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split(' ').next());
    let list: BTreeSet<_> = list.collect();
    let has_rule = |id: &str| ruled.contains(id) || tests.iter().any(|name: &String| begins(name, id));
    let without = kernel::CLAUSES.iter().map(|clause| clause.id).filter(|id| !has_rule(id));
    assert_eq!(list, without.collect(), "tests/clauses.todo, and the clauses without a rule");
    assert_eq!(list.len(), TODO, "the list only shrinks: set TODO to its length");
}

/// A decider's refusals: its enum's name and variants, and the clauses that each may rest on.
struct Refusals<'s> {
    source: &'s Source,
    name: &'s str,
    variants: BTreeMap<&'s str, Vec<&'s str>>,
}

fn refusals(source: &Source) -> Vec<Refusals<'_>> {
    let text = source.product();
    let impls = ["impl Refusal for ", "impl kernel::Refusal for ", "impl Refuses for "];
    let names = impls.into_iter().flat_map(|it| between(text, it, " {"));
    names.map(|name| Refusals { source, name, variants: variants(text, name) }).collect()
}

fn variants<'s>(text: &'s str, name: &str) -> BTreeMap<&'s str, Vec<&'s str>> {
    let body = between(text, &format!("enum {name} {{\n"), "\n}").into_iter().next().unwrap_or_default();
    let variants = body.lines().filter_map(|line| line.strip_prefix("    "));
    let variants = variants.filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()));
    let variants = variants.filter_map(|line| line.split(|c: char| !c.is_alphanumeric()).next());
    variants.map(|variant| (variant, clauses_of(text, name, variant))).collect()
}

/// The clauses that `fn clause` may answer for a variant; all of the file's, where another function chooses.
fn clauses_of<'s>(text: &'s str, name: &str, variant: &str) -> Vec<&'s str> {
    let constants: BTreeMap<_, _> = between(text, "const ", ";")
        .into_iter()
        .filter_map(|it| it.split_once(": Clause = clause(\""))
        .filter_map(|(constant, rest)| Some((constant, rest.split('"').next()?)))
        .collect();
    let refusal = text.split(&format!(" for {name} {{")).nth(1).unwrap_or_default();
    let body =
        between(refusal, "fn clause(&self) -> Clause {", "\n    }").into_iter().next().unwrap_or_default();
    let mut named = Vec::new();
    // An arm ends at its comma or brace, the next begins with `Self::` at the arms' own indentation.
    for arm in body.split("\n            Self::").filter(|arm| arm.contains("=>") || !body.contains("=>")) {
        let (pattern, answer) = arm.split_once("=>").unwrap_or(("", arm));
        let pattern = format!("Self::{pattern}");
        let meant = |end: &str| pattern.contains(&format!("Self::{variant}{end}"));
        if arm.contains("=>") && ![" ", "(", "\n"].into_iter().any(meant) {
            continue;
        }
        named.extend(between(answer, "clause(\"", "\""));
        let words = answer.split(|c: char| !c.is_ascii_uppercase() && c != '_');
        named.extend(words.filter_map(|word| constants.get(word)));
        if named.is_empty() {
            named.extend(constants.values());
        }
    }
    named
}

/// Whether a text has this path, and not one that only begins so.
fn names(text: &str, path: &str) -> bool {
    text.split(path).skip(1).any(|rest| !rest.starts_with(|next: char| next.is_alphanumeric()))
}

#[test]
fn every_refusal_has_a_test_that_begins_with_its_clause() {
    let all = services();
    let (mut deciders, mut wrong) = (0, Vec::new());
    for refusals in all.iter().filter(|source| !source.is_test()).flat_map(refusals) {
        let Refusals { source, name, variants } = refusals;
        deciders += 1;
        assert!(!variants.is_empty(), "{}: the variants of {name} aren't found", source.path);
        let own = all.iter().filter(|other| other.house() == source.house() && other.path.contains("tests"));
        let tests: Vec<_> = own.flat_map(Source::functions).collect();
        for (variant, clauses) in variants {
            let named = |test: &str| clauses.iter().any(|clause| begins(test, clause));
            let told =
                tests.iter().any(|(test, body)| named(test) && names(body, &format!("{name}::{variant}")));
            if !told {
                wrong.push(format!("{}: {name}::{variant} ({})", source.path, clauses.join(", ")));
            }
        }
    }
    none("no test that begins with the clause names it", &wrong);
    assert!(deciders >= 12, "only {deciders} deciders' refusals are found: are they written otherwise now?");
}

#[test]
fn reasons_are_unique_in_the_product() {
    let shouted = |text: &str| {
        text.len() >= 3 && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    };
    let (mut seen, mut wrong) = (BTreeMap::new(), Vec::new());
    for source in services().iter().filter(|source| !source.is_test()) {
        let bodies = if source.path == "services/chassis/src/status.rs" {
            vec![source.product()]
        } else {
            between(source.product(), "fn reason(", "\n    }")
        };
        for body in bodies {
            for reason in body.split('"').skip(1).step_by(2) {
                if !shouted(reason) || reason.len() > 63 {
                    continue;
                }
                if let Some(before) = seen.insert(reason.to_owned(), source.path.clone()) {
                    wrong.push(format!("{reason}: {before}, {}", source.path));
                }
            }
        }
    }
    none("twice", &wrong);
    assert!(seen.len() > 50, "only {} reasons are found: are they written otherwise now?", seen.len());
}
