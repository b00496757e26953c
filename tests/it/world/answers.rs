//! What answers must be.

use std::fmt::Debug;

use proto::types::v1::{Refusal, Written};
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

/// That it was refused so, for that reason, by that clause, and in words.
#[track_caller]
pub(crate) fn refused<T: Debug>(answer: Result<T, Status>, code: Code, reason: &str, clause: &str) {
    let status = answer.unwrap_err();
    let info = status.get_details_error_info();
    let info = info.unwrap_or_else(|| panic!("there is no ErrorInfo in {status:?}"));
    let found = info.metadata.get("clause").map_or("", String::as_str);
    assert_eq!((status.code(), &*info.reason, found), (code, reason, clause), "{status:?}");
    assert_eq!(info.domain, "licheng");
    assert!(!status.message().is_empty() && status.get_details_localized_message().is_some());
}

/// That one of many was refused for that reason, by that clause, and in words.
#[track_caller]
pub(crate) fn refused_verdict(verdict: &Result<Written, Refusal>, reason: &str, clause: &str) {
    let refusal = verdict.as_ref().unwrap_err();
    assert_eq!((&*refusal.reason, &*refusal.clause), (reason, clause));
    assert!(!refusal.english.is_empty() && !refusal.chinese.is_empty());
}

/// That the request can't be understood, with exactly these fields named.
#[track_caller]
pub(crate) fn malformed<T: Debug>(answer: Result<T, Status>, fields: &[&str]) {
    let status = answer.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let bad = status.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default();
    let named: Vec<_> = bad.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(named, fields, "{status:?}");
    assert!(bad.iter().all(|violation| !violation.description.is_empty()));
}

/// What was answered.
#[track_caller]
pub(crate) fn ok<T>(answer: Result<Response<T>, Status>) -> T {
    match answer {
        Ok(response) => response.into_inner(),
        Err(status) => panic!("{status:?}"),
    }
}
