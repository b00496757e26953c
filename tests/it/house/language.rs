//! The published language: what stands in clear in events, and who may call which method.

use std::collections::{BTreeMap, BTreeSet};

use super::{files, none};

/// What an event may hold in clear without a word: ids, closed lists, numbers, the school's calendar.
const CLOSED: &[&str] = &[
    "LedgerId",
    "PersonId",
    "ClassId",
    "CourseId",
    "WorkId",
    "FileId",
    "Office",
    "Duty",
    "Category",
    "WorkKind",
    "UntickReason",
    "ItemVerdict",
    "Problem",
    "Leaving",
    "HoldScope",
    "Date",
    "Instant",
    "Window",
    "SchoolYear",
    "Semester",
    "u8",
    "u16",
    "u32",
    "u64",
    "bool",
];

/// Parts of events, whose own fields are listed like an event's.
const PARTS: &[&str] = &[
    "PolicyTerms",
    "SemesterTerms",
    "StudentData",
    "FileDescription",
    "Detail",
    "LockedWork",
    "ReceiptItem",
    "Finding",
    "Compartments",
];

/// Every field of every event that is text in clear, and why it may be.
const PUBLIC: &[(&str, &str)] = &[
    ("LedgerOpened.code", "the school's code at the ministry is published"),
    ("LedgerOpened.name", "the school's name is published"),
    ("LedgerOpened.checkpoint_key", "a public key is there to be known"),
    ("ClassOpened.roster_id", "names a class, not a person"),
    ("ClassOpened.title", "names a class, not a person"),
    ("CourseOffered.roster_id", "names a course, not a person"),
    ("CourseOffered.title", "the school publishes its courses"),
    ("CourseOffered.code", "the school publishes its courses"),
    ("OutcomeSubmitted.media_type", "one of a closed list"),
    ("OutcomeSubmitted.commitment", "a salted digest: it tells nothing without the sealed salt"),
    ("OutcomeSubmitted.sealed_sha256", "a digest of what is sealed already"),
    ("PerformanceSubmitted.media_type", "one of a closed list"),
    ("PerformanceSubmitted.commitment", "a salted digest: it tells nothing without the sealed salt"),
    ("PerformanceSubmitted.sealed_sha256", "a digest of what is sealed already"),
    ("FileRefused.reason", "one of a closed list"),
    ("WorkCertified.commitment", "as in the work's own event"),
    ("WorkReturned.commitment", "as in the work's own event"),
    ("OutcomeTicked.commitment", "as in the work's own event"),
    ("PerformanceTicked.commitment", "as in the work's own event"),
    ("LockedWork.commitment", "as in the work's own event"),
    ("PackageBuilt.sealed_sha256", "a digest of what is sealed already"),
    ("Detail.name", "one of a category's list"),
];

/// Every other field in clear, event by event: a new one is seen here before it is stored for ever.
const CLEAR: &[(&str, &str)] = &[
    ("AccessDeclined", "reader student"),
    ("AccessGranted", "reader student until"),
    ("AccessRequested", "reader student"),
    ("BatchApproved", "round year"),
    ("BatchChecked", "blocking findings round year"),
    ("BatchLocked", "items round students year"),
    ("BatchPrepared", "round year"),
    ("BatchTransferred", "package round year"),
    ("CertificationRevoked", "course semester student teacher work"),
    ("Class", "class"),
    ("ClassOpened", "class grade year"),
    ("Compartments", "conduct counselling coursework identity works"),
    ("CourseDropped", "course semester student"),
    ("CourseOffered", "course semester submittable"),
    ("CourseTaken", "course semester student"),
    ("Detail", ""),
    ("DisputeAnswered", "again round student until year"),
    ("DisputeFellLate", "round student year"),
    ("DutyAssigned", "duty offices"),
    ("ErasureApproved", "by starts student"),
    ("ErasureCancelled", "student"),
    ("ErasureCompleted", "claims destroyed files packages student"),
    ("ErasureRequested", "by student"),
    ("ErasureStarted", "student"),
    ("FileDescription", ""),
    ("FileRefused", "kind student work"),
    ("Finding", "problem student work"),
    ("FindingsNoted", "findings round year"),
    ("HoldPlaced", "scope"),
    ("HoldReleased", "scope"),
    ("HomeroomAssigned", "class teacher"),
    ("LedgerOpened", "ledger"),
    ("LetterAnswered", "confirmed on round student year"),
    ("LetterPosted", "on round student year"),
    ("LockedWork", "certificate kind work"),
    ("OfficeSeated", "from office person"),
    ("OfficeVacated", "from office person"),
    ("OfficerNamed", "person"),
    ("Outcome", "course semester"),
    ("OutcomeSubmitted", "course description file segments semester size student work"),
    ("OutcomeTicked", "certificate student work year"),
    ("OutcomeUnticked", "student why work year"),
    ("PackageBuilt", "items package round segments size students year"),
    ("Performance", "category year"),
    ("PerformanceSubmitted", "category description file segments size student work year"),
    ("PerformanceTicked", "student work year"),
    ("PerformanceUnticked", "student why work year"),
    ("PolicyAdopted", "from terms version year"),
    (
        "PolicyTerms",
        "outcomes_per_semester_max outcomes_selected_max performance_upload performances_per_year_max performances_selected_max selection semesters",
    ),
    ("PortfolioSealed", "student until"),
    ("ReceiptConfirmed", "round student year"),
    ("ReceiptDisputed", "due round student works year"),
    ("ReceiptIssued", "items round student until year"),
    ("ReceiptItem", "verdict work"),
    ("ReceiptReconciled", "altered doubled missing received round unknown year"),
    ("SelectionLocked", "student works year"),
    ("SemesterTerms", "certification upload"),
    ("StaffCorrected", "staff"),
    ("StaffRegistered", "staff"),
    ("Student", "student"),
    ("StudentCorrected", "basic student"),
    ("StudentData", "grade"),
    ("StudentGraduated", "on student year"),
    ("StudentLeft", "on student why"),
    ("StudentPlaced", "class from student year"),
    ("StudentRegistered", "basic student"),
    ("StudentReturned", "on student"),
    ("TeacherAssigned", "course teacher"),
    ("TeacherReleased", "course teacher"),
    ("WorkBegun", "declared details file kind size student until work"),
    ("WorkCertified", "course semester student teacher work"),
    ("WorkReturned", "course student teacher work"),
    ("WorkWithdrawn", "kind student work"),
];

