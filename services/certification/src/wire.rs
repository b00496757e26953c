use std::collections::HashSet;

use chassis::{Asked, Asks, Call, order, status, wire};
use eventstore::{Order, Rejected, Written};
use kernel::{Malformed, RequestId, WorkId};
use prost::Message as _;
use proto::certification::v1::{
    CertifyWorksRequest, ReturnWorksRequest, RevokeCertificationRequest, WorkToCertify, WorkToReturn,
    WorkVerdict, work_verdict::Verdict,
};
use tonic::Status;

use crate::{Certificate, Command, Refusal};

/// Works in one request.
const WORKS_MAX: usize = 200;
/// Characters of a reason.
const REASON_MAX: usize = 500;

/// A request that judges many works.
pub(crate) trait Many: proto::Command {
    /// What it says of one.
    type One: One;
    /// The works, in the order asked.
    fn works(&self) -> &[Self::One];
}

/// What a request says of one work.
pub(crate) trait One: prost::Message {
    /// The command; its problems are noted under `field`.
    fn command(&self, field: &str, problems: &mut Malformed) -> Option<(WorkId, Command)>;
}

impl Many for CertifyWorksRequest {
    type One = WorkToCertify;

    fn works(&self) -> &[WorkToCertify] {
        &self.works
    }
}

impl Many for ReturnWorksRequest {
    type One = WorkToReturn;

    fn works(&self) -> &[WorkToReturn] {
        &self.works
    }
}

impl One for WorkToCertify {
    fn command(&self, field: &str, problems: &mut Malformed) -> Option<(WorkId, Command)> {
        let work = problems.note(&format!("{field}.work_id"), wire::id(&self.work_id));
        let commitment = problems.note(&format!("{field}.commitment"), wire::digest(&self.commitment));
        work.zip(commitment).map(|(work, commitment)| (work, Command::Certify { work, commitment }))
    }
}

impl One for WorkToReturn {
    fn command(&self, field: &str, problems: &mut Malformed) -> Option<(WorkId, Command)> {
        let work = problems.note(&format!("{field}.work_id"), wire::id(&self.work_id));
        let commitment = problems.note(&format!("{field}.commitment"), wire::digest(&self.commitment));
        let reason = problems.note(&format!("{field}.reason"), wire::text(&self.reason, REASON_MAX));
        let read = work.zip(commitment).zip(reason);
        read.map(|((work, commitment), reason)| (work, Command::Return { work, commitment, reason }))
    }
}

impl Asks<Certificate> for RevokeCertificationRequest {
    fn asks(&self, _: &Call) -> Result<Asked<Command>, Malformed> {
        let mut problems = Malformed::default();
        let work = problems.note("work_id", wire::id(&self.work_id));
        let reason = problems.note("reason", wire::text(&self.reason, REASON_MAX));
        let (work, reason) = problems.finish(work.zip(reason))?;
        Ok(asked(work, Command::Revoke { work, reason }))
    }
}

/// An order for each work of a request, named by a request id that derives from the work.
pub(crate) fn orders<M: Many>(call: &Call, message: &M) -> Result<Vec<(WorkId, Order<Command>)>, Malformed> {
    let mut problems = Malformed::default();
    let request = problems.note("request_id", wire::request_id(message.request_id()));
    let count = match message.works().len() {
        1..=WORKS_MAX => Ok(()),
        _ => Err(format!("must name 1 to {WORKS_MAX} works")),
    };
    problems.note("works", count);
    let mut named = HashSet::new();
    let mut read = Vec::with_capacity(message.works().len());
    for (n, one) in message.works().iter().take(WORKS_MAX).enumerate() {
        let field = format!("works[{n}]");
        let Some((work, command)) = one.command(&field, &mut problems) else { continue };
        let once = if named.insert(work) { Ok(()) } else { Err("is named twice") };
        problems.note(&format!("{field}.work_id"), once);
        read.push((work, one.encode_to_vec(), command));
    }
    let request: RequestId = problems.finish(request)?;
    let at_least = message.at_least_position();
    let each = read.into_iter().map(|(work, body, command)| {
        let request = RequestId::new(request.derive(&work.to_string()));
        (work, order(call, request, at_least, body, asked(work, command)))
    });
    Ok(each.collect())
}

