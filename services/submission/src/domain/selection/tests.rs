use events::spec::Given;
use events::{
    Category, CertificationEvent, FileDescription, GovernanceEvent, Leaving, PolicyTerms, RecordsEvent,
    StudentData, SubmissionEvent, UntickReason, UploadsEvent, WorkKind,
};
use kernel::{
    CourseId, Date, FileId, Instant, Kind, Owner, PersonId, Personal, Public, Refusal as _, SchoolYear,
    Semester, Window, WorkId,
};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const STUDENT: PersonId = PersonId::new(Uuid::from_u128(1));
const OTHER: PersonId = PersonId::new(Uuid::from_u128(2));
const COURSE: CourseId = CourseId::new(Uuid::from_u128(3));

fn year() -> SchoolYear {
    SchoolYear::try_new(114).unwrap()
}

fn last_year() -> SchoolYear {
    SchoolYear::try_new(113).unwrap()
}

fn semester() -> Semester {
    "114-1".parse().unwrap()
}

fn at(day: i64) -> Instant {
    Instant::from_micros(day * 86_400_000_000)
}

fn window() -> Window {
    Window { from: at(10), until: at(20) }
}

/// The n-th outcome.
fn outcome(n: u128) -> WorkId {
    WorkId::new(Uuid::from_u128(100 + n))
}

/// The n-th performance.
fn performance(n: u128) -> WorkId {
    WorkId::new(Uuid::from_u128(200 + n))
}

fn choice(work: WorkId) -> Choice {
    Choice { student: STUDENT, year: year(), work }
}

fn policy(outcomes: u16, performances: u16) -> GovernanceEvent {
    let terms = PolicyTerms {
        outcomes_per_semester_max: 3,
        performances_per_year_max: 20,
        outcomes_selected_max: outcomes,
        performances_selected_max: performances,
        performance_upload: window(),
        selection: window(),
        semesters: [].into(),
    };
    GovernanceEvent::PolicyAdopted { year: year(), version: 1, from: at(0), terms }
}

fn description() -> FileDescription {
    let personal = |text: &str| Personal::new(Owner::identity(STUDENT), text.to_owned());
    FileDescription { name: personal("a.pdf"), sha256: personal("0"), md5: None }
}

fn outcome_submitted(student: PersonId, work: WorkId, commitment: &str) -> UploadsEvent {
    UploadsEvent::OutcomeSubmitted {
        student,
        work,
        course: COURSE,
        semester: semester(),
        file: FileId::new(Uuid::from_u128(6)),
        size: 1,
        segments: 1,
        media_type: Public("application/pdf".into()),
        commitment: Public(commitment.into()),
        sealed_sha256: Public("1".into()),
        description: description(),
    }
}

fn performance_submitted(work: WorkId, year: SchoolYear) -> UploadsEvent {
    UploadsEvent::PerformanceSubmitted {
        student: STUDENT,
        work,
        category: Category::Piece,
        year,
        file: FileId::new(Uuid::from_u128(6)),
        size: 1,
        segments: 1,
        media_type: Public("image/png".into()),
        commitment: Public("b".into()),
        sealed_sha256: Public("1".into()),
        description: description(),
    }
}

fn certified(work: WorkId) -> CertificationEvent {
    CertificationEvent::WorkCertified {
        student: STUDENT,
        work,
        course: COURSE,
        semester: semester(),
        teacher: OTHER,
        commitment: Public("b".into()),
    }
}

fn revoked(work: WorkId) -> CertificationEvent {
    CertificationEvent::CertificationRevoked {
        student: STUDENT,
        work,
        course: COURSE,
        semester: semester(),
        teacher: OTHER,
        reason: Personal::new(Owner::work(STUDENT, work), "x".into()),
    }
}

fn works(student: PersonId) -> String {
    format!("works-{student}-114")
}

fn certificate(work: WorkId) -> String {
    format!("certificate-{work}")
}

/// A student's registration; what it says of them matters nowhere here.
fn registered(student: PersonId) -> RecordsEvent {
    let erased = || Personal::Erased;
    let basic = StudentData {
        roster_id: erased(),
        username: erased(),
        number: erased(),
        name: erased(),
        identity_number: None,
        birth_date: None,
        grade: 10,
    };
    RecordsEvent::StudentRegistered { student, basic }
}