/// The events' types and parts, each with its fields and their types.
fn fields() -> BTreeMap<String, Vec<(String, String)>> {
    let mut found: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for module in ["governance", "records", "uploads", "certification", "submission", "submitted", "archive"]
    {
        let source = files("services/events/src", &format!("{module}.rs")).remove(0);
        // What follows the first `impl` of a file holds no more shapes, but for structs at the left edge.
        let (mut holder, mut within) = (String::new(), false);
        for line in source.product().lines() {
            let code = line.trim();
            if line.starts_with("pub enum ") || line.starts_with("pub struct ") {
                within = true;
                holder = code.split(' ').nth(2).unwrap().to_owned();
            } else if line == "}" {
                within = false;
            } else if within && let Some(variant) = code.strip_suffix(" {") {
                holder = variant.to_owned();
            } else if within
                && !code.starts_with(['/', '#'])
                && let Some((field, of)) = code.trim_end_matches(',').split_once(": ")
            {
                let field = field.trim_start_matches("pub ").to_owned();
                found.entry(holder.clone()).or_default().push((field, of.to_owned()));
            }
        }
    }
    found
}

/// The types that a field is made of.
fn made_of(of: &str) -> impl Iterator<Item = &str> {
    let words = of.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| !["", "Option", "Vec", "BTreeMap"].contains(word))
}

#[test]
fn what_stands_in_clear_in_events_is_listed() {
    let fields = fields();
    assert!(fields.len() > 25, "the events' fields aren't found: {:?}", fields.keys());
    let (mut public, mut clear, mut wrong) = (BTreeSet::new(), BTreeMap::new(), Vec::new());
    for (holder, fields) in &fields {
        let mut names = BTreeSet::new();
        for (field, of) in fields {
            if of.contains("Personal<") {
                continue;
            }
            if of == "Public<String>" {
                public.insert(format!("{holder}.{field}"));
                continue;
            }
            names.insert(field.as_str());
            let other = made_of(of).filter(|of| !CLOSED.contains(of) && !PARTS.contains(of));
            wrong.extend(other.map(|of| format!("{holder}.{field}: {of} is neither Personal nor Public")));
        }
        clear.insert(holder.as_str(), names.into_iter().collect::<Vec<_>>().join(" "));
    }
    none("text in clear", &wrong);
    let reasoned: BTreeSet<_> = PUBLIC.iter().map(|(field, _)| (*field).to_owned()).collect();
    assert_eq!(public, reasoned, "the fields that are Public, and PUBLIC");
    let listed = CLEAR.iter().map(|(holder, names)| (*holder, (*names).to_owned())).collect();
    assert_eq!(clear, listed, "the other fields in clear, and CLEAR");
}

fn rpcs() -> impl Iterator<Item = &'static chassis::Rpc> {
    let services = [
        governance::RPCS,
        records::RPCS,
        uploads::RPCS,
        certification::RPCS,
        submission::RPCS,
        archive::RPCS,
        portfolio::RPCS,
        audit::RPCS,
    ];
    services.into_iter().flatten()
}

#[test]
fn every_method_has_a_duty_and_no_duty_is_left_over() {
    let rows: Vec<_> = rpcs().map(|rpc| rpc.path.to_owned()).collect();
    let unique: BTreeSet<_> = rows.iter().cloned().collect();
    assert_eq!(unique.len(), rows.len(), "a method has two rows");
    let mut methods = BTreeSet::new();
    // What we only ask has no duties.
    let served = files("proto/licheng", ".proto").into_iter().filter(|file| !file.path.contains("/central/"));
    for proto in served {
        let (mut package, mut service) = ("", "");
        for line in proto.text.lines().map(str::trim) {
            let mut words = line.split([' ', '(', ';']);
            match words.next() {
                Some("package") => package = words.next().unwrap(),
                Some("service") => service = words.next().unwrap(),
                Some("rpc") => {
                    methods.insert(format!("/{package}.{service}/{}", words.next().unwrap()));
                }
                Some(_) | None => {}
            }
        }
    }
    assert_eq!(unique, methods, "the rows of RPCS, and the methods of the protos");
}

#[test]
fn every_duty_is_asked_for_by_a_method() {
    let asked: Vec<_> = rpcs().map(|rpc| rpc.duty).collect();
    let idle = kernel::Duty::ALL.iter().filter(|duty| !asked.contains(duty)).map(|duty| duty.to_string());
    none("duties that no method asks for", &idle.collect::<Vec<_>>());
}
