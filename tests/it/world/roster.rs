//! A small roster, and how it is imported.

use std::collections::HashMap;

use futures::StreamExt as _;
use prost::bytes::Bytes;
use proto::records::v1::import_roster_request::Part;
use proto::records::v1::import_roster_response::Part as Told;
use proto::records::v1::{
    ImportRosterBegin, ImportRosterFile, ImportRosterRequest, ImportRow, ImportSummary, RowVerdict,
};
use tonic::Status;
use uuid::Uuid;

use super::{Caller, request_id};

/// Bytes of a chunk.
const CHUNK: usize = 1 << 20;

/// Files of a bundle.
#[derive(Clone, Debug)]
pub(crate) struct Bundle(pub(crate) Vec<(String, Bytes)>);

/// What an import told.
#[derive(Clone, Debug)]
pub(crate) struct Imported {
    /// Every row.
    pub(crate) rows: Vec<ImportRow>,
    /// The end.
    pub(crate) summary: ImportSummary,
}

/// Two teachers, two officers, four students, a class, two courses of 114-1. The first three students take both
/// courses, the fourth takes the second course alone.
const FILES: &[(&str, &str)] = &[
    (
        "manifest.csv",
        "propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\nfile.academicSessions,bulk\n\
         file.orgs,bulk\nfile.users,bulk\nfile.roles,bulk\nfile.demographics,bulk\nfile.courses,bulk\n\
         file.classes,bulk\nfile.enrollments,bulk\n",
    ),
    (
        "academicSessions.csv",
        "sourcedId,status,title,type,startDate,endDate,parentSourcedId,schoolYear\n\
         y,active,114,schoolYear,2025-08-01,2026-07-31,,2026\n\
         s1,active,114-1,semester,2025-08-30,2026-01-20,y,2026\n\
         s2,active,114-2,semester,2026-02-11,2026-06-30,y,2026\n",
    ),
    ("orgs.csv", "sourcedId,status,name,type\no,active,示範高中,school\n"),
    (
        "users.csv",
        "sourcedId,status,username,userIds,givenName,familyName,identifier,grades\n\
         t1,active,t0001,,俊賢,許,T1,\nt2,active,t0002,,John,Smith,T2,\n\
         a1,active,a0001,,淑芬,王,A1,\na2,active,a0002,,志明,吳,A2,\n\
         p1,active,1140001,{twid:A123456789},武雄,林,1140001,10\n\
         p2,active,1140002,,雅婷,謝,1140002,10\n\
         p3,active,1140003,,文正,施,1140003,10\n\
         p4,active,1140004,,怡君,蔡,1140004,10\n",
    ),
    (
        "roles.csv",
        "sourcedId,status,userSourcedId,roleType,role,orgSourcedId\n\
         rt1,active,t1,primary,teacher,o\nrt2,active,t2,primary,teacher,o\n\
         ra1,active,a1,primary,administrator,o\nra2,active,a2,primary,administrator,o\n\
         rp1,active,p1,primary,student,o\nrp2,active,p2,primary,student,o\n\
         rp3,active,p3,primary,student,o\nrp4,active,p4,primary,student,o\n",
    ),
    ("demographics.csv", "sourcedId,status,birthDate\np1,active,2010-06-10\np2,active,\n"),
    (
        "courses.csv",
        "sourcedId,status,title,courseCode,orgSourcedId\nm,active,數學,114990301H1110101010102,o\n\
         w,active,木工,WOOD-1,o\n",
    ),
    (
        "classes.csv",
        "sourcedId,status,title,grades,courseSourcedId,classType,schoolSourcedId,termSourcedIds\n\
         h1,active,10年01班,10,m,homeroom,o,\"s1,s2\"\n\
         k1,active,數學 10-01,10,m,scheduled,o,s1\nk2,active,木工 10-01,10,w,scheduled,o,s1\n",
    ),
    (
        "enrollments.csv",
        "sourcedId,status,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate\n\
         e1,active,h1,o,t1,teacher,true,,\ne2,active,k1,o,t1,teacher,true,,\ne3,active,k2,o,t2,teacher,true,,\n\
         e4,active,h1,o,p1,student,,,\ne5,active,h1,o,p2,student,,,\ne6,active,h1,o,p3,student,,,\n\
         e7,active,h1,o,p4,student,,,\ne8,active,k1,o,p1,student,,,\ne9,active,k1,o,p2,student,,,\n\
         e10,active,k1,o,p3,student,,,\ne11,active,k2,o,p1,student,,,\ne12,active,k2,o,p2,student,,,\n\
         e13,active,k2,o,p3,student,,,\ne14,active,k2,o,p4,student,,,\n",
    ),
];

impl Bundle {
    /// The small roster.
    pub(crate) fn small() -> Self {
        let files =
            FILES.iter().map(|(name, text)| ((*name).to_owned(), Bytes::from_static(text.as_bytes())));
        Self(files.collect())
    }

    /// It without a file.
    pub(crate) fn without(mut self, file: &str) -> Self {
        self.0.retain(|(name, _)| name != file);
        self
    }

    /// It with other bytes where a file has these.
    pub(crate) fn with(mut self, file: &str, from: &[u8], to: &[u8]) -> Self {
        let (_, bytes) = self.0.iter_mut().find(|(name, _)| name == file).unwrap();
        let at = bytes.windows(from.len()).position(|part| part == from).unwrap();
        *bytes = [&bytes[..at], to, &bytes[at + from.len()..]].concat().into();
        self
    }
}

impl Imported {
    /// The ids here of what the rows of a file are about.
    pub(crate) fn ids(&self, file: &str) -> HashMap<String, Uuid> {
        let rows = self.rows.iter().filter(|row| row.file == file);
        rows.filter_map(|row| Some((row.sourced_id.clone(), row.id.parse().ok()?))).collect()
    }

    /// The rows that were neither accepted nor unchanged.
    pub(crate) fn bad(&self) -> Vec<&ImportRow> {
        let good = [RowVerdict::Accepted, RowVerdict::Unchanged];
        self.rows.iter().filter(|row| !good.contains(&row.verdict())).collect()
    }
}

/// Imports a bundle.
pub(crate) async fn import(caller: &Caller, bundle: &Bundle) -> Result<Imported, Status> {
    import_as(caller, &request_id(), bundle).await
}

/// Imports a bundle under a request id.
pub(crate) async fn import_as(caller: &Caller, request: &str, bundle: &Bundle) -> Result<Imported, Status> {
    let begin = ImportRosterBegin { request_id: request.to_owned(), at_least_position: 0 };
    let mut parts = vec![Part::Begin(begin)];
    for (name, bytes) in &bundle.0 {
        parts.push(Part::File(ImportRosterFile { name: name.clone() }));
        parts.extend(bytes.chunks(CHUNK).map(|chunk| Part::Chunk(bytes.slice_ref(chunk))));
    }
    let parts = parts.into_iter().map(|part| ImportRosterRequest { part: Some(part) });
    let mut answers = caller.records().import_roster(tokio_stream::iter(parts)).await?.into_inner();
    let (mut rows, mut summary) = (Vec::new(), None);
    while let Some(answer) = answers.next().await {
        match answer?.part.unwrap() {
            Told::Row(row) => rows.push(row),
            Told::Summary(end) => summary = Some(end),
        }
    }
    Ok(Imported { rows, summary: summary.expect("an import ends with a summary") })
}