/// Every way to be no longer enrolled.
fn gone() -> Vec<RecordsEvent> {
    let on = Date::constant(2026, 6, 12);
    let ways = [Leaving::Transferred, Leaving::Suspended, Leaving::Withdrawn, Leaving::Deceased];
    let left = ways.map(|why| RecordsEvent::StudentLeft { student: STUDENT, on, why });
    [vec![RecordsEvent::StudentGraduated { student: STUDENT, year: year(), on }], left.to_vec()].concat()
}

fn returned_to_school() -> RecordsEvent {
    RecordsEvent::StudentReturned { student: STUDENT, on: Date::constant(2026, 6, 13) }
}

/// Twelve certified outcomes and twelve performances, the policy's window open.
fn stocked(mut given: Given<Selection>) -> Given<Selection> {
    for n in 1..=12 {
        given = given
            .known(&works(STUDENT), outcome_submitted(STUDENT, outcome(n), "b"))
            .known(&certificate(outcome(n)), certified(outcome(n)))
            .known(&works(STUDENT), performance_submitted(performance(n), year()));
    }
    given.known(&format!("student-{STUDENT}"), registered(STUDENT)).at(at(15)).by(STUDENT)
}

fn given(events: impl IntoIterator<Item = SubmissionEvent>) -> Given<Selection> {
    stocked(Given::events(events).known("policy-114", policy(6, 10)))
}

fn ticked(n: u128) -> SubmissionEvent {
    let (student, year, work) = (STUDENT, year(), outcome(n));
    SubmissionEvent::OutcomeTicked { student, year, work, commitment: Public("b".into()), certificate: 1 }
}

fn unticked(n: u128, why: UntickReason) -> SubmissionEvent {
    SubmissionEvent::OutcomeUnticked { student: STUDENT, year: year(), work: outcome(n), why }
}

fn performance_ticked(n: u128) -> SubmissionEvent {
    let (student, year, work) = (STUDENT, year(), performance(n));
    SubmissionEvent::PerformanceTicked { student, year, work, commitment: Public("b".into()) }
}

fn tick(n: u128) -> Command {
    Command::TickOutcome(choice(outcome(n)))
}

fn untick(n: u128) -> Command {
    Command::UntickOutcome(choice(outcome(n)))
}

#[test]
fn s4_3_3_selects_six_certified_outcomes() {
    given((1..=5).map(ticked)).when(tick(6)).then([ticked(6)]);
}

#[test]
fn s4_3_3_refuses_the_seventh_outcome() {
    let refusal = Refusal::Full { of: Of::Outcomes, cap: 6 };
    given((1..=6).map(ticked)).when(tick(7)).then_refused(refusal.clone());
    assert_eq!((refusal.clause().id(), refusal.metadata()), ("§4.3.3", vec![("cap", "6".to_owned())]));
}

#[test]
fn s4_3_3_takes_another_outcome_once_one_is_unticked() {
    let untick_one = unticked(3, UntickReason::Asked);
    given((1..=6).map(ticked)).when(untick(3)).then([untick_one.clone()]);
    given((1..=6).map(ticked).chain([untick_one])).when(tick(7)).then([ticked(7)]);
}

#[test]
fn s4_3_3_a_policy_tightens_the_cap_and_never_loosens_it() {
    let strict = stocked(Given::events((1..=2).map(ticked)).known("policy-114", policy(2, 1)));
    strict.when(tick(3)).then_refused(Refusal::Full { of: Of::Outcomes, cap: 2 });
    let loose = stocked(Given::events((1..=6).map(ticked)).known("policy-114", policy(60, 100)));
    loose.when(tick(7)).then_refused(Refusal::Full { of: Of::Outcomes, cap: 6 });
}

