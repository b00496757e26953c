use std::io::Write as _;

use bytes::Bytes;
use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

/// A small bundle without a fault.
const CLEAN: &[(&str, &str)] = &[
    (
        "manifest.csv",
        "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nfile.academicSessions,bulk\n\
         file.orgs,bulk\nfile.users,bulk\nfile.roles,bulk\nfile.demographics,bulk\nfile.courses,bulk\n\
         file.classes,bulk\nfile.enrollments,bulk\nfile.results,absent\n",
    ),
    (
        "academicSessions.csv",
        "sourcedId,status,title,type,startDate,endDate,parentSourcedId,schoolYear\n\
         y,active,114,schoolYear,2025-08-01,2026-07-31,,2026\n\
         s1,active,114-1,semester,2025-08-30,2026-01-20,y,2026\n\
         s2,active,114-2,semester,2026-02-11,2026-06-30,y,2026\n",
    ),
    ("orgs.csv", "sourcedId,status,name,type\no,active,示範高中,school\n"),
    (
        "users.csv",
        "sourcedId,status,username,userIds,givenName,familyName,identifier,grades\n\
         t1,active,t0001,,俊賢,許,T1,\n\
         t2,,t0002,,John,Smith,T2,\n\
         p1,active,1140001,{twid:A123456789},武雄,林,1140001,10\n\
         p2,active,1140002,,=1+1,謝,1140002,10\n\
         p3,active,1140003,,\"文\n正\",施,1140003,10\n",
    ),
    (
        "roles.csv",
        "sourcedId,status,userSourcedId,roleType,role,orgSourcedId\n\
         rt1,active,t1,primary,teacher,o\nrt2,active,t2,primary,administrator,o\n\
         rp1,active,p1,primary,student,o\nrp2,active,p2,primary,student,o\nrp3,active,p3,primary,student,o\n",
    ),
    ("demographics.csv", "sourcedId,status,birthDate\np1,active,2010-06-10\np2,active,\n"),
    (
        "courses.csv",
        "sourcedId,status,title,courseCode,orgSourcedId\nm,active,數學,114990301H1110101010102,o\n\
         w,active,木工,WOOD-1,o\n",
    ),
    (
        "classes.csv",
        "sourcedId,status,title,grades,courseSourcedId,classType,schoolSourcedId,termSourcedIds\n\
         h1,active,10年01班,10,m,homeroom,o,\"s1,s2\"\n\
         k1,active,數學 10-01,10,m,scheduled,o,s1\n\
         k2,active,木工 10-01,\"10,11\",w,scheduled,o,y\n",
    ),
    (
        "enrollments.csv",
        "sourcedId,status,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\n\
         e1,active,h1,o,t1,teacher,true,2025-08-30,2026-06-30\n\
         e2,active,h1,o,p1,student,false,2025-08-30,2026-06-30\n\
         e3,active,k1,o,p1,student,false,2025-08-30,\n\
         e4,active,k1,o,p2,student,false,,\n\
         e5,active,k2,o,p1,student,,,\n\
         e6,active,k1,o,t1,teacher,true,,\n",
    ),
];

/// The clean bundle's files.
pub(crate) fn clean() -> Vec<(String, Bytes)> {
    CLEAN.iter().map(|(name, text)| ((*name).to_owned(), Bytes::from_static(text.as_bytes()))).collect()
}

/// The bundle with a text of a file replaced.
pub(crate) fn with(
    mut files: Vec<(String, Bytes)>,
    file: &str,
    from: &str,
    to: &str,
) -> Vec<(String, Bytes)> {
    let (_, bytes) = files.iter_mut().find(|(name, _)| name == file).unwrap();
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(text.contains(from), "{file} lacks {from}");
    *bytes = text.replacen(from, to, 1).into();
    files
}

fn zipped(files: &[(&str, &[u8])]) -> Vec<(String, Bytes)> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    vec![("bundle.zip".to_owned(), zip.finish().unwrap().into_inner().into())]
}

/// What keeps a bundle from being read, in one line.
#[track_caller]
fn problem(files: Vec<(String, Bytes)>) -> String {
    Bundle::read(files).unwrap_err().to_string()
}

