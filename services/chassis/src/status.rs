//! Refusals, malformed requests and faults as gRPC statuses: the only place where one is built.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use eventstore::{Fault, Rejected};
use kernel::{Clause, Duty, Kind, Malformed, Refusal};
use proto::types::v1::{Refusal as RefusalMessage, Written};
use tonic::{Code, Status};
use tonic_types::{
    BadRequest, ErrorDetail, ErrorInfo, FieldViolation, LocalizedMessage, RequestInfo, RetryInfo,
    StatusExt as _,
};

/// Domain of every `ErrorInfo`.
const DOMAIN: &str = "licheng";
/// Whatever is done here is somebody's task at this school.
const OFFICES: Clause = kernel::clause("G5");
/// What is sealed is read by a grant alone.
const SEALED: Clause = kernel::clause("A5");
/// When to try again, where it is worth it.
const RETRY_AFTER: Duration = Duration::from_millis(250);

/// A rule said no.
pub fn refused(refusal: &dyn Refusal) -> Status {
    let code = match refusal.kind() {
        Kind::FailedPrecondition => Code::FailedPrecondition,
        Kind::NotFound => Code::NotFound,
        Kind::AlreadyExists => Code::AlreadyExists,
        Kind::PermissionDenied => Code::PermissionDenied,
    };
    let mut english = refusal.english();
    let _ = write!(english, " ({})", refusal.clause());
    said(code, refusal.reason(), Some(refusal.clause()), refusal.metadata(), [english, refusal.chinese()])
}

/// The same as a message, for an answer that holds many verdicts.
pub fn refusal(refusal: &dyn Refusal) -> RefusalMessage {
    RefusalMessage {
        reason: refusal.reason().to_owned(),
        clause: refusal.clause().id().to_owned(),
        english: refusal.english(),
        chinese: refusal.chinese(),
    }
}

/// A command was not accepted.
pub fn rejected<R: Refusal>(rejected: Rejected<R>) -> Status {
    match rejected {
        Rejected::Denied(duty) => denied(duty),
        Rejected::Refused(refusal) => refused(&refusal),
        Rejected::Fault(fault) => self::fault(fault),
    }
}

/// The caller has no office with that duty.
pub fn denied(duty: Duty) -> Status {
    let english = format!(
        "you hold no office whose task it is to {} ({}); `licheng duties` shows which office has it",
        duty.text(),
        duty.clause()
    );
    let chinese = format!("您的職務不含此項工作（{duty}，{}）。", duty.clause());
    let metadata = vec![("duty", duty.name().to_owned())];
    said(Code::PermissionDenied, "DUTY_MISSING", Some(duty.clause()), metadata, [english, chinese])
}

/// What a request names is another's, and the caller's office doesn't reach so far.
pub fn out_of_reach(duty: Duty) -> Status {
    let english = format!(
        "your office doesn't reach so far: to {} of others is another's task ({})",
        duty.text(),
        duty.clause()
    );
    let chinese = format!("此資料不在您的職務範圍內（{duty}，{}）。", duty.clause());
    let metadata = vec![("duty", duty.name().to_owned())];
    said(Code::PermissionDenied, "OUT_OF_REACH", Some(duty.clause()), metadata, [english, chinese])
}

/// The portfolio that a request is about is sealed (封存), and the caller has no grant that stands.
pub fn sealed() -> Status {
    let english = format!(
        "the portfolio is sealed, and nobody reads it but by a grant for a time; ask for access, with the reason \
         ({SEALED})"
    );
    let chinese = "此學習歷程檔案已封存，須申請調閱並經核准後，於期限內始得查閱。".to_owned();
    said(Code::PermissionDenied, "PORTFOLIO_SEALED", Some(SEALED), Vec::new(), [english, chinese])
}

/// What a query names is not there, or not the caller's to see.
pub fn not_found(clause: Clause, what: &str) -> Status {
    let english = format!("there is no such {what} here ({clause}); check its id");
    said(Code::NotFound, "NOT_THERE", Some(clause), Vec::new(), [english, "查無此項資料。".to_owned()])
}

