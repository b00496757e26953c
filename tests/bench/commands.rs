//! Commands a second through gRPC with 64 in flight, on each backend, beside what PostgreSQL's own `pgbench` inserts
//! on the same server: one row a transaction, 64 clients.
//!
//! A command registers a student: its number is claimed, what is personal sealed, its event durable before it is
//! answered. Run by `tests/run --bench`, which starts the servers and builds `licheng` optimised.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chassis::token::{Issuer, LOCAL_ISSUER, write_secret};
use futures::future::try_join_all;
use proto::governance::v1::SeatOfficeRequest;
use proto::governance::v1::governance_service_client::GovernanceServiceClient;
use proto::records::v1::records_service_client::RecordsServiceClient;
use proto::records::v1::{RegisterStudentRequest, StudentData};
use serde_json::Value;
use tonic::Request;
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;
use vault::KeyEncryptionKey;

/// Commands in flight, and `pgbench`'s clients.
const IN_FLIGHT: u64 = 64;
/// How long each is measured.
const SECONDS: u64 = 10;
/// Connections that the commands share.
const CONNECTIONS: usize = 4;

type Fault = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let folder = tempfile::tempdir()?;
    let database = format!("bench_{}", hex::encode(rand::random::<[u8; 8]>()));
    on_server("createdb", &[&database])?;
    let embedded = commands(&embedded(folder.path())?).await?;
    let district = commands(&district(folder.path(), &database)?).await?;
    let inserts = inserts(folder.path(), &database)?;
    on_server("dropdb", &["--force", &database])?;
    let mut out = std::io::stdout();
    writeln!(out, "{IN_FLIGHT} in flight, {SECONDS} s each, a second:")?;
    writeln!(out, "  commands, embedded (SQLite)              {embedded:>8.0}")?;
    writeln!(out, "  commands, district (PostgreSQL, NATS)    {district:>8.0}")?;
    Ok(writeln!(out, "  single-row inserts by pgbench            {inserts:>8.0}")?)
}

/// A platform: its data folder, and how `licheng` is told of it.
struct Place {
    data: PathBuf,
    arguments: [String; 2],
}

/// A server that ends with this.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn embedded(folder: &Path) -> Result<Place, Fault> {
    let data = folder.join("embedded");
    let arguments = ["--data".to_owned(), data.display().to_string()];
    Ok(Place { data, arguments })
}

fn district(folder: &Path, database: &str) -> Result<Place, Fault> {
    let data = folder.join("district");
    std::fs::create_dir_all(&data)?;
    write_secret(&data.join("kek"), KeyEncryptionKey::generate().to_text().as_bytes())?;
    let (store, bus, file) = (url(database)?, setting("LICHENG_TEST_NATS")?, data.join("district.toml"));
    let text = format!(
        "checkpoints = 'checkpoints'\nstore.url = '{store}'\nbus.url = '{bus}'\nfiles.folder = 'files'\n\
         keys.key_encryption_key = 'kek'\n[identity.issuers.local]\nissuer = '{LOCAL_ISSUER}'\n\
         algorithm = 'EdDSA'\npublic_key = 'keys/token.pub.pem'\n"
    );
    std::fs::write(&file, text)?;
    let place = Place { data, arguments: ["--config".to_owned(), file.display().to_string()] };
    licheng(&place, &["migrate"])?;
    Ok(place)
}

/// Accepted commands a second.
async fn commands(place: &Place) -> Result<f64, Fault> {
    let opened = ["school", "create", "--code", "353301", "--name", "示範高中", "--principal", "陳校長"];
    let opened: Value = serde_json::from_slice(&licheng(place, &opened)?)?;
    let id = |field: &str| -> Result<Uuid, Fault> {
        Ok(opened.get(field).and_then(Value::as_str).ok_or("no such field")?.parse()?)
    };
    let principal = id("principal")?;
    let issuer = Issuer::local(&place.data.join("keys"), "licheng")?;
    let token = issuer.token(id("ledger")?.into(), principal.into(), Duration::from_secs(3_600))?;
    let (_server, address) = serve(place)?;
    let mut channels = Vec::new();
    for _ in 0..CONNECTIONS {
        channels.push(Endpoint::from_shared(format!("http://{address}"))?.connect().await?);
    }
    let first = channels.first().ok_or("no connection")?;
    let seat = SeatOfficeRequest {
        request_id: Uuid::from_u128(1).to_string(),
        office: "registrar".to_owned(),
        person_id: principal.to_string(),
        ..SeatOfficeRequest::default()
    };
    let mut governance = GovernanceServiceClient::new(first.clone());
    governance.seat_office(asked(&token, seat)?).await?;
    let (next, begun) = (AtomicU64::new(0), Instant::now());
    let until = begun + Duration::from_secs(SECONDS);
    let workers = (0..IN_FLIGHT).zip(channels.iter().cycle());
    let accepted = try_join_all(workers.map(|(_, channel)| work(channel, &token, &next, until))).await?;
    #[expect(clippy::cast_precision_loss, reason = "it is only shown")]
    let accepted = accepted.iter().sum::<u64>() as f64;
    Ok(accepted / begun.elapsed().as_secs_f64())
}

