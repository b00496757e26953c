//! What is asked of a batch beside commands.

use chassis::{Asked, Call, Reading, order, reading, status};
use eventstore::Written;
use kernel::SchoolYear;
use prost::Message as _;
use proto::submission::v1 as message;
use tonic::Status;

use super::Service;
use crate::domain::batch::Command;
use crate::facts::{Submissions, Year};
use crate::{checking, rounds, wire};

impl Service {
    /// Checks the round under way, and notes what was found.
    pub(super) async fn check(
        &self,
        call: &Call,
        asked: &message::CheckBatchRequest,
    ) -> Result<Written, Status> {
        let (request, year) = wire::batches::check(asked).map_err(status::malformed)?;
        let known = reading(self.batches.known(), call, asked.at_least_position).await?;
        let round = rounds::under_way(&known.basis, call.ledger, year, 0).map_err(status::fault)?;
        let authority = known.basis.authority.clone();
        drop(known);
        let findings = checking::check(self.batches.engine(), &self.blobs, &round, &authority).await;
        let command = Command::Check { year, findings: findings.map_err(status::fault)? };
        let asked_for = Asked::new(wire::batch_stream(year), command);
        let order = order(call, request, asked.at_least_position, asked.encode_to_vec(), asked_for);
        self.batches.execute(order).await.map_err(status::rejected)
    }

    /// How far a school year's batch has come.
    pub(super) async fn batch(
        &self,
        call: &Call,
        asked: &message::GetBatchRequest,
    ) -> Result<message::GetBatchResponse, Status> {
        let (year, known) = self.year(call, asked.year, asked.at_least_position).await?;
        let batch = self.batches.folded(call.ledger, &wire::batch_stream(year)).await;
        let batch = batch.map_err(status::fault)?;
        Ok(wire::batches::batch(&batch, of_year(&known, year)))
    }

    /// A page of what the last check found.
    pub(super) async fn findings(
        &self,
        call: &Call,
        asked: &message::ListFindingsRequest,
    ) -> Result<message::ListFindingsResponse, Status> {
        let page = wire::batches::page(asked.page_size, &asked.page_token).map_err(status::malformed)?;
        let (year, known) = self.year(call, asked.year, asked.at_least_position).await?;
        let all = of_year(&known, year).map(Year::findings).unwrap_or_default();
        let (findings, next_page_token) = page.of(all.iter().map(wire::batches::finding));
        Ok(message::ListFindingsResponse { findings, next_page_token })
    }

    /// A page of the works that aren't there as they were sent.
    pub(super) async fn discrepancies(
        &self,
        call: &Call,
        asked: &message::ListDiscrepanciesRequest,
    ) -> Result<message::ListDiscrepanciesResponse, Status> {
        let page = wire::batches::page(asked.page_size, &asked.page_token).map_err(status::malformed)?;
        let (year, known) = self.year(call, asked.year, asked.at_least_position).await?;
        let all = of_year(&known, year).into_iter().flat_map(Year::discrepancies);
        let (discrepancies, next_page_token) = page.of(all.map(wire::batches::discrepancy));
        Ok(message::ListDiscrepanciesResponse { discrepancies, next_page_token })
    }

    /// A school year, and what is known.
    pub(super) async fn year(
        &self,
        call: &Call,
        year: u32,
        at_least: u64,
    ) -> Result<(SchoolYear, Reading<Submissions>), Status> {
        let year = wire::year(year).map_err(status::malformed)?;
        Ok((year, reading(self.batches.known(), call, at_least).await?))
    }
}

/// What is known of a school year.
pub(super) fn of_year(known: &Reading<Submissions>, year: SchoolYear) -> Option<&Year> {
    known.basis.facts.rounds.year(year)
}