/// Every row that is not good: `file:line sourcedId verdict`.
fn faults(files: Vec<(String, Bytes)>) -> Vec<String> {
    fn bad<T>(entries: &[Entry<T>]) -> impl Iterator<Item = String> {
        entries.iter().filter_map(|Entry { place, standing }| {
            let at = format!("{}:{} {}", place.file.name(), place.line, place.sourced_id);
            match standing {
                Standing::Good(_) => None,
                Standing::Refused(fault) => Some(format!("{at} refused: {}", fault.reason())),
                Standing::Skipped(because_of) => Some(format!("{at} skipped: {because_of}")),
            }
        })
    }
    let plan = Plan::of(&Bundle::read(files).unwrap());
    let all = bad(&plan.sessions).chain(bad(&plan.orgs)).chain(bad(&plan.users)).chain(bad(&plan.roles));
    let all = all.chain(bad(&plan.demographics)).chain(bad(&plan.courses)).chain(bad(&plan.classes));
    all.chain(bad(&plan.enrollments)).collect()
}

#[test]
fn a_clean_bundle_has_no_fault() {
    let bundle = Bundle::read(clean()).unwrap();
    assert_eq!(bundle.row_count(), 3 + 1 + 5 + 5 + 2 + 2 + 3 + 6);
    assert_eq!(faults(clean()), [""; 0]);
    let plan = Plan::of(&bundle);
    assert_eq!(plan.row_count(), bundle.row_count());
    let names = plan.users.iter().map(|user| match &user.standing {
        Standing::Good(Person::Student(basic)) => (basic.name.clone(), basic.birth_date.clone()),
        Standing::Good(Person::Staff { name, .. }) => (name.clone(), None),
        Standing::Refused(_) | Standing::Skipped(_) => panic!(),
    });
    let names: Vec<_> = names.collect();
    let expected = [("許俊賢", None), ("John Smith", None), ("林武雄", Some("2010-06-10")), ("謝=1+1", None)];
    for (name, (expected, born)) in names.iter().zip(expected) {
        assert_eq!((name.0.as_str(), name.1.as_deref()), (expected, born));
    }
    let semesters = |of: &[&str]| of.iter().map(|of| of.parse().unwrap()).collect::<Vec<_>>();
    let groups: Vec<_> = plan.classes.into_iter().map(|class| class.standing).collect();
    let own = Group::Course {
        semesters: semesters(&["114-1", "114-2"]),
        title: "木工 10-01".into(),
        code: "WOOD-1".into(),
    };
    assert_eq!(groups.last(), Some(&Standing::Good(own)));
}

#[test]
fn lines_are_those_of_an_editor() {
    let lines = |files: Vec<(String, Bytes)>| {
        let bundle = Bundle::read(files).unwrap();
        bundle.rows(RosterFile::Users).iter().map(|row| row.line).collect::<Vec<_>>()
    };
    assert_eq!(lines(clean()), [2, 3, 4, 5, 6]);
    let more = with(clean(), "users.csv", "t2,,t0002,,John", "\n\nt2,,t0002,,\"Jo\nhn\"");
    assert_eq!(lines(more), [2, 5, 7, 8, 9]);
    let windows: Vec<_> = clean()
        .into_iter()
        .map(|(name, bytes)| {
            let text = String::from_utf8(bytes.to_vec()).unwrap().replace('\n', "\r\n");
            (name, Bytes::from(format!("\u{feff}{text}")))
        })
        .collect();
    assert_eq!(lines(windows.clone()), [2, 3, 4, 5, 6]);
    assert_eq!(faults(windows), [""; 0]);
}

#[test]
fn a_bundle_that_lacks_a_file_names_it() {
    for (name, _) in CLEAN {
        let files = clean().into_iter().filter(|(file, _)| file != name).collect();
        let said = problem(files);
        assert!(said.starts_with(name), "{said}");
    }
    let absent = with(clean(), "manifest.csv", "file.users,bulk", "file.users,absent");
    assert!(problem(absent).contains("users.csv: is there, though manifest.csv says absent"));
    let mut absent = with(clean(), "manifest.csv", "file.roles,bulk", "file.roles,absent");
    absent.retain(|(name, _)| name != "roles.csv");
    assert_eq!(problem(absent), "roles.csv: must be there, because users.csv is");
    let unlisted = [clean(), vec![("grades.csv".to_owned(), Bytes::new())]].concat();
    assert_eq!(problem(unlisted), "grades.csv: isn't listed in manifest.csv");
}

