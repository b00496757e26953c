//! What the demo came to: as JSON, and as a table to read.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::run::Ran;
use super::tally::{FileVerdict, Refusals, RowVerdict, Tally};

/// What a run came to. Every number but `seconds` depends on roster and seed alone.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Summary {
    /// Students that were registered.
    pub(crate) students: usize,
    /// Members of the staff that were registered.
    pub(crate) staff: usize,
    /// Courses of the school year.
    pub(crate) courses: usize,
    /// The school year.
    pub(crate) year: u16,
    /// Rows of the roster that were taken.
    pub(crate) rows_accepted: u64,
    /// Rows that were refused for what they say.
    pub(crate) rows_refused: usize,
    /// Rows that were skipped for a refused one on which they hang.
    pub(crate) rows_skipped: usize,
    /// Files that were handed in, of every work.
    pub(crate) files_accepted: u64,
    /// Files that were tried and refused.
    pub(crate) files_refused: usize,
    /// Bytes of the files that were handed in.
    pub(crate) bytes_accepted: u64,
    /// Receipts that were recomputed by SHA-256 alone and proved their file: all of them, or the run has ended.
    pub(crate) receipts_proved: u64,
    /// Files that a teacher read back, byte for byte what the student had sent.
    pub(crate) files_read_back: u64,
    /// Outcomes that were handed in.
    pub(crate) outcomes_uploaded: u64,
    /// Performances that were handed in.
    pub(crate) performances_uploaded: u64,
    /// Outcomes that were certified.
    pub(crate) outcomes_certified: u64,
    /// Outcomes that were returned.
    pub(crate) outcomes_returned: u64,
    /// Certifications that were revoked, each of a work that was then un-ticked.
    pub(crate) certifications_revoked: u64,
    /// Outcomes that are selected in the end.
    pub(crate) outcomes_selected: u64,
    /// Diverse performances that are selected in the end.
    pub(crate) diverse_selected: u64,
    /// Works that were sent to the central database: all that are selected.
    pub(crate) items_submitted: u64,
    /// Works that its receipts named as missing, altered or doubled.
    pub(crate) items_discrepant: u64,
    /// Students who confirmed their receipt.
    pub(crate) receipts_confirmed: u64,
    /// Students who disputed theirs.
    pub(crate) receipts_disputed: u64,
    /// Rounds in which the batch was sent.
    pub(crate) rounds: u64,
    /// Graduates' portfolios that were sealed.
    pub(crate) portfolios_sealed: u64,
    /// Erasures that were refused: too early, held, by one person alone.
    pub(crate) erasures_refused: u64,
    /// Portfolios that were erased, three years later.
    pub(crate) portfolios_erased: u64,
    /// What was refused, by reason.
    pub(crate) refusals: BTreeMap<String, u64>,
    /// Records of the ledger.
    pub(crate) events: u64,
    /// Whether the ledger was exported and the export verified with the ledger's key.
    pub(crate) ledger_verified: bool,
    /// Whether each view that is served has the digest that replaying the ledger gives.
    pub(crate) views_match_replay: bool,
    /// How long it took, by the wall.
    pub(crate) seconds: f64,
    /// Files that were tried, by name.
    pub(crate) files: BTreeMap<String, FileVerdict>,
    /// Rows that were refused or skipped.
    pub(crate) rows: Vec<RowVerdict>,
}

