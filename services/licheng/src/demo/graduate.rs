//! Graduates: sealed, read by a grant alone, erased once the law allows it.

use std::time::Duration;

use chassis::wire::timestamp;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use kernel::{Date, PersonId, kept_until};
use proto::archive::v1::archive_service_client::ArchiveServiceClient;
use proto::archive::v1::hold_scope::Scope;
use proto::archive::v1::{
    ApproveErasureRequest, CancelErasureRequest, ErasureState, GetErasureRequest, GetErasureResponse,
    GrantAccessRequest, HoldScope, PlaceHoldRequest, ReleaseHoldRequest, RequestAccessRequest,
    RequestErasureRequest,
};
use proto::portfolio::v1::GetPortfolioRequest;
use proto::portfolio::v1::portfolio_service_client::PortfolioServiceClient;
use proto::records::v1::GraduateStudentRequest;
use proto::records::v1::records_service_client::RecordsServiceClient;
use proto::types::v1::Written;

use super::calendar::{self, Moment};
use super::desk::{Answer, Fault, No, must, pause};
use super::opening::Offices;
use super::run::{ACROSS, World};
use super::semester::count;
use super::tally::Tally;

/// Years that a graduate's portfolio is kept (§10).
const YEARS: u8 = 3;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What became of the graduates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Archived {
    /// Portfolios that were sealed.
    pub(crate) sealed: u64,
    /// Erasures that were refused: too early, held, by one person alone.
    pub(crate) refused: u64,
    /// Portfolios that were erased.
    pub(crate) erased: u64,
}

/// The grade that leaves graduates; years later some of them are erased.
pub(crate) async fn graduate(
    world: &World<'_>,
    offices: &Offices,
    tally: &mut Tally,
) -> Result<Archived, Fault> {
    let students = world.plan.roster.students.iter();
    let graduates: Vec<_> = students.filter(|student| student.leaves).map(|student| student.person).collect();
    let on = Date::new(world.plan.roster.year.begins_in() + 1, 6, 12);
    let on = on.map_err(|error| Fault::broken(error.to_string()))?;
    let bar = world.progress.begin("graduates sealed", count(graduates.len()), 0);
    let sealing = stream::iter(&graduates).map(async |student| {
        must("a graduation", graduated(world, offices, *student, on, "once").await?)?;
        until(world, offices, *student, ErasureState::Sealed).await?;
        bar.step(1, 0);
        Ok::<_, Fault>(())
    });
    sealing.buffer_unordered(ACROSS).try_collect::<()>().await?;
    bar.end();
    let mut archived = Archived { sealed: count(graduates.len()), ..Archived::default() };
    if let Some(first) = graduates.first() {
        reading(world, offices, *first, tally).await?;
    }
    // One in five, while three years are not over; and the same once they are.
    let chosen: Vec<_> = graduates.iter().copied().step_by(5).collect();
    for student in &chosen {
        archived.refused += refused(request(world, offices, *student, "early").await?, tally);
    }
    let late = kept_until(on, YEARS).plus(DAY);
    world.desk.advance(late)?;
    for (nth, student) in chosen.iter().enumerate() {
        archived.refused += approved(world, offices, *student, nth, tally).await?;
    }
    world.desk.advance(late.plus(DAY * 8))?;
    let bar = world.progress.begin("portfolios erased", count(chosen.len()), 0);
    for (nth, student) in chosen.iter().enumerate() {
        // The second was cancelled.
        let expected = if nth == 1 { ErasureState::Sealed } else { ErasureState::Completed };
        until(world, offices, *student, expected).await?;
        archived.erased += u64::from(expected == ErasureState::Completed);
        bar.step(1, 0);
    }
    bar.end();
    if let Some(second) = graduates.get(1) {
        // It changes nothing, and tells how far the ledger has come by what followed by itself.
        must("graduating twice", graduated(world, offices, *second, on, "twice").await?)?;
    }
    Ok(archived)
}

/// Nobody reads a sealed portfolio, not even its student; by a grant they do.
async fn reading(
    world: &World<'_>,
    offices: &Offices,
    student: PersonId,
    tally: &mut Tally,
) -> Result<(), Fault> {
    tally.refusals.taken(portfolio(world, student).await?);
    let (request_id, student_id) = (world.desk.id(&format!("access/{student}")), student.to_string());
    let asked = RequestAccessRequest {
        request_id,
        at_least_position: world.desk.seen(),
        student_id: student_id.clone(),
        reason: "申請大學需要。".to_owned(),
    };
    let asked = world.desk.ask(student, asked, |road, request| async move {
        ArchiveServiceClient::new(road).request_access(request).await
    });
    let asked = asked.await?.map(|answer| answer.written);
    must("asking for access", world.desk.accepted(asked)?)?;
    let until = calendar::instant(world.plan.roster.year, Moment::SelectingLate).plus(DAY * 7);
    let grant = GrantAccessRequest {
        request_id: world.desk.id(&format!("grant/{student}")),
        at_least_position: world.desk.seen(),
        student_id: student_id.clone(),
        reader_id: student_id,
        until: Some(timestamp(until)),
    };
    let granted = world.desk.ask(offices.principal, grant, |road, request| async move {
        ArchiveServiceClient::new(road).grant_access(request).await
    });
    let granted = granted.await?.map(|answer| answer.written);
    must("granting access", world.desk.accepted(granted)?)?;
    must("a granted portfolio", portfolio(world, student).await?).map(drop)
}