#[test]
fn s4_4_2_refuses_the_eleventh_performance() {
    let tick = |n| Command::TickPerformance(choice(performance(n)));
    given((1..=9).map(performance_ticked)).when(tick(10)).then([performance_ticked(10)]);
    let refusal = Refusal::Full { of: Of::Performances, cap: 10 };
    given((1..=10).map(performance_ticked)).when(tick(11)).then_refused(refusal.clone());
    assert_eq!(refusal.clause().id(), "§4.4.2");
}

#[test]
fn s_1_asking_for_what_is_so_already_changes_nothing() {
    given((1..=6).map(ticked)).at(at(30)).when(tick(6)).then([]);
    given([]).at(at(30)).when(untick(1)).then([]);
    let chosen = choice(performance(1));
    given([performance_ticked(1)]).at(at(30)).when(Command::TickPerformance(chosen)).then([]);
    given([]).at(at(30)).when(Command::UntickPerformance(chosen)).then([]);
}

#[test]
fn s4_3_3_refuses_an_outcome_that_is_not_certified() {
    let given = given([]);
    let given = given.known(&works(STUDENT), outcome_submitted(STUDENT, outcome(50), "b"));
    given.when(tick(50)).then_refused(Refusal::NotCertified);
    let given = given.known(&certificate(outcome(1)), revoked(outcome(1)));
    given.when(tick(1)).then_refused(Refusal::NotCertified);
}

#[test]
fn s4_3_3_refuses_an_outcome_whose_bytes_were_changed_after_it_was_certified() {
    let given = given([]).known(&works(STUDENT), outcome_submitted(STUDENT, outcome(1), "others"));
    given.when(tick(1)).then_refused(Refusal::NotCertified);
}

#[test]
fn s4_3_3_refuses_another_students_work() {
    let given = given([]).known(&works(OTHER), outcome_submitted(OTHER, outcome(50), "b"));
    let refusal = Refusal::AnothersWork { of: Of::Outcomes };
    given.when(tick(50)).then_refused(refusal.clone());
    assert_eq!(refusal.kind(), Kind::PermissionDenied);
}

#[test]
fn s4_3_3_refuses_a_work_that_nobody_began() {
    given([]).when(tick(99)).then_refused(Refusal::UnknownWork { of: Of::Outcomes });
}

#[test]
fn s4_4_2_refuses_a_work_of_the_other_kind() {
    let command = Command::TickPerformance(choice(outcome(1)));
    given([]).when(command).then_refused(Refusal::OtherKind { of: Of::Performances });
    let command = Command::TickOutcome(choice(performance(1)));
    given([]).when(command).then_refused(Refusal::OtherKind { of: Of::Outcomes });
}

#[test]
fn s4_4_2_refuses_a_work_of_another_school_year() {
    let old = performance(50);
    let given = given([]).known(&format!("works-{STUDENT}-113"), performance_submitted(old, last_year()));
    let refusal = Refusal::OtherYear { of: Of::Performances, year: last_year() };
    given.when(Command::TickPerformance(choice(old))).then_refused(refusal);
}

#[test]
fn s4_4_2_refuses_a_performance_that_was_taken_back() {
    let kind = WorkKind::Performance { category: Category::Piece, year: year() };
    let withdrawn = UploadsEvent::WorkWithdrawn { student: STUDENT, work: performance(1), kind };
    let given = given([]).known(&works(STUDENT), withdrawn);
    given.when(Command::TickPerformance(choice(performance(1)))).then_refused(Refusal::NotHandedIn);
}

#[test]
fn g3_refuses_where_no_policy_is_in_force() {
    let refusal = Refusal::NoPolicy { year: year() };
    stocked(Given::nothing()).when(tick(1)).then_refused(refusal.clone());
    stocked(Given::events([ticked(1)])).when(untick(1)).then_refused(refusal);
}

#[test]
fn a_11_refuses_outcomes_outside_the_window_by_a_microsecond() {
    let last = Instant::from_micros(window().until.micros() - 1);
    given([]).at(window().from).when(tick(1)).then([ticked(1)]);
    given([ticked(1)]).at(last).when(untick(1)).then([unticked(1, UntickReason::Asked)]);
    let early = Instant::from_micros(window().from.micros() - 1);
    for now in [early, window().until] {
        let refusal = Refusal::WindowClosed { of: Of::Outcomes, window: window(), now };
        given([]).at(now).when(tick(1)).then_refused(refusal.clone());
        given([ticked(1)]).at(now).when(untick(1)).then_refused(refusal.clone());
        assert_eq!(refusal.clause().id(), "A.11");
    }
}

