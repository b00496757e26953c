//! The first phase: offices, the roster, the policy.

use kernel::{Office, PersonId, SchoolYear};
use proto::governance::v1::governance_service_client::GovernanceServiceClient;
use proto::governance::v1::{AdoptPolicyRequest, SeatOfficeRequest, VacateOfficeRequest};
use proto::records::v1::{ImportRosterBegin, ImportRow, RowVerdict};

use super::calendar;
use super::desk::{Desk, Fault, No, may_pass, must, pause};
use super::roster::{Roster, Taken};
use super::tally::{Refusals, RowVerdict as NotTaken, Tally};

use crate::bundle::{self, Files};
use crate::progress::Progress;

/// Imports a bundle in the registrar's name; every row is told of. An import that breaks off is gone on with.
pub(crate) async fn import(
    desk: &Desk,
    registrar: PersonId,
    files: &Files,
    progress: Progress,
    tally: &mut Tally,
) -> Result<Taken, Fault> {
    loop {
        let (mut taken, mut counted) = (Taken::new(), Tally::default());
        match attempt(desk, registrar, files, progress, (&mut taken, &mut counted)).await {
            Ok(()) => {
                tally.merge(counted);
                return Ok(taken);
            }
            Err(Fault::Status(status)) if may_pass(&status) => pause().await,
            Err(fault) => return Err(fault),
        }
    }
}

async fn attempt(
    desk: &Desk,
    registrar: PersonId,
    files: &Files,
    progress: Progress,
    (taken, tally): (&mut Taken, &mut Tally),
) -> Result<(), Fault> {
    let begin = ImportRosterBegin { request_id: desk.id("import"), at_least_position: desk.seen() };
    let row_told = |row| note(row, taken, tally);
    let told = bundle::import(desk.road(), desk.bearer(registrar)?, begin, files, progress, row_told);
    let summary = told.await.map_err(Fault::Status)?;
    let summary = summary.ok_or_else(|| Fault::broken("the import ended without its sums"))?;
    desk.note(summary.position);
    let told = tally.rows_accepted + u64::try_from(tally.rows.len()).unwrap_or(0);
    let counted = summary.accepted + summary.unchanged + summary.refused + summary.skipped;
    if told != counted {
        return Err(Fault::broken(format!("the import told of {told} rows and counts {counted}")));
    }
    Ok(())
}

fn note(row: ImportRow, taken: &mut Taken, tally: &mut Tally) {
    let verdict = match row.verdict() {
        RowVerdict::Accepted | RowVerdict::Unchanged => {
            tally.rows_accepted += 1;
            taken.insert((row.file, row.line), row.id);
            return;
        }
        RowVerdict::Skipped => "skipped",
        RowVerdict::Refused | RowVerdict::Unspecified => "refused",
    };
    let ImportRow { file, line, sourced_id, reason, clause, .. } = row;
    tally.rows.push(NotTaken { file, sourced_id, line, verdict, reason, clause });
}

/// Who holds which office in the demo.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offices {
    /// 校長.
    pub(crate) principal: PersonId,
    /// 執行秘書（教務主任）.
    pub(crate) secretary: PersonId,
    /// 註冊組.
    pub(crate) registrar: PersonId,
    /// 稽核.
    pub(crate) auditor: PersonId,
}

/// Before there is any staff, the principal acts as registrar.
pub(crate) async fn acting_registrar(desk: &Desk, principal: PersonId) -> Result<(), Fault> {
    must("seating a registrar", seat(desk, principal, Office::Registrar, principal).await?)
}

/// Seats the staff in the offices, and ends what the principal did for them.
pub(crate) async fn seat_offices(
    desk: &Desk,
    principal: PersonId,
    roster: &Roster,
    refusals: &mut Refusals,
) -> Result<Offices, Fault> {
    let officer = |nth| roster.officer(nth, principal);
    let seats = [
        (Office::ExecutiveSecretary, officer(0)),
        (Office::Registrar, officer(1)),
        (Office::CurriculumOffice, officer(2)),
        (Office::ItOffice, officer(3)),
        (Office::Auditor, officer(4)),
    ];
    for (office, person) in seats {
        must("seating an officer", seat(desk, principal, office, person).await?)?;
    }
    // Only a principal seats people.
    refusals.taken(seat(desk, officer(1), Office::Library, officer(5)).await?);
    if officer(1) != principal {
        let request = VacateOfficeRequest {
            request_id: desk.id("vacate registrar"),
            at_least_position: desk.seen(),
            office: Office::Registrar.to_string(),
            person_id: principal.to_string(),
            from: None,
        };
        let answer = desk.ask(principal, request, |channel, request| async move {
            GovernanceServiceClient::new(channel).vacate_office(request).await
        });
        desk.written(must("vacating an office", answer.await?)?.written)?;
    }
    Ok(Offices { principal, secretary: officer(0), registrar: officer(1), auditor: officer(4) })
}

async fn seat(desk: &Desk, by: PersonId, office: Office, person: PersonId) -> Result<Result<(), No>, Fault> {
    let request = SeatOfficeRequest {
        request_id: desk.id(&format!("seat {office} {person} {by}")),
        at_least_position: desk.seen(),
        office: office.to_string(),
        person_id: person.to_string(),
        from: None,
    };
    let answer = desk.ask(by, request, |channel, request| async move {
        GovernanceServiceClient::new(channel).seat_office(request).await
    });
    match answer.await? {
        Ok(response) => desk.written(response.written).map(|_| Ok(())),
        Err(no) => Ok(Err(no)),
    }
}

/// The executive secretary adopts each school year's policy, after trying one that is looser than the nation's.
pub(crate) async fn adopt_policies(
    desk: &Desk,
    secretary: PersonId,
    years: impl IntoIterator<Item = SchoolYear>,
    performances: u32,
    refusals: &mut Refusals,
) -> Result<(), Fault> {
    for year in years {
        for looser in [true, false] {
            let mut terms = calendar::terms(year, performances);
            terms.outcomes_selected_max += u32::from(looser);
            let request = AdoptPolicyRequest {
                request_id: desk.id(&format!("policy {year} {looser}")),
                at_least_position: desk.seen(),
                year: year.number().into(),
                from: None,
                terms: Some(terms),
            };
            let answer = desk.ask(secretary, request, |channel, request| async move {
                GovernanceServiceClient::new(channel).adopt_policy(request).await
            });
            let answer = answer.await?;
            match looser {
                true => drop(refusals.taken(answer)),
                false => drop(desk.written(must("the policy", answer)?.written)?),
            }
        }
    }
    Ok(())
}
