//! The batch for the central database, and the receipts that come back.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use kernel::PersonId;
use proto::submission::v1::submission_service_client::SubmissionServiceClient;
use proto::submission::v1::{
    AnswerDisputeRequest, ApproveBatchRequest, BatchStage, CheckBatchRequest, ConfirmReceiptRequest,
    Discrepancy, Dispute, DisputeReceiptRequest, GetBatchRequest, GetBatchResponse, GetReceiptRequest,
    GetReceiptResponse, ListDiscrepanciesRequest, ListDisputesRequest, PrepareBatchRequest, ReceiptStage,
};
use proto::types::v1::Written;

use super::desk::{Answer, Fault, must, pause};
use super::opening::Offices;
use super::run::{ACROSS, World};
use super::semester::count;
use super::tally::Tally;

/// Rounds after which somebody should look at it.
const ROUNDS_MAX: u32 = 20;

/// What the batch came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Submitted {
    /// Works that were sent in the first round.
    pub(crate) items: u64,
    /// Works that a receipt named as missing, altered or doubled.
    pub(crate) discrepant: u64,
    /// Students who confirmed their receipt.
    pub(crate) confirmed: u64,
    /// Students who disputed theirs.
    pub(crate) disputed: u64,
    /// Rounds that were sent.
    pub(crate) rounds: u64,
}

/// What is known of the batch while it goes on.
#[derive(Default)]
struct Underway {
    sum: Submitted,
    discrepant: BTreeSet<String>,
    confirmed: BTreeSet<usize>,
}

/// Before selection has closed, the registrar tries all the same.
pub(crate) async fn early(world: &World<'_>, offices: &Offices, tally: &mut Tally) -> Result<(), Fault> {
    tally.refusals.taken(prepare(world, offices, "early").await?);
    Ok(())
}

/// Round after round until the central database has everything as it was sent, and every student has confirmed.
pub(crate) async fn submit(
    world: &World<'_>,
    offices: &Offices,
    tally: &mut Tally,
) -> Result<Submitted, Fault> {
    let mut underway = Underway::default();
    for round in 1..=ROUNDS_MAX {
        let batch = send(world, offices, round, tally).await?;
        let discrepancies = discrepancies(world, offices).await?;
        let wrong = discrepancies.iter().filter(|it| is_sent_again(it)).count();
        underway.discrepant.extend(discrepancies.into_iter().map(|it| it.work_id));
        if round == 1 {
            underway.sum.items = batch.items.into();
        }
        underway.sum.rounds = round.into();
        let again = receipts(world, offices, round, &mut underway, tally).await?;
        if wrong == 0 && again == 0 {
            // Nothing is left to be sent.
            tally.refusals.taken(prepare(world, offices, "once more").await?);
            break;
        }
    }
    underway.sum.discrepant = count(underway.discrepant.len());
    underway.sum.confirmed = count(underway.confirmed.len());
    Ok(underway.sum)
}

/// One round: prepared, checked, approved, sent, reconciled.
async fn send(
    world: &World<'_>,
    offices: &Offices,
    round: u32,
    tally: &mut Tally,
) -> Result<GetBatchResponse, Fault> {
    must("preparing the batch", prepare(world, offices, &format!("round {round}")).await?)?;
    let bar = world.progress.begin("submission", 0, 0);
    if round == 1 {
        // What isn't checked isn't approved.
        tally.refusals.taken(approve(world, offices, "unchecked").await?);
    }
    until(world, offices, BatchStage::Locked).await?;
    must("checking the batch", check(world, offices, round).await?)?;
    must("approving the batch", approve(world, offices, &format!("round {round}")).await?)?;
    let batch = until(world, offices, BatchStage::Idle).await?;
    bar.step(batch.items.into(), 0);
    bar.end();
    Ok(batch)
}

/// Every student looks at the receipt: most confirm, some dispute; the registrar answers. How many students' works are
/// sent again for it.
async fn receipts(
    world: &World<'_>,
    offices: &Offices,
    round: u32,
    underway: &mut Underway,
    tally: &mut Tally,
) -> Result<usize, Fault> {
    let looked = looked_at(world, round, &underway.confirmed).await?;
    for (at, outcome, counted) in looked {
        tally.merge(counted);
        match outcome {
            Looked::Confirmed => drop(underway.confirmed.insert(at)),
            Looked::Disputed => underway.sum.disputed += 1,
            Looked::Left => {}
        }
    }
    let disputes = disputes(world, offices).await?;
    let mut again = 0;
    for (nth, dispute) in disputes.into_values().enumerate() {
        let erred = nth % 2 == 0;
        again += usize::from(erred);
        answer(world, offices, &dispute, erred).await?;
    }
    if again == 0 {
        for (at, outcome, counted) in looked_at(world, round, &underway.confirmed).await? {
            tally.merge(counted);
            if matches!(outcome, Looked::Confirmed) {
                underway.confirmed.insert(at);
            }
        }
    }
    Ok(again)
}