#[test]
fn a_manifest_must_say_what_it_means() {
    let other = with(clean(), "manifest.csv", "oneroster.version,1.2", "oneroster.version,1.1");
    assert_eq!(problem(other), "manifest.csv: must say oneroster.version 1.2");
    let other = with(clean(), "manifest.csv", "file.orgs,bulk", "file.orgs,some");
    assert!(problem(other).contains("manifest.csv: says of file.orgs none of absent, bulk, delta"));
    let other = with(clean(), "manifest.csv", "propertyName,value", "property,value");
    assert_eq!(problem(other), "manifest.csv: lacks the column propertyName");
    assert_eq!(problem(Vec::new()), "manifest.csv: must be in the bundle");
}

#[test]
fn a_missing_column_is_named() {
    for file in RosterFile::ALL {
        for column in file.columns() {
            let said = problem(with(clean(), file.name(), column, "other"));
            let expected = format!("{}: lacks the column {column}", file.name());
            assert!(said.contains(&expected), "{said}");
        }
    }
    let twice = with(clean(), "orgs.csv", "name,type", "name,name,type");
    assert!(problem(twice).starts_with("orgs.csv: column 4 stands twice"));
}

#[test]
fn what_is_not_utf_8_is_told_with_its_line() {
    let mut files = clean();
    let users = files.iter_mut().find(|(name, _)| name == "users.csv").unwrap();
    let mut bytes = users.1.to_vec();
    let at = bytes.windows(5).position(|part| part == b"t0002").unwrap();
    bytes[at] = 0xff;
    users.1 = bytes.into();
    assert_eq!(problem(files), "users.csv: line 3 isn't UTF-8; save the file in UTF-8");
}

#[test]
fn a_zip_is_read_as_its_files_are() {
    let all: Vec<_> = CLEAN.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    let beside: &[(&str, &[u8])] = &[("__MACOSX/._users.csv", b"x"), ("README.txt", b"x")];
    let files = zipped(&[all.as_slice(), beside].concat());
    assert_eq!(faults(files.clone()), [""; 0]);
    let both = [files, clean()].concat();
    assert_eq!(problem(both), "file: a bundle is one zip or single files, not both");
    let deep: Vec<_> = all.iter().map(|(name, text)| (format!("roster/{name}"), *text)).collect();
    let deep: Vec<_> = deep.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    assert_eq!(problem(zipped(&deep)), "roster/manifest.csv: must stand at the root of the zip");
    let broken = vec![("bundle.zip".to_owned(), Bytes::from_static(b"PK and nothing else"))];
    assert!(problem(broken).starts_with("bundle.zip: is no zip that can be read"));
}

#[test]
fn a_zip_bomb_is_refused_before_it_has_unfolded() {
    let mebibyte = vec![b','; 1 << 20];
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("users.csv", SimpleFileOptions::default()).unwrap();
    for _ in 0..8 {
        zip.write_all(&mebibyte).unwrap();
    }
    let bomb = zip.finish().unwrap().into_inner();
    assert!(bomb.len() < 1 << 16);
    let files = vec![("bomb.zip".to_owned(), Bytes::from(bomb))];
    let said = archive::unpacked(files.clone(), 7 << 20).unwrap_err().to_string();
    assert_eq!(said, "users.csv: makes the bundle larger than 7340032 bytes");
    assert_eq!(archive::unpacked(files, 8 << 20).unwrap().len(), 1);
    let single = vec![("users.csv".to_owned(), Bytes::from(mebibyte))];
    assert!(archive::unpacked(single, 1000).is_err());
    let names: Vec<_> = (0..=ENTRIES_MAX).map(|n| format!("{n}.txt")).collect();
    let many: Vec<_> = names.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
    assert_eq!(problem(zipped(&many)), "bundle.zip: has 101 entries, at most 100 are allowed");
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for name in ["../users.csv", "/users.csv", "a\\users.csv", "users.exe", ""] {
        let said = problem(vec![(name.to_owned(), Bytes::new())]);
        assert!(said.contains("must be a plain name that ends in .csv or .zip"), "{said}");
    }
    assert_eq!(problem([clean(), clean()].concat()), "manifest.csv: is there twice");
}