/// Registers one student after another.
async fn work(channel: &Channel, token: &str, next: &AtomicU64, until: Instant) -> Result<u64, Fault> {
    let (mut records, mut accepted) = (RecordsServiceClient::new(channel.clone()), 0);
    while Instant::now() < until {
        let n = next.fetch_add(1, Ordering::Relaxed);
        let student = StudentData {
            roster_id: format!("roster-{n}"),
            username: format!("s{n:07}"),
            number: format!("{n:07}"),
            name: "林小明".to_owned(),
            grade: 10,
            ..StudentData::default()
        };
        let request = RegisterStudentRequest {
            request_id: Uuid::from_u128(u128::from(n) + 2).to_string(),
            at_least_position: 0,
            student: Some(student),
        };
        records.register_student(asked(token, request)?).await?;
        accepted += 1;
    }
    Ok(accepted)
}

fn asked<M>(token: &str, message: M) -> Result<Request<M>, Fault> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse()?);
    Ok(request)
}

/// Single-row inserts a second.
fn inserts(folder: &Path, database: &str) -> Result<f64, Fault> {
    let (table, script) = ("CREATE TABLE rows (id bigserial PRIMARY KEY, body bytea)", folder.join("insert"));
    std::fs::write(&script, "INSERT INTO rows (body) VALUES (decode(repeat('ab', 1000), 'hex'));\n")?;
    ran(Command::new(postgres("psql")?).args([&url(database)?, "-qc", table]))?;
    let mut pgbench = Command::new(postgres("pgbench")?);
    pgbench.args(["--no-vacuum", "--jobs=2", "--file"]).arg(script);
    pgbench.args([format!("--client={IN_FLIGHT}"), format!("--time={SECONDS}"), url(database)?]);
    let said = String::from_utf8(ran(&mut pgbench)?)?;
    let tps = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next());
    Ok(tps.ok_or("pgbench doesn't say how many")?.parse()?)
}

fn serve(place: &Place) -> Result<(Server, String), Fault> {
    let mut command = Command::new(setting("LICHENG_TEST_BIN_LICHENG")?);
    command.arg("serve").args(&place.arguments).args(["--listen", "127.0.0.1:0"]);
    let log = std::fs::File::create(place.data.join("log"))?;
    let mut child = Server(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn()?);
    let printed = child.0.stdout.take().ok_or("no output")?;
    let line = BufReader::new(printed).lines().next().ok_or("the server doesn't start")??;
    let address = line.strip_prefix("listening on ").ok_or("the server doesn't listen")?;
    Ok((child, address.to_owned()))
}

fn licheng(place: &Place, arguments: &[&str]) -> Result<Vec<u8>, Fault> {
    ran(Command::new(setting("LICHENG_TEST_BIN_LICHENG")?).args(arguments).args(&place.arguments))
}

fn on_server(program: &str, arguments: &[&str]) -> Result<Vec<u8>, Fault> {
    let maintenance = format!("--maintenance-db={}", setting("LICHENG_TEST_POSTGRES")?);
    ran(Command::new(postgres(program)?).arg(maintenance).args(arguments))
}

fn ran(command: &mut Command) -> Result<Vec<u8>, Fault> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    if output.status.success() { Ok(output.stdout) } else { Err(format!("{command:?} failed").into()) }
}

fn postgres(program: &str) -> Result<PathBuf, Fault> {
    Ok(Path::new(&setting("LICHENG_TEST_BIN_POSTGRES")?).join(program))
}

fn url(database: &str) -> Result<String, Fault> {
    let server = setting("LICHENG_TEST_POSTGRES")?;
    let (place, _) = server.rsplit_once('/').ok_or("LICHENG_TEST_POSTGRES names no database")?;
    Ok(format!("{place}/{database}"))
}

/// A setting of the tests' servers.
fn setting(name: &str) -> Result<String, Fault> {
    let value = std::env::var_os(name).and_then(|value| value.into_string().ok());
    value.ok_or_else(|| format!("{name} is not set: run it by tests/run --bench").into())
}