/// What a student did with the receipt.
enum Looked {
    Confirmed,
    Disputed,
    /// There is none, or it can't be confirmed yet.
    Left,
}

async fn looked_at(
    world: &World<'_>,
    round: u32,
    confirmed: &BTreeSet<usize>,
) -> Result<Vec<(usize, Looked, Tally)>, Fault> {
    let students = 0..world.plan.roster.students.len();
    let left = students.filter(|at| !confirmed.contains(at));
    let looked = stream::iter(left).map(async |at| {
        let mut tally = Tally::default();
        let looked = look(world, at, round, &mut tally).await?;
        Ok::<_, Fault>((at, looked, tally))
    });
    let mut looked: Vec<_> = looked.buffer_unordered(ACROSS).try_collect().await?;
    looked.sort_by_key(|(at, ..)| *at);
    Ok(looked)
}

async fn look(world: &World<'_>, at: usize, round: u32, tally: &mut Tally) -> Result<Looked, Fault> {
    let Some(student) = world.plan.roster.students.get(at) else { return Ok(Looked::Left) };
    // Who selected nothing has no receipt: nothing of it is counted.
    let Ok(receipt) = receipt(world, student.person).await? else { return Ok(Looked::Left) };
    let disputes = round == 1 && at % 20 == 7 && receipt.stage() == ReceiptStage::Issued;
    if disputes {
        must("disputing a receipt", dispute(world, student.person, at, &receipt).await?)?;
        return Ok(Looked::Disputed);
    }
    match tally.refusals.taken(confirm(world, student.person, at, &receipt).await?) {
        Some(_) => Ok(Looked::Confirmed),
        None => Ok(Looked::Left),
    }
}

async fn prepare(world: &World<'_>, offices: &Offices, why: &str) -> Answer<Written> {
    let request = PrepareBatchRequest {
        request_id: world.desk.id(&format!("prepare/{why}")),
        at_least_position: world.desk.seen(),
        year: world.year(),
    };
    let answer = world.desk.ask(offices.registrar, request, |road, request| async move {
        SubmissionServiceClient::new(road).prepare_batch(request).await
    });
    world.desk.accepted(answer.await?.map(|answer| answer.written))
}

async fn check(world: &World<'_>, offices: &Offices, round: u32) -> Answer<Written> {
    let request = CheckBatchRequest {
        request_id: world.desk.id(&format!("check/{round}")),
        at_least_position: world.desk.seen(),
        year: world.year(),
    };
    let answer = world.desk.ask(offices.registrar, request, |road, request| async move {
        SubmissionServiceClient::new(road).check_batch(request).await
    });
    world.desk.accepted(answer.await?.map(|answer| answer.written))
}

async fn approve(world: &World<'_>, offices: &Offices, why: &str) -> Answer<Written> {
    let request = ApproveBatchRequest {
        request_id: world.desk.id(&format!("approve/{why}")),
        at_least_position: world.desk.seen(),
        year: world.year(),
    };
    let answer = world.desk.ask(offices.secretary, request, |road, request| async move {
        SubmissionServiceClient::new(road).approve_batch(request).await
    });
    world.desk.accepted(answer.await?.map(|answer| answer.written))
}

/// Asks until the batch is at a stage.
async fn until(world: &World<'_>, offices: &Offices, stage: BatchStage) -> Result<GetBatchResponse, Fault> {
    loop {
        let request = GetBatchRequest { at_least_position: world.desk.seen(), year: world.year() };
        let answer = world.desk.ask(offices.registrar, request, |road, request| async move {
            SubmissionServiceClient::new(road).get_batch(request).await
        });
        let batch = must("the batch", answer.await?)?;
        if batch.stage() == stage {
            return Ok(batch);
        }
        pause().await;
    }
}