#[test]
fn a_12_refuses_performances_outside_the_window() {
    let refusal = Refusal::WindowClosed { of: Of::Performances, window: window(), now: at(20) };
    let chosen = choice(performance(1));
    given([]).at(at(20)).when(Command::TickPerformance(chosen)).then_refused(refusal.clone());
    let given = given([performance_ticked(1)]).at(at(20));
    given.when(Command::UntickPerformance(chosen)).then_refused(refusal.clone());
    assert_eq!(refusal.clause().id(), "A.12");
}

#[test]
fn c5_a_revocation_unticks_whatever_the_window_but_not_what_was_certified_anew() {
    let drop = |revoked| Command::DropRevoked { choice: choice(outcome(1)), revoked };
    let expected = unticked(1, UntickReason::Revoked);
    given([ticked(1)]).at(at(90)).when(drop(2)).then([expected.clone()]);
    given([ticked(1), expected]).at(at(90)).when(drop(2)).then([]);
    given([]).when(drop(2)).then([]);
    let (student, year, work) = (STUDENT, year(), outcome(1));
    let commitment = Public("b".into());
    let anew = SubmissionEvent::OutcomeTicked { student, year, work, commitment, certificate: 3 };
    given([anew]).when(drop(2)).then([]);
}

#[test]
fn c5_a_tick_stands_on_the_certificate_that_is_there() {
    let work = outcome(1);
    let given = given([]).known(&certificate(work), revoked(work)).known(&certificate(work), certified(work));
    let (student, year, commitment) = (STUDENT, year(), Public("b".into()));
    let expected = SubmissionEvent::OutcomeTicked { student, year, work, commitment, certificate: 3 };
    given.when(tick(1)).then([expected]);
}

#[test]
fn u6_what_is_taken_back_is_unticked_whatever_the_window() {
    let work = performance(1);
    let why = UntickReason::Withdrawn;
    let expected = SubmissionEvent::PerformanceUnticked { student: STUDENT, year: year(), work, why };
    given([performance_ticked(1)]).at(at(90)).when(Command::DropWithdrawn(choice(work))).then([expected]);
    given([]).when(Command::DropWithdrawn(choice(work))).then([]);
    given([ticked(1)]).when(Command::DropWithdrawn(choice(outcome(1)))).then([unticked(1, why)]);
}

#[test]
fn s_1_how_many_are_left_never_is_less_than_none() {
    let mut selection = Selection::default();
    (1..=6).for_each(|n| selection.evolve(&ticked(n)));
    let GovernanceEvent::PolicyAdopted { version, from, terms, .. } = policy(4, 10) else {
        panic!("no policy")
    };
    let policy = Policy { version, from, terms };
    assert_eq!((selection.left(Of::Outcomes, &policy), selection.left(Of::Performances, &policy)), (0, 10));
}

#[test]
fn s5_refuses_to_select_for_who_is_gone_but_unticks() {
    let stream = format!("student-{STUDENT}");
    for gone in gone() {
        let given = given([ticked(1), performance_ticked(1)]).known(&stream, gone);
        given.when(tick(2)).then_refused(Refusal::NotEnrolled);
        let tick_performance = Command::TickPerformance(choice(performance(2)));
        given.when(tick_performance).then_refused(Refusal::NotEnrolled);
        given.when(untick(1)).then([unticked(1, UntickReason::Asked)]);
        assert!(given.when(Command::UntickPerformance(choice(performance(1)))).0.is_ok());
        // What is selected already stays so, and asking for it again changes nothing.
        given.when(tick(1)).then([]);
        given.known(&stream, returned_to_school()).when(tick(2)).then([ticked(2)]);
    }
    assert_eq!(Refusal::NotEnrolled.clause().id(), "§5");
}

