//! `licheng demo`: a school's year on the embedded default, from its roster to selected works and a verified ledger.
//!
//! Everything goes through gRPC over TCP, each call with its caller's own token. What is refused is part of the show.

mod calendar;
mod certify;
mod desk;
mod details;
mod files;
mod names;
mod opening;
mod plan;
mod random;
mod roster;
mod run;
mod school;
mod select;
mod semester;
mod server;
mod summary;
mod tally;
mod upload;

use std::error::Error;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use kernel::PersonId;
use tonic::transport::Endpoint;

use calendar::Moment;
use desk::House;
use files::Made;
use run::{Given, People};
use server::{Local, Server};
use summary::Summary;

use crate::bundle;
use crate::progress::Progress;

/// Shows licheng at work: opens a school, imports its roster, and plays its year through gRPC: students upload,
/// teachers certify and return, students select, and the ledger proves all of it. Then it keeps serving.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Ends when all is done, instead of serving on.
    #[arg(long)]
    pub once: bool,
    /// Students of the made school; it has a teacher for every twelve and a half.
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = students, conflicts_with = "roster")]
    pub students: usize,
    /// What the made school, the made files and everybody's choices come from: the same seed gives the same numbers.
    #[arg(long, value_name = "N", default_value_t = 114)]
    pub seed: u64,
    /// A OneRoster 1.2 bundle to play with instead of a made school: a folder of CSV files.
    #[arg(long, value_name = "DIR")]
    pub roster: Option<PathBuf>,
    /// Files to try instead of made ones: each file of the folder that isn't .tsv or .md.
    #[arg(long, value_name = "DIR")]
    pub files: Option<PathBuf>,
    /// Where the school's data goes, which must not hold a school yet; a temporary folder otherwise, which `--once`
    /// removes at the end.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Writes the summary as JSON too.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Where gRPC listens; a free port of this machine otherwise.
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
}

fn students(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=20_000).contains(number));
    number.ok_or_else(|| "must be 1 to 20000".to_owned())
}

/// Runs the demo.
///
/// # Errors
/// A file can't be read or written; the server answers with a fault; the ledger does not verify, or a view is not what
/// the ledger replays to. What rules refuse is no error.
pub async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let begun = Instant::now();
    let bundle = match &options.roster {
        Some(folder) => bundle::folder(folder)?,
        None => school::made(options.students, options.seed)?,
    };
    let trials = match &options.files {
        Some(folder) => real_files(folder)?,
        None => files::trials(options.seed)?,
    };
    let year = roster::years(&bundle).into_iter().next_back();
    let year = year.ok_or("the roster has no semester: academicSessions.csv")?;
    let data = Data::new(&options);
    let listen = options.listen.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into());
    let server = server::start(&data.folder, listen, calendar::instant(year, Moment::Opening)).await?;
    let address = server.serving.address;
    let given = Given {
        channel: Endpoint::from_shared(format!("http://{address}"))?.connect().await?,
        house: Arc::clone(&server.house) as Arc<dyn House>,
        principal: server.principal,
        seed: options.seed,
        bundle: &bundle,
        trials: &trials,
        views: portfolio::VIEWS,
        progress: Progress::new(),
    };
    let ran = run::run(given).await?;
    let proof = server::verified(&server, &data.folder, ran.events).await;
    if let Err(problem) = &proof {
        writeln!(io::stderr(), "the ledger does not verify: {problem}")?;
    }
    let people = ran.people.clone();
    let (summary, refusals) = Summary::new(ran, proof.is_ok(), begun.elapsed().as_secs_f64());
    if let Some(file) = &options.json {
        std::fs::write(file, serde_json::to_string_pretty(&summary)? + "\n")?;
    }
    summary.write(&refusals, &mut io::stdout().lock())?;
    let good = summary.ledger_verified && summary.views_match_replay;
    finish(options.once, server, &data, &people).await?;
    if good { Ok(()) } else { Err("the ledger does not prove what was done".into()) }
}

/// Ends, or serves on until told to end.
async fn finish(once: bool, server: Server, data: &Data, people: &People) -> Result<(), Box<dyn Error>> {
    let Server { serving, house, .. } = server;
    if once {
        if !data.temporary {
            writeln!(io::stdout(), "\nThe school's data is in {}", data.folder.display())?;
        }
        return Ok(serving.shut_down().await?);
    }
    things_to_try(serving.address, &house, people, &data.folder)?;
    Ok(serving.until_told().await?)
}

/// The files of a folder that are works, by name.
fn real_files(folder: &Path) -> io::Result<Vec<Made>> {
    let work = |name: &str| {
        let name = name.to_ascii_lowercase();
        !name.ends_with(".tsv") && !name.ends_with(".md")
    };
    let files = bundle::files_in(folder, work)?;
    Ok(files.into_iter().map(|(name, bytes)| Made { name, bytes }).collect())
}

fn things_to_try(address: SocketAddr, house: &Local, people: &People, data: &Path) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let call = |who: &str, body: &str, method: &str| {
        format!(
            "     grpcurl -plaintext -H \"authorization: Bearer ${who}\" -d '{body}' {address} licheng.{method}"
        )
    };
    let token = |person: PersonId| house.token(person);
    let (student, work, id) = (people.student, &people.work, random::id(0, "things to try"));
    writeln!(out, "\nServing at {address}; the data is in {}. Ctrl-C ends it.", data.display())?;
    writeln!(out, "Its clock is simulated: it stands where {} says.", data.join("clock").display())?;
    writeln!(out, "\nThree things to try with any gRPC client (grpcurl needs no .proto files here):\n")?;
    writeln!(out, "STUDENT={}", token(student)?)?;
    writeln!(out, "TEACHER={}", token(people.teacher)?)?;
    writeln!(out, "AUDITOR={}\n", token(people.auditor)?)?;
    writeln!(out, "  1. A student reads their own portfolio; as $TEACHER it is refused, with the clause.")?;
    let body = format!("{{\"studentId\":\"{student}\"}}");
    writeln!(out, "{}\n", call("STUDENT", &body, "portfolio.v1.PortfolioService/GetPortfolio"))?;
    writeln!(out, "  2. The student selects one more certified work, too late; the refusal says why.")?;
    let body = format!("{{\"requestId\":\"{id}\",\"year\":{},\"workId\":\"{work}\"}}", people.year.number());
    writeln!(out, "{}\n", call("STUDENT", &body, "submission.v1.SubmissionService/TickOutcome"))?;
    writeln!(
        out,
        "  3. The auditor follows the ledger: everything that ever happened to that work, sealed."
    )?;
    let body = format!("{{\"workId\":\"{work}\"}}");
    writeln!(out, "{}\n", call("AUDITOR", &body, "audit.v1.AuditService/ReadLedger"))?;
    out.flush()
}

/// The folder of a run; a temporary one of `--once` is removed at the end, however it ends.
struct Data {
    folder: PathBuf,
    temporary: bool,
}

impl Data {
    fn new(options: &Options) -> Self {
        match &options.data {
            Some(folder) => Self { folder: folder.clone(), temporary: false },
            None => {
                let name =
                    format!("licheng-demo-{}-{}", std::process::id(), hex::encode(rand::random::<[u8; 4]>()));
                Self { folder: std::env::temp_dir().join(name), temporary: options.once }
            }
        }
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        if self.temporary {
            // Nothing hangs on it: the system clears its temporary folder in its own time.
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}
