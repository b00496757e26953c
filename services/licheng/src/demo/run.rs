//! A school's year, from its roster to selected works, through gRPC.

use std::sync::Arc;

use kernel::{PersonId, SchoolYear, Term};
use proto::audit::v1::audit_service_client::AuditServiceClient;
use proto::audit::v1::{GetCheckpointRequest, GetViewDigestRequest};

use super::calendar::{self, Moment};
use super::desk::{Desk, Fault, House, must};
use super::files::{Made, Pool};
use super::graduate::{self, Archived};
use super::opening::{self, Offices};
use super::plan::Plan;
use super::roster::{self, Roster};
use super::select::{self, Selected, Shelf};
use super::submit::{self, Submitted};
use super::tally::Tally;
use super::upload::HandedIn;
use super::{certify, semester};

use crate::bundle::Files;
use crate::progress::Progress;
use crate::road::Road;

/// Calls that are under way at once.
pub(crate) const ACROSS: usize = 32;

/// What a run is given.
pub(crate) struct Given<'a> {
    /// The way to the services.
    pub(crate) road: Road,
    /// Tokens and the clock.
    pub(crate) house: Arc<dyn House>,
    /// The principal of the school.
    pub(crate) principal: PersonId,
    /// The seed.
    pub(crate) seed: u64,
    /// The roster.
    pub(crate) bundle: &'a Files,
    /// Files that are tried.
    pub(crate) trials: &'a [Made],
    /// Whether there is a central database to submit to.
    pub(crate) central: bool,
    /// Names of the views that are compared with their replay.
    pub(crate) views: &'a [&'a str],
    /// Where it is shown how far things have come.
    pub(crate) progress: Progress,
}

/// What the phases share.
pub(crate) struct World<'a> {
    /// The people's desks.
    pub(crate) desk: Desk,
    /// Who does what.
    pub(crate) plan: Plan<'a>,
    /// How far it has come.
    pub(crate) progress: Progress,
}

/// What a run comes to.
pub(crate) struct Ran {
    /// What was counted.
    pub(crate) tally: Tally,
    /// What is selected in the end.
    pub(crate) selected: Selected,
    /// What was submitted.
    pub(crate) submitted: Submitted,
    /// What became of the graduates.
    pub(crate) archived: Archived,
    /// Students of the roster.
    pub(crate) students: usize,
    /// Members of the staff.
    pub(crate) staff: usize,
    /// Courses.
    pub(crate) courses: usize,
    /// The school year.
    pub(crate) year: SchoolYear,
    /// Whether every view that is served is what the ledger replays to.
    pub(crate) views_match_replay: bool,
    /// Who can try things afterwards.
    pub(crate) people: People,
    /// Records of the ledger.
    pub(crate) events: u64,
}

/// Who can try things afterwards.
#[derive(Clone, Debug)]
pub(crate) struct People {
    /// A student with more certified outcomes than may be selected, if there is one.
    pub(crate) student: PersonId,
    /// One of the student's works.
    pub(crate) work: String,
    /// The school year.
    pub(crate) year: SchoolYear,
    /// A teacher.
    pub(crate) teacher: PersonId,
    /// The auditor.
    pub(crate) auditor: PersonId,
}

impl World<'_> {
    /// The demo's school year, as messages have it.
    pub(crate) fn year(&self) -> u32 {
        self.plan.roster.year.number().into()
    }
}

/// Plays the year.
///
/// # Errors
/// [`Fault`]: the server answers with a fault, or something is not as it must be. A refusal is no error.
pub(crate) async fn run(given: Given<'_>) -> Result<Ran, Fault> {
    let desk = Desk::new(given.road, given.house, given.seed);
    let mut tally = Tally::default();
    opening::acting_registrar(&desk, given.principal).await?;
    let taken = opening::import(&desk, given.principal, given.bundle, given.progress, &mut tally).await?;
    let roster = Roster::new(given.bundle, &taken)?;
    let offices = opening::seat_offices(&desk, given.principal, &roster, &mut tally.refusals).await?;
    let pool = Pool::made(given.seed)?;
    let plan = Plan { roster: &roster, pool: &pool, trials: given.trials, seed: given.seed };
    let performances = u32::try_from(plan.performances_max()).unwrap_or(u32::MAX);
    let (years, secretary) = (roster::years(given.bundle), offices.secretary);
    opening::adopt_policies(&desk, secretary, years, performances, &mut tally.refusals).await?;
    let world = World { desk, plan, progress: given.progress };
    let shelves = two_semesters(&world, &mut tally).await?;
    let selected = select::select(&world, offices.auditor, &shelves, &mut tally).await?;
    submit::early(&world, &offices, &mut tally).await?;
    world.desk.advance(calendar::instant(roster.year, Moment::SelectingLate))?;
    select::outside(&world, &shelves, 10, "late", &mut tally).await?;
    let submitted = match given.central {
        true => submit::submit(&world, &offices, &mut tally).await?,
        false => Submitted::default(),
    };
    let archived = graduate::graduate(&world, &offices, &mut tally).await?;
    tally.rows.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    let (views_match_replay, events) = checked(&world, &offices, given.views).await?;
    let people = people(&world, &offices, &shelves);
    let (students, staff, courses) = (roster.students.len(), roster.staff.len(), roster.courses.len());
    Ok(Ran {
        tally,
        selected,
        submitted,
        archived,
        students,
        staff,
        courses,
        year: roster.year,
        views_match_replay,
        people,
        events,
    })
}