fn asked(work: WorkId, command: Command) -> Asked<Command> {
    Asked::new(format!("certificate-{work}"), command)
}

/// What became of one work of many; what is no verdict of its own ends the call.
pub(crate) fn verdict(
    work: WorkId,
    judged: Result<Written, Rejected<Refusal>>,
) -> Result<WorkVerdict, Status> {
    let verdict = match judged {
        Ok(written) => Verdict::Written(status::reply(written)),
        Err(Rejected::Refused(refusal)) => Verdict::Refusal(status::refusal(&refusal)),
        Err(ends @ (Rejected::Denied(_) | Rejected::Fault(_))) => return Err(status::rejected(ends)),
    };
    Ok(WorkVerdict { work_id: work.to_string(), verdict: Some(verdict) })
}

#[cfg(test)]
mod tests {
    use events::{Caller, Channel};
    use kernel::{Duty, LedgerId, PersonId};
    use uuid::Uuid;

    use super::*;

    fn call() -> Call {
        let caller = Caller::new(PersonId::new(Uuid::from_u128(1)), Channel::Grpc);
        let (ledger, duty) = (LedgerId::new(Uuid::from_u128(2)), Duty::CertifyWork);
        Call { ledger, caller, duty, method: "/CertifyWorks" }
    }

    fn request(works: &[u128]) -> CertifyWorksRequest {
        let one = |n: &u128| WorkToCertify {
            work_id: Uuid::from_u128(*n).to_string(),
            commitment: "AB".repeat(32),
        };
        CertifyWorksRequest {
            request_id: Uuid::from_u128(9).to_string(),
            at_least_position: 7,
            works: works.iter().map(one).collect(),
        }
    }

    fn fields(message: &impl Many) -> Vec<String> {
        let malformed = orders(&call(), message).err().unwrap_or_default();
        malformed.0.into_iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn each_work_has_a_request_id_of_its_own_the_same_whenever_it_is_asked() {
        let first = orders(&call(), &request(&[3, 4])).unwrap();
        let again = orders(&call(), &request(&[4])).unwrap();
        assert_ne!(first[0].1.request, first[1].1.request);
        assert_eq!(first[1].1.request, again[0].1.request);
        assert_eq!(first[1].1.stream, format!("certificate-{}", Uuid::from_u128(4)));
        assert_eq!(first[1].1.at_least, 7);
        assert!(
            matches!(&first[0].1.command, Command::Certify { commitment, .. } if *commitment == "ab".repeat(32))
        );
    }

    #[test]
    fn every_field_that_is_wrong_is_named() {
        let mut message = request(&[3, 3]);
        message.request_id = "1".into();
        message.works.push(WorkToCertify { work_id: "x".into(), commitment: "y".into() });
        let expected = ["request_id", "works[1].work_id", "works[2].work_id", "works[2].commitment"];
        assert_eq!(fields(&message), expected);
        assert_eq!(fields(&request(&[])), ["works"]);
        assert_eq!(fields(&request(&(1..=201).collect::<Vec<_>>())), ["works"]);
        assert!(fields(&request(&(1..=200).collect::<Vec<_>>())).is_empty());
    }

    #[test]
    fn a_reason_has_1_to_500_characters() {
        let revoke = |reason: String| RevokeCertificationRequest {
            work_id: Uuid::from_u128(3).to_string(),
            reason,
            ..RevokeCertificationRequest::default()
        };
        assert!(revoke("誤".repeat(500)).asks(&call()).is_ok());
        for reason in ["誤".repeat(501), " ".into(), "a\u{7}".into()] {
            assert_eq!(revoke(reason).asks(&call()).err().unwrap().0[0].field, "reason");
        }
    }
}
