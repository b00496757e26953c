use events::spec::Given;
use events::{Leaving, RecordsEvent};
use kernel::Refusal as _;
use uuid::Uuid;

use super::*;

const STUDENT: PersonId = PersonId::new(Uuid::from_u128(1));
const WORK: WorkId = WorkId::new(Uuid::from_u128(3));
const OTHER: WorkId = WorkId::new(Uuid::from_u128(4));

fn year() -> SchoolYear {
    SchoolYear::try_new(114).unwrap()
}

fn of() -> Of {
    Of { student: STUDENT, year: year() }
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

/// Monday in Taipei; and the end of Thursday.
fn monday() -> Instant {
    at("2026-08-10T01:00:00Z")
}

fn thursday() -> Instant {
    at("2026-08-13T16:00:00Z")
}

fn day(day: i8) -> Date {
    Date::constant(2026, 8, day)
}

fn item(work: WorkId, verdict: ItemVerdict) -> ReceiptItem {
    ReceiptItem { work, verdict }
}

fn issued(round: u16, items: &[ReceiptItem]) -> SubmissionEvent {
    let items = items.to_vec();
    SubmissionEvent::ReceiptIssued { student: STUDENT, year: year(), round, items, until: thursday() }
}

/// Received as it was sent.
fn fine() -> SubmissionEvent {
    issued(1, &[item(WORK, ItemVerdict::Received)])
}

fn confirmed(round: u16) -> SubmissionEvent {
    SubmissionEvent::ReceiptConfirmed { student: STUDENT, year: year(), round }
}

fn text(text: &str) -> Personal<String> {
    Personal::new(Owner::new(STUDENT, Compartment::Coursework), text.into())
}

fn disputed(works: &[WorkId]) -> SubmissionEvent {
    let (works, text) = (works.to_vec(), text("not mine"));
    let (student, year) = (STUDENT, year());
    SubmissionEvent::ReceiptDisputed { student, year, round: 1, works, text, due: thursday() }
}

fn answered(again: &[WorkId], until: Instant) -> SubmissionEvent {
    let (again, text) = (again.to_vec(), text("sent again"));
    SubmissionEvent::DisputeAnswered { student: STUDENT, year: year(), round: 1, again, text, until }
}

fn fell_late() -> SubmissionEvent {
    SubmissionEvent::DisputeFellLate { student: STUDENT, year: year(), round: 1 }
}

fn posted(on: Date) -> SubmissionEvent {
    SubmissionEvent::LetterPosted { student: STUDENT, year: year(), round: 1, on }
}

fn letter_answered(on: Date) -> SubmissionEvent {
    SubmissionEvent::LetterAnswered { student: STUDENT, year: year(), round: 1, on, confirmed: true }
}

fn given(events: impl IntoIterator<Item = SubmissionEvent>) -> Given<Receipt> {
    Given::events(events).at(monday()).by(STUDENT)
}

/// The same of a student who left.
fn left(events: impl IntoIterator<Item = SubmissionEvent>) -> Given<Receipt> {
    let why = Leaving::Transferred;
    given(events)
        .known(&format!("student-{STUDENT}"), RecordsEvent::StudentLeft { student: STUDENT, on: day(1), why })
}

fn confirm(round: u16) -> Command {
    Command::Confirm { of: of(), round }
}

fn dispute(works: &[WorkId]) -> Command {
    Command::Dispute { of: of(), round: 1, works: works.to_vec(), text: "not mine".into() }
}

fn answer(again: &[WorkId]) -> Command {
    Command::Answer { of: of(), again: again.to_vec(), text: "sent again".into() }
}

fn fall_late() -> Command {
    Command::FallLate { student: STUDENT, year: year(), round: 1 }
}

fn post(on: Date) -> Command {
    Command::PostLetter { of: of(), on }
}

fn answer_letter(on: Date) -> Command {
    Command::AnswerLetter { of: of(), on, confirmed: true }
}

#[test]
fn s8_3_a_receipt_is_issued_once_a_round_and_says_everything_so_far() {
    let missing = [item(WORK, ItemVerdict::Missing), item(OTHER, ItemVerdict::Received)];
    let issue = |round, items: &[ReceiptItem]| Command::Issue { of: of(), round, items: items.to_vec() };
    given([]).when(issue(1, &missing)).then([issued(1, &missing)]);
    given([issued(1, &missing)]).when(issue(1, &missing)).then([]);
    let again = [item(WORK, ItemVerdict::Received)];
    let all = [item(WORK, ItemVerdict::Received), item(OTHER, ItemVerdict::Received)];
    given([issued(1, &missing)]).when(issue(2, &again)).then([issued(2, &all)]);
}

#[test]
fn s8_3_a_student_confirms_within_three_days() {
    given([fine()]).when(confirm(1)).then([confirmed(1)]);
    given([fine(), confirmed(1)]).when(confirm(1)).then([]);
    let last = Instant::from_micros(thursday().micros() - 1);
    given([fine()]).at(last).when(confirm(1)).then([confirmed(1)]);
    // What is there twice is there.
    let doubled = issued(1, &[item(WORK, ItemVerdict::Doubled)]);
    given([doubled]).when(confirm(1)).then([confirmed(1)]);
}

#[test]
fn s_5_refuses_a_receipt_after_its_three_days() {
    let refusal = Refusal::Closed { until: thursday(), now: thursday() };
    given([fine()]).at(thursday()).when(confirm(1)).then_refused(refusal.clone());
    given([fine()]).at(thursday()).when(dispute(&[])).then_refused(refusal.clone());
    assert_eq!(refusal.clause().id(), "S5");
}

#[test]
fn s8_3_refuses_what_is_not_the_newest_receipt() {
    given([]).when(confirm(1)).then_refused(Refusal::NotIssued);
    let newest = [fine(), issued(2, &[item(WORK, ItemVerdict::Received)])];
    given(newest).when(confirm(1)).then_refused(Refusal::OtherRound { newest: 2 });
}

#[test]
fn s8_3_refuses_to_confirm_what_must_be_sent_again() {
    let wrong = issued(1, &[item(WORK, ItemVerdict::Missing), item(OTHER, ItemVerdict::Altered)]);
    given([wrong]).when(confirm(1)).then_refused(Refusal::Incomplete { wrong: 2 });
}

#[test]
fn s8_3_a_dispute_is_answered_and_the_receipt_confirmed_or_disputed_again() {
    given([fine()]).when(dispute(&[WORK])).then([disputed(&[WORK])]);
    given([fine(), disputed(&[WORK])]).when(answer(&[WORK])).then([answered(&[WORK], thursday())]);
    // The answer gives three more days.
    let later = at("2026-08-15T01:00:00Z");
    let history = || [fine(), disputed(&[]), answered(&[], at("2026-08-18T16:00:00Z"))];
    given(history()).at(later).when(confirm(1)).then([confirmed(1)]);
    let again = given(history()).at(monday()).when(dispute(&[]));
    again.then([disputed(&[])]);
}

#[test]
fn s8_3_refuses_to_confirm_or_dispute_what_is_in_dispute() {
    given([fine(), disputed(&[])]).when(confirm(1)).then_refused(Refusal::InDispute);
    given([fine(), disputed(&[])]).when(dispute(&[])).then_refused(Refusal::InDispute);
    // A new round doesn't answer it.
    let round = issued(2, &[item(WORK, ItemVerdict::Received)]);
    let given = given([fine(), disputed(&[]), round]);
    given.when(confirm(2)).then_refused(Refusal::InDispute);
}

#[test]
fn s8_3_refuses_to_dispute_what_is_confirmed() {
    given([fine(), confirmed(1)]).when(dispute(&[])).then_refused(Refusal::Confirmed);
}

#[test]
fn s8_3_refuses_works_that_are_not_in_the_receipt() {
    given([fine()]).when(dispute(&[OTHER])).then_refused(Refusal::NotInReceipt { work: OTHER });
    let given = given([fine(), disputed(&[])]);
    given.when(answer(&[OTHER])).then_refused(Refusal::NotInReceipt { work: OTHER });
}

#[test]
fn s8_3_refuses_to_answer_where_nothing_is_disputed() {
    given([]).when(answer(&[])).then_refused(Refusal::NotDisputed);
    given([fine()]).when(answer(&[])).then_refused(Refusal::NotDisputed);
    let over = [fine(), disputed(&[]), answered(&[], thursday())];
    given(over).when(answer(&[])).then_refused(Refusal::NotDisputed);
}

#[test]
fn s_5_a_dispute_falls_late_once_unless_it_is_answered() {
    given([fine(), disputed(&[])]).when(fall_late()).then([fell_late()]);
    given([fine(), disputed(&[]), fell_late()]).when(fall_late()).then([]);
    given([fine(), disputed(&[]), answered(&[], thursday())]).when(fall_late()).then([]);
    given([fine(), disputed(&[]), fell_late()]).when(answer(&[])).then([answered(&[], thursday())]);
}

#[test]
fn s_6_the_receipt_of_who_left_is_posted_and_answered() {
    left([fine()]).when(post(day(10))).then([posted(day(10))]);
    left([fine(), posted(day(8))]).when(post(day(8))).then([]);
    left([fine(), posted(day(8))]).when(answer_letter(day(10))).then([letter_answered(day(10))]);
    let all = [fine(), posted(day(8)), letter_answered(day(10))];
    left(all).when(answer_letter(day(10))).then([]);
}

#[test]
fn s_6_refuses_a_letter_to_who_is_at_the_school() {
    given([fine()]).when(post(day(10))).then_refused(Refusal::NotLeft);
}

#[test]
fn s_6_refuses_letters_out_of_order() {
    left([]).when(post(day(10))).then_refused(Refusal::NotIssued);
    left([fine()]).when(answer_letter(day(10))).then_refused(Refusal::NotPosted);
    let posted_on = Refusal::AnsweredBeforePosted { posted: day(9) };
    left([fine(), posted(day(9))]).when(answer_letter(day(8))).then_refused(posted_on);
    let future = Refusal::InFuture { today: day(10) };
    left([fine()]).when(post(day(11))).then_refused(future.clone());
    left([fine(), posted(day(9))]).when(answer_letter(day(11))).then_refused(future);
}