/// Both semesters' uploads and certification; each student's works when the year ends.
async fn two_semesters(world: &World<'_>, tally: &mut Tally) -> Result<Vec<Shelf>, Fault> {
    let mut shelves = vec![Shelf::default(); world.plan.roster.students.len()];
    for term in [Term::First, Term::Second] {
        let at = |moment| calendar::instant(world.plan.roster.year, moment);
        world.desk.advance(at(Moment::Uploading(term)))?;
        if term == Term::First {
            semester::trials(world, tally).await?;
        }
        let works = semester::uploads(world, term, tally).await?;
        semester::forbidden(world, term, &works, tally).await?;
        semester::late(world, term, tally).await?;
        world.desk.advance(at(Moment::Certifying(term)))?;
        let [certified, returned] = certify::certify(world, term, &works, tally).await?;
        shelve(&mut shelves, works, certified, &returned);
        if term == Term::Second {
            select::outside(world, &shelves, 1, "early", tally).await?;
        }
        certify::late(world, term, &returned, tally).await?;
    }
    Ok(shelves)
}

fn shelve(
    shelves: &mut [Shelf],
    works: Vec<Vec<HandedIn>>,
    certified: Vec<Vec<HandedIn>>,
    returned: &[Vec<HandedIn>],
) {
    for (shelf, works) in shelves.iter_mut().zip(works) {
        shelf.performances.extend(works.into_iter().filter(|work| work.course.is_none()));
    }
    for (shelf, certified) in shelves.iter_mut().zip(certified) {
        shelf.certified.extend(certified);
    }
    for (shelf, returned) in shelves.iter_mut().zip(returned) {
        shelf.returned.extend(returned.iter().cloned());
    }
}

/// Whether every view is what the ledger replays to, and how many records there are.
async fn checked(world: &World<'_>, offices: &Offices, views: &[&str]) -> Result<(bool, u64), Fault> {
    let bar = world.progress.begin("views replayed", semester::count(views.len()), 0);
    let mut all = !views.is_empty();
    for view in views {
        let request = GetViewDigestRequest { view: (*view).to_owned(), at_least_position: world.desk.seen() };
        let digest = world.desk.ask(offices.auditor, request, |channel, request| async move {
            AuditServiceClient::new(channel).get_view_digest(request).await
        });
        let digest = must("a view's digest", digest.await?)?;
        all &= !digest.served.is_empty() && digest.served == digest.replayed && digest.documents > 0;
        bar.step(1, 0);
    }
    bar.end();
    let request = GetCheckpointRequest { at_least_position: world.desk.seen() };
    let checkpoint = world.desk.ask(offices.auditor, request, |channel, request| async move {
        AuditServiceClient::new(channel).get_checkpoint(request).await
    });
    Ok((all, must("a checkpoint", checkpoint.await?)?.size))
}

fn people(world: &World<'_>, offices: &Offices, shelves: &[Shelf]) -> People {
    // The first who has more than may be selected, and of whose works none was revoked.
    // Graduates are sealed by now.
    let stays = |at: &usize| world.plan.roster.students.get(*at).is_some_and(|student| !student.leaves);
    let full = shelves.iter().enumerate().filter(|(at, _)| stays(at));
    let full = full.max_by_key(|(at, shelf)| (shelf.certified.len(), at % 20 == 10, usize::MAX - at));
    let student = full.and_then(|(at, _)| world.plan.roster.students.get(at));
    People {
        student: student.map_or(offices.principal, |student| student.person),
        work: full.and_then(|(_, shelf)| shelf.certified.last()).map(|w| w.work.clone()).unwrap_or_default(),
        year: world.plan.roster.year,
        teacher: world.plan.roster.officer(6, offices.principal),
        auditor: offices.auditor,
    }
}
