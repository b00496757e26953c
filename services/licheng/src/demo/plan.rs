//! Who does what: decided by the seed and a student's place in the roster alone, never by what happens first.

use bytes::Bytes;
use kernel::{CourseId, PersonId};
use proto::types::v1::Category;

use super::calendar::OUTCOMES_PER_SEMESTER;
use super::files::{Made, Pool};
use super::names::{OUTCOMES, PERFORMANCES, SUMMARIES};
use super::random::Random;
use super::roster::Roster;

/// Performances that may be selected, and one more to try.
const PERFORMANCES_TO_TRY: usize = 11;
/// Categories of diverse performances.
const CATEGORIES: [Category; 10] = [
    Category::Post,
    Category::Competition,
    Category::Licence,
    Category::Service,
    Category::FlexibleLearning,
    Category::GroupActivity,
    Category::Workplace,
    Category::Piece,
    Category::AdvancedCourse,
    Category::Other,
];

/// What a work is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// An outcome of a course.
    Outcome {
        /// The course.
        course: CourseId,
        /// Its place in the roster.
        at: usize,
    },
    /// A performance.
    Performance(Category),
}

/// A work that a student wants to hand in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HandIn {
    /// Whose it is.
    pub(crate) student: PersonId,
    /// What its requests are called by.
    pub(crate) key: String,
    /// What it is to be.
    pub(crate) sort: Sort,
    /// Its title.
    pub(crate) title: String,
    /// Its summary.
    pub(crate) summary: String,
    /// Its file's name.
    pub(crate) name: String,
    /// Its file.
    pub(crate) bytes: Bytes,
}

/// Who does what.
pub(crate) struct Plan<'a> {
    /// The people.
    pub(crate) roster: &'a Roster,
    /// What they hand in.
    pub(crate) pool: &'a Pool,
    /// The files that are tried.
    pub(crate) trials: &'a [Made],
    /// The seed.
    pub(crate) seed: u64,
}

/// Whether a student hands in more than others: enough for a seventh selection.
pub(crate) const fn is_busy(student: usize) -> bool {
    student.is_multiple_of(10)
}

/// Whether a student hands in enough performances for an eleventh selection.
pub(crate) const fn collects(student: usize) -> bool {
    student.is_multiple_of(50)
}

impl Plan<'_> {
    /// Performances that the policy lets a student upload: enough to try an eleventh selection, and all the trials.
    pub(crate) fn performances_max(&self) -> usize {
        let each = self.trials.len().div_ceil(self.triers().len().max(1));
        PERFORMANCES_TO_TRY.max(each + 1)
    }

    /// What a student hands in in a semester, in order; the last of it may be one too many.
    pub(crate) fn hand_ins(&self, student: usize, term: usize) -> Vec<HandIn> {
        let most = usize::try_from(OUTCOMES_PER_SEMESTER).unwrap_or(0);
        let outcomes = match (is_busy(student), term) {
            (true, 0) => most + 1,
            (true, _) => most - 1,
            (false, _) => 1,
        };
        let performances = match (collects(student), term) {
            (true, 0) => self.performances_max() + 1,
            (false, 0) => 1,
            (_, _) => 0,
        };
        let outcomes = (0..outcomes).filter_map(|nth| self.outcome(student, term, nth));
        outcomes.chain((0..performances).filter_map(|nth| self.performance(student, term, nth))).collect()
    }

    fn outcome(&self, student: usize, term: usize, nth: usize) -> Option<HandIn> {
        let courses = self.roster.students.get(student)?.courses.get(term)?;
        let at = *courses.get((student + nth).checked_rem(courses.len())?)?;
        self.outcome_of(student, at, &format!("outcome/{student}/{term}/{nth}"))
    }

    /// An outcome of a course, taken or not.
    pub(crate) fn outcome_of(&self, student: usize, at: usize, key: &str) -> Option<HandIn> {
        let course = self.roster.courses.get(at)?;
        let mut random = self.random(student, key);
        let title = format!("{}{}", course.title, random.one(OUTCOMES));
        self.hand_in(student, key, Sort::Outcome { course: course.id, at }, title, &mut random)
    }

    fn performance(&self, student: usize, term: usize, nth: usize) -> Option<HandIn> {
        let key = format!("performance/{student}/{term}/{nth}");
        let mut random = self.random(student, &key);
        let title = random.one(PERFORMANCES).to_owned();
        let category = random.one(&CATEGORIES);
        self.hand_in(student, &key, Sort::Performance(category), title, &mut random)
    }

    fn hand_in(
        &self,
        student: usize,
        key: &str,
        sort: Sort,
        title: String,
        random: &mut Random,
    ) -> Option<HandIn> {
        let file = self.pool.file(random.next())?;
        Some(HandIn {
            student: self.roster.students.get(student)?.person,
            key: key.to_owned(),
            sort,
            title,
            summary: random.one(SUMMARIES).to_owned(),
            name: file.name.clone(),
            bytes: file.bytes.clone(),
        })
    }

    /// Every file that is tried, each by one student.
    pub(crate) fn trials(&self) -> Vec<HandIn> {
        let triers = self.triers();
        let trials = self.trials.iter().enumerate().filter_map(|(nth, file)| {
            let student = *triers.get(nth.checked_rem(triers.len())?)?;
            Some(HandIn {
                student: self.roster.students.get(student)?.person,
                key: format!("trial/{nth}"),
                sort: Sort::Performance(Category::Piece),
                title: format!("檔案 {}", nth + 1),
                summary: "試傳檔案。".to_owned(),
                name: file.name.clone(),
                bytes: file.bytes.clone(),
            })
        });
        trials.collect()
    }

    /// The students who try files: those who don't collect performances, if there are any.
    fn triers(&self) -> Vec<usize> {
        let students = 0..self.roster.students.len();
        let triers: Vec<_> = students.clone().filter(|student| !collects(*student)).collect();
        if triers.is_empty() { students.collect() } else { triers }
    }

    /// Whether the teacher returns an outcome; never one of a busy student's.
    pub(crate) fn is_returned(&self, student: usize, key: &str) -> bool {
        !is_busy(student) && self.random(student, &format!("judged/{key}")).below(12) == 0
    }

    /// The sequence of a student for a purpose.
    pub(crate) fn random(&self, student: usize, purpose: &str) -> Random {
        let parts = purpose.bytes().map(u64::from);
        let parts: Vec<_> = [5, u64::try_from(student).unwrap_or(0)].into_iter().chain(parts).collect();
        Random::new(self.seed, &parts)
    }
}

