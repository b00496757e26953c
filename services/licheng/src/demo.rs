//! `licheng demo`: a school's year, on the embedded default or as a district runs it, from its roster to a verified
//! ledger.
//!
//! Everything goes through gRPC over TCP, each call with its caller's own token. What is refused is part of the show.

mod calendar;
mod certify;
mod desk;
mod details;
mod district;
mod files;
mod graduate;
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
mod submit;
mod summary;
mod tally;
mod upload;

use std::error::Error;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kernel::Instant;

use calendar::Moment;
use desk::House;
use files::Made;
use run::{Given, People};
use server::Server;
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
    /// The central database's gRPC service, to which the registrar submits; without it the year ends with the selection.
    /// deploy/demo starts a stand-in and names it here.
    #[arg(long, value_name = "URL")]
    pub central: Option<String>,
    /// Writes the summary as JSON too.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Where gRPC listens; a free port of this machine otherwise.
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<SocketAddr>,
    /// A district's configuration to play on instead of a folder: PostgreSQL, NATS, a process for each service. It must
    /// name a simulated clock and the issuer `licheng-local`; its database is migrated, and must not hold the school yet.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["data", "listen"])]
    pub config: Option<PathBuf>,
    /// Where the district's services listen, if they run already: `records=http://127.0.0.1:50052,…`.
    #[arg(long, value_name = "SERVICE=URL", value_delimiter = ',', requires = "config", value_parser = server_of)]
    pub servers: Vec<(String, String)>,
}

fn students(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=20_000).contains(number));
    number.ok_or_else(|| "must be 1 to 20000".to_owned())
}

fn server_of(text: &str) -> Result<(String, String), String> {
    let server = text.split_once('=').map(|(service, url)| (service.to_owned(), url.to_owned()));
    server.ok_or_else(|| "must be a service and its URL: records=http://127.0.0.1:50052".to_owned())
}

/// Runs the demo.
///
/// # Errors
/// A file can't be read or written; the server answers with a fault; the ledger does not verify, or a view is not what
/// the ledger replays to. What rules refuse is no error.
pub async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let begun = std::time::Instant::now();
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
    let server = started(&options, &data, calendar::instant(year, Moment::Opening)).await?;
    let given = Given {
        road: server.road.clone(),
        house: Arc::clone(&server.house) as Arc<dyn House>,
        principal: server.principal,
        seed: options.seed,
        bundle: &bundle,
        trials: &trials,
        central: options.central.is_some(),
        views: portfolio::VIEWS,
        progress: Progress::new(),
    };
    let ran = run::run(given).await?;
    let proof = server::verified(&server, &data.folder.join("export"), ran.events).await;
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
    finish(&options, server, &data, &people).await?;
    if good { Ok(()) } else { Err("the ledger does not prove what was done".into()) }
}

/// The platform that the year is played on.
async fn started(options: &Options, data: &Data, opening: Instant) -> Result<Server, Box<dyn Error>> {
    if let Some(config) = &options.config {
        let servers = options.servers.iter().cloned().collect();
        let servers = Some(servers).filter(|_| !options.servers.is_empty());
        return server::district(config, servers, options.central.as_deref(), opening).await;
    }
    let listen = options.listen.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into());
    server::embedded(&data.folder, listen, options.central.clone(), opening).await
}

/// Ends, or serves on until told to end.
async fn finish(
    options: &Options,
    server: Server,
    data: &Data,
    people: &People,
) -> Result<(), Box<dyn Error>> {
    if options.once {
        if !data.temporary && options.config.is_none() {
            writeln!(io::stdout(), "\nThe school's data is in {}", data.folder.display())?;
        }
        return server.shut_down().await;
    }
    things_to_try(&server, people)?;
    server.until_told().await
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

fn things_to_try(server: &Server, people: &People) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let call = |who: &str, body: &str, service: &str, method: &str| {
        let address = server.addresses.of(service);
        format!(
            "     grpcurl -plaintext -H \"authorization: Bearer ${who}\" -d '{body}' {address} licheng.{service}.v1.{method}"
        )
    };
    let (house, clock) = (&server.house, server.house.clock().display());
    let (student, work, id) = (people.student, &people.work, random::id(0, "things to try"));
    writeln!(
        out,
        "\nServing, for instance portfolio at {}. Ctrl-C ends it.",
        server.addresses.of("portfolio")
    )?;
    writeln!(out, "Its clock is simulated: it stands where {clock} says; the data is beside that file.")?;
    writeln!(out, "\nThree things to try with any gRPC client (grpcurl needs no .proto files here):\n")?;
    writeln!(out, "STUDENT={}", house.token(student)?)?;
    writeln!(out, "TEACHER={}", house.token(people.teacher)?)?;
    writeln!(out, "AUDITOR={}\n", house.token(people.auditor)?)?;
    writeln!(out, "  1. A student reads their own portfolio; as $TEACHER it is refused, with the clause.")?;
    let body = format!("{{\"studentId\":\"{student}\"}}");
    writeln!(out, "{}\n", call("STUDENT", &body, "portfolio", "PortfolioService/GetPortfolio"))?;
    writeln!(out, "  2. The student selects one more certified work, too late; the refusal says why.")?;
    let body = format!("{{\"requestId\":\"{id}\",\"year\":{},\"workId\":\"{work}\"}}", people.year.number());
    writeln!(out, "{}\n", call("STUDENT", &body, "submission", "SubmissionService/TickOutcome"))?;
    writeln!(
        out,
        "  3. The auditor follows the ledger: everything that ever happened to that work, sealed."
    )?;
    let body = format!("{{\"workId\":\"{work}\"}}");
    writeln!(out, "{}\n", call("AUDITOR", &body, "audit", "AuditService/ReadLedger"))?;
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
