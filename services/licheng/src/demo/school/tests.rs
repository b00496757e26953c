use std::collections::HashMap;

use kernel::IdentityNumberKind;

use super::*;

type Rows = Vec<HashMap<String, String>>;

fn rows(files: &Files, name: &str) -> Rows {
    let (_, bytes) = files.iter().find(|(file, _)| file == name).unwrap();
    csv::Reader::from_reader(&bytes[..]).deserialize().map(Result::unwrap).collect()
}

fn ids(rows: &Rows) -> HashSet<String> {
    let ids: HashSet<_> = rows.iter().map(|row| row["sourcedId"].clone()).collect();
    assert_eq!(ids.len(), rows.len(), "ids are unique");
    ids
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_gives_others() {
    assert_eq!(made(60, 7).unwrap(), made(60, 7).unwrap());
    assert_ne!(made(60, 7).unwrap(), made(60, 8).unwrap());
}

#[test]
fn it_has_the_size_that_was_asked_for() {
    for (students, teachers) in [(300, 24), (1_500, 120), (30, 4), (1, 4)] {
        let files = made(students, 1).unwrap();
        let roles = rows(&files, "roles.csv");
        let count = |role: &str| roles.iter().filter(|row| row["role"] == role).count();
        assert_eq!((count("student"), count("teacher")), (students, teachers));
    }
}

#[test]
fn every_identity_number_is_valid_and_unique_and_all_kinds_are_there() {
    let files = made(300, 1).unwrap();
    let users = rows(&files, "users.csv");
    let numbers: Vec<IdentityNumber> = users
        .iter()
        .filter_map(|row| row["userIds"].strip_prefix("{twid:")?.strip_suffix('}'))
        .map(|number| number.parse().unwrap())
        .collect();
    assert_eq!(numbers.len(), 300);
    assert_eq!(numbers.iter().map(IdentityNumber::as_str).collect::<HashSet<_>>().len(), 300);
    for kind in
        [IdentityNumberKind::National, IdentityNumberKind::ResidentOld, IdentityNumberKind::ResidentNew]
    {
        assert!(numbers.iter().any(|number| number.kind() == kind), "{kind:?}");
    }
    for column in ["username", "identifier"] {
        assert_eq!(users.iter().map(|row| &row[column]).collect::<HashSet<_>>().len(), users.len());
    }
}

#[test]
fn every_reference_resolves() {
    let files = made(120, 3).unwrap();
    let of = |name| rows(&files, name);
    let (users, sessions, orgs) =
        (ids(&of("users.csv")), ids(&of("academicSessions.csv")), ids(&of("orgs.csv")));
    let (courses, classes) = (ids(&of("courses.csv")), ids(&of("classes.csv")));
    for row in of("classes.csv") {
        assert!(courses.contains(&row["courseSourcedId"]));
        assert!(orgs.contains(&row["schoolSourcedId"]));
        assert!(row["termSourcedIds"].split(',').all(|term| sessions.contains(term)));
    }
    let enrollments = of("enrollments.csv");
    ids(&enrollments);
    for row in &enrollments {
        assert!(users.contains(&row["userSourcedId"]) && classes.contains(&row["classSourcedId"]));
    }
    let taught: HashSet<_> = enrollments
        .iter()
        .filter(|row| row["role"] == "teacher")
        .map(|row| row["classSourcedId"].clone())
        .collect();
    assert_eq!(taught, classes, "every class and course has a teacher");
    assert!(of("demographics.csv").iter().all(|row| users.contains(&row["sourcedId"])));
    assert!(of("roles.csv").iter().all(|row| users.contains(&row["userSourcedId"])));
}

#[test]
fn the_manifest_lists_what_is_there() {
    let files = made(30, 1).unwrap();
    let listed: HashSet<_> = rows(&files, "manifest.csv")
        .iter()
        .filter(|row| row["value"] == "bulk")
        .map(|row| format!("{}.csv", &row["propertyName"]["file.".len()..]))
        .collect();
    let there: HashSet<_> =
        files.iter().map(|(name, _)| name.clone()).filter(|n| n != "manifest.csv").collect();
    assert_eq!(listed, there);
}

#[test]
fn course_codes_have_23_characters_with_kind_and_attribute_in_their_places() {
    for row in rows(&made(30, 1).unwrap(), "courses.csv") {
        let code = row["courseCode"].as_bytes();
        assert_eq!(code.len(), 23);
        assert!(b"15".contains(&code[16]) && code[18] == b'1', "{}", row["courseCode"]);
    }
}
