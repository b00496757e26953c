//! users.csv, with what roles.csv and demographics.csv add to it.

use std::collections::HashMap;
use std::sync::Arc;

use events::{ClaimKind, ClaimName};
use eventstore::Fault;
use kernel::{Clause, PersonId, clause};
use uuid::Uuid;

use super::report::{Report, Verdict};
use super::run::{Import, Stop, side_by_side};
use crate::domain::StaffCommand;
use crate::roster::{Enrollment, Entry, Person, PersonKind, Place, RosterFile, RowFault, Standing};
use crate::wire;

/// Values that are looked up at a time.
const NAMES_MAX: usize = 2_000;
const NEW_YEAR: Clause = clause("R15");

/// The people that rows may name, by their ids in the roster.
pub(super) type People = HashMap<String, Standing<(PersonId, PersonKind, bool)>>;
/// Whose values are.
pub(super) type Found = HashMap<ClaimName, Uuid>;

/// Takes all users.
pub(super) async fn take(
    import: &Arc<Import>,
    users: Vec<Entry<Person>>,
    report: &mut Report,
) -> Result<People, Stop> {
    let names = users.iter().filter_map(|user| match &user.standing {
        Standing::Good(person) => Some(names(person)),
        Standing::Refused(_) | Standing::Skipped(_) => None,
    });
    let found = resolved(import, names.flatten().collect()).await?;
    let users = users.into_iter().map(|Entry { place, standing }| {
        let standing = match &standing {
            Standing::Good(person) => {
                let known = known(person, &found);
                standing.map(|person| (person, known))
            }
            Standing::Refused(_) | Standing::Skipped(_) => standing.map(|person| (person, None)),
        };
        Entry { place, standing }
    });
    let users: Vec<_> = users.collect();
    let mut people = People::new();
    let take = |user| one(Arc::clone(import), user);
    side_by_side(users, take, report, |place, verdict, person: Option<(PersonId, PersonKind)>| {
        let changed = matches!(verdict, Verdict::Accepted(_));
        let standing = verdict.standing(|| person);
        let standing = match standing {
            Standing::Good(None) => return,
            Standing::Good(Some((id, kind))) => Standing::Good((id, kind, changed)),
            Standing::Refused(fault) => Standing::Refused(fault),
            Standing::Skipped(because_of) => Standing::Skipped(because_of),
        };
        people.entry(place.sourced_id.clone()).or_insert(standing);
    })
    .await?;
    Ok(people)
}

/// Whose these values are.
pub(super) async fn resolved(import: &Import, names: Vec<ClaimName>) -> Result<Found, Fault> {
    let mut found = Found::new();
    for names in names.chunks(NAMES_MAX) {
        found.extend(import.executors.engine().resolve(import.call.ledger, names).await?);
    }
    Ok(found)
}

fn names(person: &Person) -> Vec<ClaimName> {
    match person {
        Person::Student(basic) => basic.names(),
        Person::Staff { roster_id, .. } => vec![ClaimName::new(ClaimKind::RosterPerson, roster_id)],
    }
}

/// Who a row is about: found by the id in the roster, else by student number, if the identity number says the same,
/// or the name to sign in by where the row has none.
fn known(person: &Person, found: &Found) -> Option<PersonId> {
    let by = |kind, value: &str| found.get(&ClaimName::new(kind, value)).copied();
    let uuid = match person {
        Person::Staff { roster_id, .. } => by(ClaimKind::RosterPerson, roster_id),
        Person::Student(basic) => by(ClaimKind::RosterPerson, &basic.roster_id).or_else(|| {
            let second = match &basic.identity_number {
                Some(number) => by(ClaimKind::IdentityNumber, number.as_str()),
                None => by(ClaimKind::Username, &basic.username),
            };
            by(ClaimKind::StudentNumber, &basic.number).filter(|first| second == Some(*first))
        }),
    };
    uuid.map(PersonId::new)
}