async fn discrepancies(world: &World<'_>, offices: &Offices) -> Result<Vec<Discrepancy>, Fault> {
    let (mut all, mut token) = (Vec::new(), String::new());
    loop {
        let request = ListDiscrepanciesRequest {
            at_least_position: world.desk.seen(),
            year: world.year(),
            page_size: 1_000,
            page_token: token,
        };
        let answer = world.desk.ask(offices.registrar, request, |road, request| async move {
            SubmissionServiceClient::new(road).list_discrepancies(request).await
        });
        let page = must("the discrepancies", answer.await?)?;
        all.extend(page.discrepancies);
        token = page.next_page_token;
        if token.is_empty() {
            return Ok(all);
        }
    }
}

const fn is_sent_again(discrepancy: &Discrepancy) -> bool {
    use proto::submission::v1::ItemVerdict::{Altered, Missing};
    let verdict = discrepancy.verdict;
    verdict == Missing as i32 || verdict == Altered as i32
}

async fn receipt(world: &World<'_>, student: PersonId) -> Answer<GetReceiptResponse> {
    let request = GetReceiptRequest { at_least_position: world.desk.seen(), year: world.year() };
    let answer = world.desk.ask(student, request, |road, request| async move {
        SubmissionServiceClient::new(road).get_receipt(request).await
    });
    answer.await
}

async fn confirm(
    world: &World<'_>,
    student: PersonId,
    at: usize,
    receipt: &GetReceiptResponse,
) -> Answer<Written> {
    let (round, stage) = (receipt.round, receipt.stage);
    let request = ConfirmReceiptRequest {
        request_id: world.desk.id(&format!("confirm/{at}/{round}/{stage}")),
        at_least_position: world.desk.seen(),
        year: world.year(),
        round,
    };
    let answer = world.desk.ask(student, request, |road, request| async move {
        SubmissionServiceClient::new(road).confirm_receipt(request).await
    });
    world.desk.accepted(answer.await?.map(|answer| answer.written))
}

async fn dispute(
    world: &World<'_>,
    student: PersonId,
    at: usize,
    receipt: &GetReceiptResponse,
) -> Answer<Written> {
    let request = DisputeReceiptRequest {
        request_id: world.desk.id(&format!("dispute/{at}/{}", receipt.round)),
        at_least_position: world.desk.seen(),
        year: world.year(),
        round: receipt.round,
        work_ids: receipt.items.iter().take(1).map(|item| item.work_id.clone()).collect(),
        text: "收訖明細與我上傳的檔案不同，請查明。".to_owned(),
    };
    let answer = world.desk.ask(student, request, |road, request| async move {
        SubmissionServiceClient::new(road).dispute_receipt(request).await
    });
    world.desk.accepted(answer.await?.map(|answer| answer.written))
}

/// The disputes that aren't answered, by student.
async fn disputes(world: &World<'_>, offices: &Offices) -> Result<BTreeMap<String, Dispute>, Fault> {
    let (mut all, mut token) = (BTreeMap::new(), String::new());
    loop {
        let request = ListDisputesRequest {
            at_least_position: world.desk.seen(),
            year: world.year(),
            page_size: 200,
            page_token: token,
        };
        let answer = world.desk.ask(offices.registrar, request, |road, request| async move {
            SubmissionServiceClient::new(road).list_disputes(request).await
        });
        let page = must("the disputes", answer.await?)?;
        all.extend(page.disputes.into_iter().map(|dispute| (dispute.student_id.clone(), dispute)));
        token = page.next_page_token;
        if token.is_empty() {
            return Ok(all);
        }
    }
}

async fn answer(world: &World<'_>, offices: &Offices, dispute: &Dispute, erred: bool) -> Result<(), Fault> {
    let (again, text) = match erred {
        true => (dispute.work_ids.clone(), "查明屬實，將重新提交。"),
        false => (Vec::new(), "經查收訖明細無誤，請再核對。"),
    };
    let request = AnswerDisputeRequest {
        request_id: world.desk.id(&format!("answer/{}/{}", dispute.student_id, dispute.round)),
        at_least_position: world.desk.seen(),
        student_id: dispute.student_id.clone(),
        year: world.year(),
        again_work_ids: again,
        text: text.to_owned(),
    };
    let answer = world.desk.ask(offices.registrar, request, |road, request| async move {
        SubmissionServiceClient::new(road).answer_dispute(request).await
    });
    let written = world.desk.accepted(answer.await?.map(|answer| answer.written))?;
    must("answering a dispute", written).map(drop)
}