#[cfg(test)]
mod tests {
    use kernel::SchoolYear;
    use uuid::Uuid;

    use super::*;
    use crate::demo::roster::{Course, Student};

    fn roster(students: u128) -> Roster {
        let course = |id: u128, term| Course {
            id: CourseId::new(Uuid::from_u128(id)),
            term,
            title: "數學".into(),
            teachers: Vec::new(),
        };
        let student = |id| Student {
            person: PersonId::new(Uuid::from_u128(100 + id)),
            leaves: false,
            courses: [vec![0, 1], vec![2]],
        };
        Roster {
            year: SchoolYear::try_new(114).unwrap(),
            students: (0..students).map(student).collect(),
            staff: Vec::new(),
            courses: vec![course(1, 0), course(2, 0), course(3, 1), course(4, 1)],
        }
    }

    fn files(count: usize) -> Vec<Made> {
        (0..count).map(|n| Made { name: format!("{n}.pdf"), bytes: Bytes::new() }).collect()
    }

    #[test]
    fn busy_students_try_one_outcome_too_many_and_have_seven_to_select() {
        let (roster, files) = (roster(60), files(9));
        let pool = Pool { small: files.clone(), large: files.clone() };
        let plan = Plan { roster: &roster, pool: &pool, trials: &files, seed: 1 };
        let outcomes = |student, term| {
            let works = plan.hand_ins(student, term);
            works.iter().filter(|work| matches!(work.sort, Sort::Outcome { .. })).count()
        };
        assert_eq!((outcomes(10, 0), outcomes(10, 1)), (5, 3));
        assert_eq!((outcomes(11, 0), outcomes(11, 1)), (1, 1));
        assert_eq!(plan.hand_ins(50, 0).len(), 5 + plan.performances_max() + 1);
        assert_eq!(plan.hand_ins(50, 0), plan.hand_ins(50, 0));
        assert!((0..99).all(|key| !plan.is_returned(10, &key.to_string())));
        assert!((0..99).any(|key| plan.is_returned(11, &key.to_string())));
    }

    #[test]
    fn every_file_is_tried_within_the_number_that_the_policy_allows() {
        for (students, count) in [(60, 13), (2, 40), (1, 20)] {
            let (roster, files) = (roster(students), files(count));
            let pool = Pool { small: files.clone(), large: files.clone() };
            let plan = Plan { roster: &roster, pool: &pool, trials: &files, seed: 1 };
            let trials = plan.trials();
            assert_eq!(trials.len(), count);
            for student in &roster.students {
                let tried = trials.iter().filter(|trial| trial.student == student.person).count();
                assert!(tried < plan.performances_max());
            }
        }
    }
}
