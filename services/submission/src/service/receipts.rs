//! What is asked of a receipt beside commands.

use chassis::{Call, reading, status};
use events::SubmissionEvent;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use kernel::{Clause, FileId, LedgerId, SchoolYear, clause};
use proto::submission::v1 as message;
use tonic::Status;

use super::Service;
use super::batches::of_year;
use crate::domain::receipt::{Of, Receipt, Refusal};
use crate::facts::Year;
use crate::packing::{AT_ONCE, extract_place};
use crate::{dossier, wire};

/// What is handed out of a package.
const EXTRACT: Clause = clause("S3");

impl Service {
    /// The caller's own receipt.
    pub(super) async fn receipt(
        &self,
        call: &Call,
        asked: &message::GetReceiptRequest,
    ) -> Result<message::GetReceiptResponse, Status> {
        let (year, known) = self.year(call, asked.year, asked.at_least_position).await?;
        drop(known);
        let receipt = self.folded_receipt(call.ledger, Of { student: call.caller.person, year }).await?;
        wire::receipts::receipt(&receipt).ok_or_else(|| status::refused(&Refusal::NotIssued))
    }

    /// The caller's own extract of a round's package.
    pub(super) async fn extract(
        &self,
        call: &Call,
        asked: &message::GetExtractRequest,
    ) -> Result<message::GetExtractResponse, Status> {
        let (year, round) = wire::receipts::extract(asked).map_err(status::malformed)?;
        let known = reading(self.receipts.known(), call, asked.at_least_position).await?;
        known.unsealed(call, call.caller.person)?;
        drop(known);
        let none = || status::not_found(EXTRACT, "extract");
        let package = self.package(call.ledger, year, round).await?.ok_or_else(none)?;
        let place = extract_place(&self.blobs, call.ledger, package, call.caller.person);
        let extract = place.whole().await.map_err(status::fault)?;
        if extract.is_empty() {
            return Err(none());
        }
        Ok(message::GetExtractResponse { extract: extract.into() })
    }

    /// The package of a round, once it is built.
    async fn package(
        &self,
        ledger: LedgerId,
        year: SchoolYear,
        wanted: u16,
    ) -> Result<Option<FileId>, Status> {
        let stream = wire::batch_stream(year);
        let events = self.batches.engine().read_stream_open(ledger, &stream, 0).await;
        let built =
            events.map_err(status::fault)?.into_iter().find_map(
                |(_, event)| match SubmissionEvent::try_from(event) {
                    Ok(SubmissionEvent::PackageBuilt { round, package, .. }) if round == wanted => {
                        Some(package)
                    }
                    Ok(_) | Err(_) => None,
                },
            );
        Ok(built)
    }

    /// A page of disputes that aren't answered, the first due first.
    pub(super) async fn disputes(
        &self,
        call: &Call,
        asked: &message::ListDisputesRequest,
    ) -> Result<message::ListDisputesResponse, Status> {
        let page = wire::receipts::page(asked.page_size, &asked.page_token).map_err(status::malformed)?;
        let (year, known) = self.year(call, asked.year, asked.at_least_position).await?;
        let mut open: Vec<_> = of_year(&known, year).into_iter().flat_map(Year::disputes).collect();
        drop(known);
        open.sort_by_key(|(student, dispute)| (dispute.due, *student));
        let (open, next_page_token) = page.of(open.into_iter());
        let read = open.into_iter().map(|(student, _)| async move {
            let receipt = self.folded_receipt(call.ledger, Of { student, year }).await?;
            Ok::<_, Status>(wire::receipts::dispute(student, &receipt))
        });
        let read: Vec<_> = read.collect();
        let disputes: Vec<_> = stream::iter(read).buffered(AT_ONCE).try_collect().await?;
        Ok(message::ListDisputesResponse {
            disputes: disputes.into_iter().flatten().collect(),
            next_page_token,
        })
    }

    /// The letter to a student who left.
    pub(super) async fn letter(
        &self,
        call: &Call,
        asked: &message::GetLetterRequest,
    ) -> Result<message::GetLetterResponse, Status> {
        let of = wire::receipts::asked_of(&asked.student_id, asked.year).map_err(status::malformed)?;
        let known = reading(self.receipts.known(), call, asked.at_least_position).await?;
        let school = known.basis.facts.school.clone();
        let locked = of_year(&known, of.year).and_then(|year| year.locked(of.student).cloned());
        drop(known);
        let none = || status::refused(&Refusal::NotIssued);
        let (school, locked) = school.zip(locked).ok_or_else(none)?;
        let receipt = self.folded_receipt(call.ledger, of).await?;
        if receipt.round == 0 {
            return Err(none());
        }
        let (engine, locked): (_, Vec<_>) = (self.receipts.engine(), locked.into_values().collect());
        let dossier = dossier::read(engine, call.ledger, (of.student, of.year), &locked).await;
        let dossier = dossier.map_err(status::fault)?.ok_or_else(none)?;
        let titles: Vec<_> =
            dossier.works.iter().map(|sheet| (sheet.locked.work, sheet.title.clone())).collect();
        let text = wire::receipts::letter(&school, of.year, &dossier.basic, &receipt, &titles);
        Ok(message::GetLetterResponse { text })
    }

    async fn folded_receipt(&self, ledger: LedgerId, of: Of) -> Result<Receipt, Status> {
        self.receipts.folded(ledger, &wire::receipt_stream(of)).await.map_err(status::fault)
    }
}