type Taken = (Place, Verdict, Option<(PersonId, PersonKind)>);

async fn one(import: Arc<Import>, user: Entry<(Person, Option<PersonId>)>) -> Result<Taken, Stop> {
    let place = user.place;
    let (person, known) = match Verdict::of_bad(user.standing) {
        Ok(good) => good,
        Err(bad) => return Ok((place, bad, None)),
    };
    let kind = match &person {
        Person::Student(_) => PersonKind::Student,
        Person::Staff { .. } => PersonKind::Staff,
    };
    if let Some(known) = known
        && kind_of(&import, known).await? != Some(kind)
    {
        let problem = "is a student's here and a member's of the staff there; which can't be changed yet";
        return Ok((place, Verdict::Refused(RowFault::new("sourcedId", problem).by(NEW_YEAR)), None));
    }
    let request = import.request_of(&place);
    let id = known.unwrap_or_else(|| wire::made(request));
    let about = (request, &place, id.uuid());
    let verdict = match person {
        Person::Student(basic) => {
            let asked = match known {
                Some(_) => wire::renew_student(id, basic),
                None => wire::register_student(id, basic),
            };
            import.execute(&import.executors.students, about, asked).await?
        }
        Person::Staff { roster_id, username, name } => {
            let command = match known {
                Some(_) => StaffCommand::Renew { staff: id, username, name },
                None => StaffCommand::Register { staff: id, roster_id, username, name },
            };
            import.execute(&import.executors.staff, about, wire::staff(id, command)).await?
        }
    };
    Ok((place, verdict, Some((id, kind))))
}

/// Student or staff, by what the events say.
async fn kind_of(import: &Import, person: PersonId) -> Result<Option<PersonKind>, Fault> {
    let basis = import.executors.known.at_least(import.call.ledger, 0).await?;
    let student = basis.authority.is_student(person).then_some(PersonKind::Student);
    Ok(student.or(basis.authority.is_staff(person).then_some(PersonKind::Staff)))
}

/// Tells of rows that go with a user: what became of the user became of them.
pub(super) async fn follow(
    entries: Vec<Entry<String>>,
    people: &People,
    report: &mut Report,
) -> Result<(), Stop> {
    for Entry { place, standing } in entries {
        let verdict = match Verdict::of_bad(standing) {
            Err(bad) => bad,
            Ok(user) => match people.get(&user) {
                Some(Standing::Good((id, _, true))) => Verdict::Accepted(id.uuid()),
                Some(Standing::Good((id, _, false))) => Verdict::Unchanged(Some(id.uuid())),
                Some(standing @ (Standing::Refused(_) | Standing::Skipped(_))) => {
                    Verdict::Skipped(standing.because_of(RosterFile::Users, &user).unwrap_or_default())
                }
                None => Verdict::Refused(RowFault::new("userSourcedId", "names no user")),
            },
        };
        report.row(&place, &verdict).await?;
    }
    Ok(())
}

/// Adds the people of earlier imports whom enrollments name.
pub(super) async fn find_others(
    import: &Import,
    enrollments: &[Entry<Enrollment>],
    people: &mut People,
) -> Result<(), Stop> {
    let named = enrollments.iter().filter_map(|entry| match &entry.standing {
        Standing::Good(enrollment) => Some(&enrollment.user),
        Standing::Refused(_) | Standing::Skipped(_) => None,
    });
    let mut names: Vec<_> = named
        .filter(|user| !people.contains_key(*user))
        .map(|user| ClaimName::new(ClaimKind::RosterPerson, user))
        .collect();
    names.sort_unstable();
    names.dedup();
    for (name, person) in resolved(import, names).await? {
        let person = PersonId::new(person);
        if let Some(kind) = kind_of(import, person).await? {
            people.insert(name.value, Standing::Good((person, kind, false)));
        }
    }
    Ok(())
}