/// A file, what stands in it, what stands there instead, and what follows from it.
type Case = (&'static str, &'static str, &'static str, &'static [&'static str]);

const CASES: &[Case] = &[
    (
        "users.csv",
        "p2,active",
        "p2,activ",
        &[
            "users.csv:5 p2 refused: status is none of active, tobedeleted",
            "roles.csv:5 rp2 skipped: users.csv: p2",
            "demographics.csv:3 p2 skipped: users.csv: p2",
        ],
    ),
    (
        "users.csv",
        "A123456789",
        "A123456780",
        &[
            "users.csv:4 p1 refused: userIds the identity number's check digit is wrong",
            "roles.csv:4 rp1 skipped: users.csv: p1",
            "demographics.csv:2 p1 skipped: users.csv: p1",
        ],
    ),
    (
        "users.csv",
        "p3,active,1140003",
        "p3,active,1140002",
        &["users.csv:6 p3 refused: username is given twice", "roles.csv:6 rp3 skipped: users.csv: p3"],
    ),
    (
        "users.csv",
        "施,1140003",
        "施,1140002",
        &["users.csv:6 p3 refused: identifier is given twice", "roles.csv:6 rp3 skipped: users.csv: p3"],
    ),
    (
        "users.csv",
        "施,1140003,10",
        "施,1140003",
        &[
            "users.csv:6 p3 refused: the row has 7 fields and the header 8",
            "roles.csv:6 rp3 skipped: users.csv: p3",
        ],
    ),
    (
        "users.csv",
        "施,1140003,10",
        "施,1140003,13",
        &[
            "users.csv:6 p3 refused: grades must be one grade of 1 to 12",
            "roles.csv:6 rp3 skipped: users.csv: p3",
        ],
    ),
    (
        "users.csv",
        "t2,,",
        "t2,tobedeleted,",
        &[
            "users.csv:3 t2 refused: status tobedeleted is not yet supported here: R15",
            "roles.csv:3 rt2 skipped: users.csv: t2",
        ],
    ),
    (
        "users.csv",
        "t2,,",
        "t1,,",
        &[
            "users.csv:3 t1 refused: sourcedId stands in the file twice",
            "roles.csv:3 rt2 refused: userSourcedId names no user",
        ],
    ),
    (
        "users.csv",
        "{twid:A123456789}",
        "A123456789",
        &[
            "users.csv:4 p1 refused: userIds is no list of {type:id}, such as {twid:A123456789}",
            "roles.csv:4 rp1 skipped: users.csv: p1",
            "demographics.csv:2 p1 skipped: users.csv: p1",
        ],
    ),
    (
        "roles.csv",
        "t2,primary,administrator",
        "t2,primary,parent",
        &[
            "users.csv:3 t2 skipped: roles.csv: rt2",
            "roles.csv:3 rt2 refused: role parents and relatives are not yet supported",
        ],
    ),
    (
        "roles.csv",
        "rt2,active,t2",
        "rt2,active,t1",
        &["users.csv:3 t2 refused: the user has no role in roles.csv"],
    ),
    (
        "demographics.csv",
        "2010-06-10",
        "2010-06-31",
        &["demographics.csv:2 p1 refused: birthDate is no date, such as 2025-08-30"],
    ),
    ("academicSessions.csv", "s1,active", "s1,", &[]),
    (
        "academicSessions.csv",
        "2026-01-20,y,2026",
        "2026-01-20,y,2025",
        &[
            "academicSessions.csv:3 s1 refused: schoolYear is not the year in which the school year of startDate ends",
            "classes.csv:2 h1 skipped: academicSessions.csv: s1",
            "classes.csv:3 k1 skipped: academicSessions.csv: s1",
        ],
    ),
    (
        "classes.csv",
        "scheduled,o,s1",
        "scheduled,o,s9",
        &["classes.csv:3 k1 refused: termSourcedIds names no session"],
    ),
    (
        "classes.csv",
        "w,scheduled",
        "x,scheduled",
        &["classes.csv:4 k2 refused: courseSourcedId names no course"],
    ),
    (
        "classes.csv",
        "w,scheduled",
        "w,lesson",
        &["classes.csv:4 k2 refused: classType is none of homeroom, scheduled"],
    ),
    (
        "courses.csv",
        "w,active",
        "w,gone",
        &[
            "courses.csv:3 w refused: status is none of active, tobedeleted",
            "classes.csv:4 k2 skipped: courses.csv: w",
        ],
    ),
    (
        "enrollments.csv",
        "e5,active,k2,o",
        "e5,active,k2,other",
        &["enrollments.csv:6 e5 refused: schoolSourcedId names no organisation"],
    ),
    (
        "enrollments.csv",
        "p2,student,false,,",
        "p2,student,false,2025-13-40,",
        &["enrollments.csv:5 e4 refused: beginDate is no date, such as 2025-08-30"],
    ),
    (
        "enrollments.csv",
        "p1,student,,,",
        "p1,student,,2026-02-01,2026-01-01",
        &["enrollments.csv:6 e5 refused: endDate is before beginDate"],
    ),
    (
        "enrollments.csv",
        "p1,student,,,",
        "p1,proctor,,,",
        &["enrollments.csv:6 e5 refused: role is neither student nor teacher; others are not yet supported"],
    ),
];

#[test]
fn each_fault_is_told_of_its_row_and_of_those_that_hang_on_it() {
    for (file, from, to, expected) in CASES {
        assert_eq!(faults(with(clean(), file, from, to)), *expected, "{file}: {from} -> {to}");
    }
}

#[test]
fn nobody_is_student_and_staff() {
    let said = faults(with(clean(), "roles.csv", "rt2,active,t2", "rt2,active,p1"));
    assert_eq!(
        said,
        [
            "users.csv:3 t2 refused: the user has no role in roles.csv",
            "roles.csv:4 rp1 refused: role makes a student of staff, or staff of a student",
        ]
    );
}

#[test]
fn an_organisation_that_is_refused_takes_what_hangs_on_it_along() {
    let said = faults(with(clean(), "orgs.csv", "school", "club"));
    assert_eq!(said[0], "orgs.csv:2 o refused: type is no type of organisation in OneRoster");
    assert!(said.iter().any(|row| row == "roles.csv:2 rt1 skipped: orgs.csv: o"));
    assert!(said.iter().any(|row| row == "users.csv:2 t1 skipped: orgs.csv: o"));
    assert!(said.iter().any(|row| row == "enrollments.csv:2 e1 skipped: orgs.csv: o"));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(file in 0usize..9, bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut files = clean();
        files[file].1 = bytes.into();
        if let Ok(bundle) = Bundle::read(files) {
            let plan = Plan::of(&bundle);
            prop_assert_eq!(plan.row_count(), bundle.row_count());
        }
    }

    #[test]
    fn any_rows_are_judged(
        file in 1usize..9,
        rows in proptest::collection::vec("[a-zA-Z0-9,\"{}:\n\r=林 -]{0,60}", 0..12),
    ) {
        let mut files = clean();
        let text = String::from_utf8(files[file].1.to_vec()).unwrap();
        files[file].1 = format!("{text}{}\n", rows.join("\n")).into();
        let bundle = Bundle::read(files).unwrap();
        prop_assert_eq!(Plan::of(&bundle).row_count(), bundle.row_count());
    }

    #[test]
    fn any_zip_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in 0usize..400) {
        let _ = Bundle::read(vec![("a.zip".to_owned(), bytes.into())]);
        let whole = zipped(&[("manifest.csv", CLEAN[0].1.as_bytes())]).remove(0).1;
        let cut = whole.slice(..cut.min(whole.len()));
        prop_assert!(Bundle::read(vec![("a.zip".to_owned(), cut)]).is_err());
    }
}
