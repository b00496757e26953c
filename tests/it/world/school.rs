//! A school at work: its roster imported, its officers seated, its year's policy adopted.

use std::ops::{Deref, DerefMut};

use chassis::wire::window_message;
use kernel::Window;
use proto::governance::v1::{
    AdoptPolicyRequest, PolicyTerms, SeatOfficeRequest, SemesterTerms, VacateOfficeRequest,
};
use proto::types::v1::Written;
use uuid::Uuid;

use super::{Backend, Bundle, Caller, World, import, instant, ok, request_id};

/// The school year of every test.
pub(crate) const YEAR: u32 = 114;

/// How many works a student may upload.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// Outcomes in a semester.
    pub(crate) outcomes: u32,
    /// Performances in the year.
    pub(crate) performances: u32,
}

impl Default for Terms {
    fn default() -> Self {
        Self { outcomes: 12, performances: 12 }
    }
}

/// A world with people in it.
pub(crate) struct School {
    /// The world.
    pub(crate) world: World,
    /// The students: the first three take both courses, the fourth takes the second alone.
    pub(crate) students: [Uuid; 4],
    /// The teachers: each teaches the course at the same place; the first is the class's homeroom teacher.
    pub(crate) teachers: [Uuid; 2],
    /// The courses, of 114-1.
    pub(crate) courses: [Uuid; 2],
    /// The class.
    pub(crate) class: Uuid,
    /// Holds the registrar's office.
    pub(crate) registrar: Uuid,
    /// Holds the auditor's office.
    pub(crate) auditor: Uuid,
}

impl Deref for School {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl DerefMut for School {
    fn deref_mut(&mut self) -> &mut World {
        &mut self.world
    }
}

impl School {
    /// A school at work.
    pub(crate) async fn open(backend: Backend) -> Self {
        Self::open_with(backend, Terms::default()).await
    }

    /// A school at work, by these terms.
    pub(crate) async fn open_with(backend: Backend, terms: Terms) -> Self {
        Self::open_on(World::start(backend).await, terms).await
    }

    /// A school at work on a platform that is there, by these terms.
    pub(crate) async fn open_on(world: World, terms: Terms) -> Self {
        let principal = world.caller(world.principal);
        seat(&principal, "registrar", world.principal).await;
        let imported = import(&principal, &Bundle::small()).await.unwrap();
        assert!(imported.bad().is_empty(), "{:?}", imported.bad());
        let (people, groups) = (imported.ids("users.csv"), imported.ids("classes.csv"));
        let school = Self {
            students: ["p1", "p2", "p3", "p4"].map(|id| people[id]),
            teachers: ["t1", "t2"].map(|id| people[id]),
            courses: ["k1", "k2"].map(|id| groups[id]),
            class: groups["h1"],
            registrar: people["a1"],
            auditor: people["a2"],
            world,
        };
        seat(&principal, "registrar", school.registrar).await;
        vacate(&principal, "registrar", school.principal).await;
        seat(&principal, "auditor", school.auditor).await;
        adopt(&principal, terms).await;
        school
    }
}

/// Seats a person in an office.
pub(crate) async fn seat(principal: &Caller, office: &str, person: Uuid) -> Written {
    let request = SeatOfficeRequest {
        request_id: request_id(),
        office: office.to_owned(),
        person_id: person.to_string(),
        ..SeatOfficeRequest::default()
    };
    ok(principal.governance().seat_office(request).await).written.unwrap()
}

/// Ends a person's time in an office.
async fn vacate(principal: &Caller, office: &str, person: Uuid) {
    let request = VacateOfficeRequest {
        request_id: request_id(),
        office: office.to_owned(),
        person_id: person.to_string(),
        ..VacateOfficeRequest::default()
    };
    ok(principal.governance().vacate_office(request).await);
}

/// Adopts the year's policy.
pub(crate) async fn adopt(principal: &Caller, terms: Terms) -> Written {
    let request = AdoptPolicyRequest {
        request_id: request_id(),
        year: YEAR,
        terms: Some(policy(terms)),
        ..AdoptPolicyRequest::default()
    };
    ok(principal.governance().adopt_policy(request).await).written.unwrap()
}

/// Outcomes of 114-1 are uploaded until 1 February, certified until 15 February; performances are uploaded until 10
/// February; works are selected from 1 January until 1 March.
fn policy(terms: Terms) -> PolicyTerms {
    let window = |from: &str, until: &str| {
        let at = |day: &str| instant(&format!("{day}T00:00:00+08:00"));
        Some(window_message(Window { from: at(from), until: at(until) }))
    };
    let first = SemesterTerms {
        semester: "114-1".to_owned(),
        upload: window("2025-08-01", "2026-02-01"),
        certification: window("2025-08-01", "2026-02-15"),
    };
    let second = SemesterTerms {
        semester: "114-2".to_owned(),
        upload: window("2026-02-01", "2026-07-01"),
        certification: window("2026-02-01", "2026-07-15"),
    };
    PolicyTerms {
        outcomes_per_semester_max: terms.outcomes,
        performances_per_year_max: terms.performances,
        outcomes_selected_max: 6,
        performances_selected_max: 10,
        performance_upload: window("2025-08-01", "2026-02-10"),
        selection: window("2026-01-01", "2026-03-01"),
        semesters: vec![first, second],
    }
}