/// A request that can't be understood: every field that is at fault.
pub fn malformed(malformed: Malformed) -> Status {
    let english = format!("the request can't be understood: {malformed}");
    let violations = malformed.0.into_iter().map(|problem| FieldViolation {
        field: problem.field,
        description: problem.problem,
        reason: String::new(),
        localized_message: None,
    });
    let details = vec![
        ErrorDetail::from(ErrorInfo::new("MALFORMED", DOMAIN, HashMap::new())),
        ErrorDetail::from(BadRequest { field_violations: violations.collect() }),
        ErrorDetail::from(LocalizedMessage {
            locale: "zh-TW".into(), message: "請求內容有誤。".into()
        }),
    ];
    Status::with_error_details_vec(Code::InvalidArgument, english, details)
}

/// The codec's answer to bytes that are no message, such as a text that isn't UTF-8, in our words.
pub(crate) fn undecoded(said: &Status) -> Option<Status> {
    let problem = said.message().strip_prefix("failed to decode Protobuf message: ")?;
    if said.code() != Code::Internal || !said.details().is_empty() {
        return None;
    }
    // From outside in: `BeginOutcomeRequest.file: File.name: invalid string value: data is not UTF-8 encoded`.
    let (mut field, mut problem) = (Vec::new(), problem);
    while let Some((place, rest)) = problem.split_once(": ")
        && let Some((message, name)) = place.split_once('.')
        && [message, name].iter().all(|it| it.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
    {
        field.push(name);
        problem = rest;
    }
    let field = if field.is_empty() { "request".to_owned() } else { field.join(".") };
    Some(malformed(Malformed::one(field, problem)))
}

/// No token, or none that is believed. It says what is wrong and never repeats the token.
pub fn unauthenticated(problem: &str) -> Status {
    let english = format!(
        "{problem}; send `authorization: Bearer <token>`, which your sign-in or `licheng token` gives"
    );
    said(
        Code::Unauthenticated,
        "UNAUTHENTICATED",
        Some(OFFICES),
        Vec::new(),
        [english, "請先登入。".to_owned()],
    )
}

/// The token is for other schools than the one that the request names.
pub fn other_school() -> Status {
    let english = "the token is not for the school that the request names".to_owned();
    said(
        Code::PermissionDenied,
        "OTHER_SCHOOL",
        Some(OFFICES),
        Vec::new(),
        [english, "登入身分不屬於此校。".to_owned()],
    )
}

/// The service is about to stop: try another, or again.
pub fn stopping() -> Status {
    fault(Fault::stopping())
}

/// What is kept is not what it must be: nothing more is built on it.
pub fn data_loss(problem: &str) -> Status {
    let texts = [problem.to_owned(), "資料完整性檢查未通過。".to_owned()];
    said(Code::DataLoss, "LEDGER_BROKEN", kernel::known_clause("T3"), Vec::new(), texts)
}

/// There is no room for what was sent; nothing of it was kept.
pub fn no_room() -> Status {
    let english = "there is no room left for files; tell the IT office, and send it again later".to_owned();
    let chinese = "儲存空間不足，請通知資訊媒體組並稍後再試。".to_owned();
    said(Code::ResourceExhausted, "NO_ROOM", None, Vec::new(), [english, chinese])
}

/// Nobody's rule: what the caller may do about it is all it says.
pub fn fault(fault: Fault) -> Status {
    let (code, reason) = match &fault {
        Fault::Contended => (Code::Aborted, "CONTENDED"),
        Fault::Unavailable(..) => (Code::Unavailable, "UNAVAILABLE"),
        Fault::Exhausted => (Code::ResourceExhausted, "EXHAUSTED"),
        Fault::ClockSkew => (Code::Unavailable, "CLOCK_SKEW"),
        Fault::NotYet(_) => (Code::Unavailable, "NOT_YET"),
        Fault::RequestReused => {
            return malformed(Malformed::one("request_id", "was used for another request; draw a new UUID"));
        }
        Fault::NewerStore { .. } | Fault::NewerEvent(_) | Fault::Broken(_) => return incident(&fault),
    };
    if let Fault::Unavailable(what, Some(source)) = &fault {
        tracing::warn!(what, %source, "unavailable");
    }
    let texts = [fault.to_string(), "系統暫時無法處理，請稍後再試。".to_owned()];
    let mut details = said_details(reason, None, Vec::new(), texts);
    details.push(ErrorDetail::from(RetryInfo { retry_delay: Some(RETRY_AFTER) }));
    Status::with_error_details_vec(code, fault.to_string(), details)
}

/// INTERNAL: the text stays in the log, the caller gets the number to ask by.
fn incident(fault: &Fault) -> Status {
    let id = hex::encode(rand::random::<[u8; 8]>());
    tracing::error!(incident = id, %fault, "internal error");
    let english = format!("something is wrong with the platform; tell the IT office the incident {id}");
    let chinese = format!("系統發生錯誤，請將事件編號 {id} 告知資訊媒體組。");
    let mut details = said_details("INTERNAL", None, Vec::new(), [english.clone(), chinese]);
    details.push(ErrorDetail::from(RequestInfo { request_id: id, serving_data: String::new() }));
    Status::with_error_details_vec(Code::Internal, english, details)
}

/// An accepted command, as a message.
pub fn reply(written: eventstore::Written) -> Written {
    Written {
        ledger: written.ledger.to_string(),
        position: written.position,
        first_position: written.first.unwrap_or(0),
        made_id: written.ids.first().map(ToString::to_string).unwrap_or_default(),
    }
}

fn said(
    code: Code,
    reason: &str,
    clause: Option<Clause>,
    metadata: Vec<(&'static str, String)>,
    texts: [String; 2],
) -> Status {
    let message = texts[0].clone();
    Status::with_error_details_vec(code, message, said_details(reason, clause, metadata, texts))
}

fn said_details(
    reason: &str,
    clause: Option<Clause>,
    mut metadata: Vec<(&'static str, String)>,
    [english, chinese]: [String; 2],
) -> Vec<ErrorDetail> {
    metadata.extend(clause.map(|clause| ("clause", clause.id().to_owned())));
    let metadata: HashMap<_, _> =
        metadata.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    vec![
        ErrorDetail::from(ErrorInfo::new(reason, DOMAIN, metadata)),
        ErrorDetail::from(LocalizedMessage { locale: "zh-TW".into(), message: chinese }),
        ErrorDetail::from(LocalizedMessage { locale: "en".into(), message: english }),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The field and what is said of it.
    fn told(said: &Status) -> Option<(String, String)> {
        let bad = undecoded(said)?.get_details_bad_request().unwrap().field_violations.remove(0);
        Some((bad.field, bad.description))
    }

    #[test]
    fn a_message_that_cannot_be_decoded_names_its_field() {
        let said = |text: &str| Status::internal(format!("failed to decode Protobuf message: {text}"));
        let utf8 = "invalid string value: data is not UTF-8 encoded";
        for (text, field) in [
            (format!("BeginOutcomeRequest.title: {utf8}"), "title"),
            (format!("BeginOutcomeRequest.file: File.name: {utf8}"), "file.name"),
            (utf8.to_owned(), "request"),
        ] {
            assert_eq!(told(&said(&text)), Some((field.to_owned(), utf8.to_owned())), "{text}");
        }
        assert_eq!(told(&Status::internal("something is wrong")), None);
        assert_eq!(told(&Status::unknown("failed to decode Protobuf message: x")), None);
    }

    #[test]
    fn what_passes_by_itself_says_so_and_anything_else_is_an_incident() {
        let disk = || Some(Box::new(std::io::Error::other("database or disk is full")) as _);
        let cases = [
            (Fault::Contended, Code::Aborted),
            (Fault::Unavailable("the database's disk", disk()), Code::Unavailable),
            (Fault::Unavailable("the bus", None), Code::Unavailable),
            (Fault::stopping(), Code::Unavailable),
            (Fault::Exhausted, Code::ResourceExhausted),
            (Fault::ClockSkew, Code::Unavailable),
            (Fault::NotYet(7), Code::Unavailable),
            (Fault::RequestReused, Code::InvalidArgument),
            (Fault::NewerStore { found: 2, known: 1 }, Code::Internal),
            (Fault::NewerEvent("of tomorrow".into()), Code::Internal),
            (Fault::broken("secret"), Code::Internal),
        ];
        for (fault, code) in cases {
            let text = fault.to_string();
            let status = self::fault(fault);
            assert_eq!(status.code(), code, "{text}");
            assert!(!status.message().contains("secret"));
            let retried = status.get_details_retry_info().is_some();
            let passes = matches!(code, Code::Aborted | Code::Unavailable | Code::ResourceExhausted);
            assert_eq!(retried, passes, "{text}");
        }
    }
}