impl Summary {
    /// What a run came to, and what its refusals say.
    pub(crate) fn new(ran: Ran, ledger_verified: bool, seconds: f64) -> (Self, Refusals) {
        let Ran {
            tally,
            selected,
            submitted,
            archived,
            students,
            staff,
            courses,
            year,
            views_match_replay,
            events,
            ..
        } = ran;
        let Tally { rows, files, refusals, .. } = tally;
        let rows_of = |verdict| rows.iter().filter(|row| row.verdict == verdict).count();
        let summary = Self {
            students,
            staff,
            courses,
            year: year.number(),
            rows_accepted: tally.rows_accepted,
            rows_refused: rows_of("refused"),
            rows_skipped: rows_of("skipped"),
            files_accepted: tally.files_accepted,
            files_refused: files.values().filter(|file| file.verdict == "refused").count(),
            bytes_accepted: tally.bytes_accepted,
            receipts_proved: tally.receipts_proved,
            files_read_back: tally.files_read_back,
            outcomes_uploaded: tally.outcomes_uploaded,
            performances_uploaded: tally.performances_uploaded,
            outcomes_certified: tally.outcomes_certified,
            outcomes_returned: tally.outcomes_returned,
            certifications_revoked: tally.certifications_revoked,
            outcomes_selected: selected.outcomes,
            diverse_selected: selected.performances,
            items_submitted: submitted.items,
            items_discrepant: submitted.discrepant,
            receipts_confirmed: submitted.confirmed,
            receipts_disputed: submitted.disputed,
            rounds: submitted.rounds,
            portfolios_sealed: archived.sealed,
            erasures_refused: archived.refused,
            portfolios_erased: archived.erased,
            refusals: refusals.counts(),
            events,
            ledger_verified,
            views_match_replay,
            seconds,
            files,
            rows,
        };
        (summary, refusals)
    }

    /// The table.
    ///
    /// # Errors
    /// It can't be written.
    pub(crate) fn write(&self, refusals: &Refusals, out: &mut impl Write) -> io::Result<()> {
        let year = self.year;
        writeln!(out, "\nWhat happened in the school year {year}\n")?;
        let rows = format!(
            "{} taken, {} refused, {} skipped",
            self.rows_accepted, self.rows_refused, self.rows_skipped
        );
        let uploaded = format!("{} ({} MiB)", self.files_accepted, self.bytes_accepted >> 20);
        let outcomes = format!(
            "{} uploaded, {} certified, {} returned, {} revoked, {} selected",
            self.outcomes_uploaded,
            self.outcomes_certified,
            self.outcomes_returned,
            self.certifications_revoked,
            self.outcomes_selected
        );
        let performances =
            format!("{} uploaded, {} selected", self.performances_uploaded, self.diverse_selected);
        let submitted = format!(
            "{} works in {} rounds, {} of them missing, altered or doubled at first",
            self.items_submitted, self.rounds, self.items_discrepant
        );
        let receipts = format!("{} confirmed, {} disputed", self.receipts_confirmed, self.receipts_disputed);
        let graduates = format!(
            "{} sealed; of erasures {} refused, {} carried out three years later",
            self.portfolios_sealed, self.erasures_refused, self.portfolios_erased
        );
        let proofs = format!(
            "{} receipts recomputed, {} files read back by a teacher",
            self.receipts_proved, self.files_read_back
        );
        let people = format!("{} students, {} staff, {} courses", self.students, self.staff, self.courses);
        let files =
            format!("{uploaded} handed in, {} refused of {} tried", self.files_refused, self.files.len());
        let lines = [
            ("school", people),
            ("rows of the roster", rows),
            ("files", files),
            ("outcomes", outcomes),
            ("performances", performances),
            ("submitted", submitted),
            ("receipts", receipts),
            ("graduates", graduates),
            ("proofs", proofs),
            ("records of the ledger", self.events.to_string()),
            ("ledger verified", said(self.ledger_verified)),
            ("views match replay", said(self.views_match_replay)),
            ("seconds", format!("{:.1}", self.seconds)),
        ];
        for (what, said) in lines {
            writeln!(out, "  {what:<24}{said}")?;
        }
        writeln!(out, "\nWhat was refused, and why\n")?;
        writeln!(out, "  {:>6}  {:<8}{:<36}what it says", "times", "clause", "reason")?;
        for (reason, clause, refused) in refusals.iter() {
            writeln!(out, "  {:>6}  {clause:<8}{reason:<36}{}", refused.count, refused.english)?;
        }
        self.write_files(out)?;
        out.flush()
    }

    fn write_files(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "\nFiles that were tried\n")?;
        for (name, FileVerdict { verdict, reason, .. }) in &self.files {
            writeln!(out, "  {verdict:<10}{name:<32}{reason}")?;
        }
        Ok(())
    }
}

fn said(holds: bool) -> String {
    if holds { "yes".to_owned() } else { "NO".to_owned() }
}