/// An erasure that the law allows: one person alone doesn't do it, a hold stops it, and it can be cancelled.
async fn approved(
    world: &World<'_>,
    offices: &Offices,
    student: PersonId,
    nth: usize,
    tally: &mut Tally,
) -> Result<u64, Fault> {
    let mut refusals = 0;
    if nth == 0 {
        hold(world, offices, student, true).await?;
        refusals += refused(request(world, offices, student, "held").await?, tally);
        hold(world, offices, student, false).await?;
    }
    must("asking for an erasure", request(world, offices, student, "late").await?)?;
    if nth == 0 {
        refusals += refused(approve(world, offices.registrar, student, "alone").await?, tally);
    }
    must("approving an erasure", approve(world, offices.principal, student, "both").await?)?;
    if nth == 1 {
        let cancel = CancelErasureRequest {
            request_id: world.desk.id(&format!("cancel/{student}")),
            at_least_position: world.desk.seen(),
            student_id: student.to_string(),
        };
        let cancelled = world.desk.ask(offices.registrar, cancel, |road, request| async move {
            ArchiveServiceClient::new(road).cancel_erasure(request).await
        });
        let cancelled = cancelled.await?.map(|answer| answer.written);
        must("cancelling an erasure", world.desk.accepted(cancelled)?)?;
    }
    Ok(refusals)
}

fn refused(answer: Result<Written, No>, tally: &mut Tally) -> u64 {
    u64::from(tally.refusals.taken(answer).is_none())
}

async fn graduated(
    world: &World<'_>,
    offices: &Offices,
    student: PersonId,
    on: Date,
    why: &str,
) -> Answer<Written> {
    let request = GraduateStudentRequest {
        request_id: world.desk.id(&format!("graduate/{why}/{student}")),
        at_least_position: world.desk.seen(),
        student_id: student.to_string(),
        year: world.year(),
        on: on.to_string(),
    };
    let answer = world.desk.ask(offices.registrar, request, |road, request| async move {
        RecordsServiceClient::new(road).graduate_student(request).await
    });
    world.desk.accepted(answer.await?.map(|answer| answer.written))
}

async fn request(world: &World<'_>, offices: &Offices, student: PersonId, why: &str) -> Answer<Written> {
    let request = RequestErasureRequest {
        request_id: world.desk.id(&format!("erase/{why}/{student}")),
        at_least_position: world.desk.seen(),
        student_id: student.to_string(),
    };
    let answer = world.desk.ask(offices.registrar, request, |road, request| async move {
        ArchiveServiceClient::new(road).request_erasure(request).await
    });
    world.desk.accepted(answer.await?.map(|answer| answer.written))
}

async fn approve(world: &World<'_>, by: PersonId, student: PersonId, why: &str) -> Answer<Written> {
    let request = ApproveErasureRequest {
        request_id: world.desk.id(&format!("approve erasure/{why}/{student}")),
        at_least_position: world.desk.seen(),
        student_id: student.to_string(),
    };
    let answer = world.desk.ask(by, request, |road, request| async move {
        ArchiveServiceClient::new(road).approve_erasure(request).await
    });
    world.desk.accepted(answer.await?.map(|answer| answer.written))
}

async fn hold(world: &World<'_>, offices: &Offices, student: PersonId, place: bool) -> Result<(), Fault> {
    let scope = Some(HoldScope { scope: Some(Scope::StudentId(student.to_string())) });
    let (request_id, at_least_position) =
        (world.desk.id(&format!("hold/{place}/{student}")), world.desk.seen());
    let answer = match place {
        true => {
            let reason = "訴願中。".to_owned();
            let request = PlaceHoldRequest { request_id, at_least_position, scope, reason };
            let answer = world.desk.ask(offices.principal, request, |road, request| async move {
                ArchiveServiceClient::new(road).place_hold(request).await
            });
            answer.await?.map(|answer| answer.written)
        }
        false => {
            let request = ReleaseHoldRequest { request_id, at_least_position, scope };
            let answer = world.desk.ask(offices.principal, request, |road, request| async move {
                ArchiveServiceClient::new(road).release_hold(request).await
            });
            answer.await?.map(|answer| answer.written)
        }
    };
    must("a legal hold", world.desk.accepted(answer)?).map(drop)
}

async fn portfolio(world: &World<'_>, student: PersonId) -> Answer<()> {
    let request =
        GetPortfolioRequest { at_least_position: world.desk.seen(), student_id: student.to_string() };
    let answer = world.desk.ask(student, request, |road, request| async move {
        PortfolioServiceClient::new(road).get_portfolio(request).await
    });
    Ok(answer.await?.map(drop))
}

/// Asks until a portfolio is as it should be.
async fn until(
    world: &World<'_>,
    offices: &Offices,
    student: PersonId,
    state: ErasureState,
) -> Result<GetErasureResponse, Fault> {
    loop {
        let request =
            GetErasureRequest { at_least_position: world.desk.seen(), student_id: student.to_string() };
        let answer = world.desk.ask(offices.registrar, request, |road, request| async move {
            ArchiveServiceClient::new(road).get_erasure(request).await
        });
        // Until the reactor has sealed it there is nothing to be read.
        if let Ok(erasure) = answer.await?
            && erasure.state() == state
        {
            return Ok(erasure);
        }
        pause().await;
    }
}