fn any_command() -> impl Strategy<Value = Command> {
    let outcome = (1_u128..=12).prop_map(|n| choice(outcome(n)));
    let performance = (1_u128..=12).prop_map(|n| choice(performance(n)));
    prop_oneof![
        6 => outcome.clone().prop_map(Command::TickOutcome),
        1 => outcome.clone().prop_map(Command::UntickOutcome),
        8 => performance.clone().prop_map(Command::TickPerformance),
        1 => performance.clone().prop_map(Command::UntickPerformance),
        1 => (outcome, 1_u32..4).prop_map(|(choice, revoked)| Command::DropRevoked { choice, revoked }),
        1 => performance.prop_map(Command::DropWithdrawn),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is asked, in whatever order: the caps hold, and the events alone give the same state.
    #[test]
    fn s4_3_3_any_sequence_keeps_the_caps_and_replays_to_the_same_state(
        commands in prop::collection::vec(any_command(), 0..60)
    ) {
        let mut state = Selection::default();
        let mut events: Vec<SubmissionEvent> = Vec::new();
        for command in commands {
            let decided = given(events.clone()).when(command).0.unwrap_or_default();
            decided.iter().for_each(|event| state.evolve(event));
            events.extend(decided);
            prop_assert!(state.outcomes().count() <= 6 && state.performances().count() <= 10);
        }
        let mut replayed = Selection::default();
        events.iter().for_each(|event| replayed.evolve(event));
        prop_assert_eq!(state, replayed);
    }
}

fn lock() -> Command {
    Command::Lock { student: STUDENT, year: year() }
}

fn locked(outcomes: &[u128], performances: &[u128]) -> SubmissionEvent {
    let commitment = || Public("b".to_owned());
    let kind = WorkKind::Outcome { course: COURSE, semester: semester() };
    let outcomes = outcomes.iter().map(|n| LockedWork {
        work: outcome(*n),
        kind,
        commitment: commitment(),
        certificate: Some(1),
    });
    let kind = WorkKind::Performance { category: Category::Piece, year: year() };
    let performances = performances.iter().map(|n| LockedWork {
        work: performance(*n),
        kind,
        commitment: commitment(),
        certificate: None,
    });
    SubmissionEvent::SelectionLocked {
        student: STUDENT,
        year: year(),
        works: outcomes.chain(performances).collect(),
    }
}

#[test]
fn s_3_a_lock_takes_what_stands_and_leaves_what_was_revoked_or_taken_back() {
    let ticks = || [ticked(1), ticked(2), performance_ticked(1), performance_ticked(2)];
    given(ticks()).at(at(30)).when(lock()).then([locked(&[1, 2], &[1, 2])]);
    let kind = WorkKind::Performance { category: Category::Piece, year: year() };
    let withdrawn = UploadsEvent::WorkWithdrawn { student: STUDENT, work: performance(2), kind };
    let given = given(ticks()).known(&certificate(outcome(1)), revoked(outcome(1)));
    given.known(&works(STUDENT), withdrawn).at(at(30)).when(lock()).then([locked(&[2], &[1])]);
}

#[test]
fn s_3_nothing_is_locked_twice_or_empty() {
    given([]).when(lock()).then([]);
    given([ticked(1), unticked(1, UntickReason::Asked)]).when(lock()).then([]);
    given([ticked(1), locked(&[1], &[])]).when(lock()).then([]);
}

#[test]
fn s_3_refuses_to_change_what_is_locked() {
    let locked = || given([ticked(1), performance_ticked(1), locked(&[1], &[1])]);
    let (outcomes, performances) =
        (Refusal::Locked { of: Of::Outcomes }, Refusal::Locked { of: Of::Performances });
    locked().when(tick(2)).then_refused(outcomes.clone());
    locked().when(untick(1)).then_refused(outcomes);
    let tick = Command::TickPerformance(choice(performance(2)));
    locked().when(tick).then_refused(performances.clone());
    let untick = Command::UntickPerformance(choice(performance(1)));
    locked().when(untick).then_refused(performances);
    // What was revoked before goes all the same.
    let drop = Command::DropRevoked { choice: choice(outcome(1)), revoked: 2 };
    locked().when(drop).then([unticked(1, UntickReason::Revoked)]);
}
