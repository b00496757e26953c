//! `licheng serve`.

use std::error::Error;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use blobstore::BlobStore;
use chassis::{Config, Module, Platform, Serving};
use clap::ValueEnum;
use submission::{CentralDatabase, GrpcCentral};

use crate::house::House;

/// Serves the platform's gRPC services, all of them or some.
///
/// Prints `listening on ADDR` once it takes requests. Health (grpc.health.v1) and reflection are open; every other
/// method needs a token: `authorization: Bearer …`. SIGTERM or Ctrl-C ends it, after what is under way.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    house: House,
    /// The services to run in this process; all without it. Needs a district's store: the embedded one is for one
    /// process.
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    only: Vec<Service>,
    /// Where gRPC listens, instead of where the configuration says.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
}

/// A service of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Service {
    /// The school, its offices, duties and policies.
    Governance,
    /// Students, staff, classes, courses.
    Records,
    /// Works and their files.
    Uploads,
    /// What teachers say of works.
    Certification,
    /// What students select.
    Submission,
    /// Sealed portfolios, holds, erasures.
    Archive,
    /// Current views.
    Portfolio,
    /// History and its proofs.
    Audit,
}

pub(crate) async fn run(options: Options) -> Result<(), Box<dyn Error>> {
    let mut config = options.house.config()?;
    if !options.only.is_empty() && config.sqlite_file().is_some() {
        return Err("--only needs a district's store: with store.url = sqlite:… one process serves all; \
            leave --only out, or configure store.url = postgres://…"
            .into());
    }
    config.listen = options.listen.unwrap_or(config.listen);
    let _traces = chassis::start_telemetry(&config.telemetry)?;
    let platform = Platform::open(config).await?;
    let serving = start(&platform, &options.only).await?;
    writeln!(std::io::stdout(), "listening on {}", serving.address)?;
    Ok(serving.until_told().await?)
}

/// Serves these services of a platform; none named: all.
pub(crate) async fn start(platform: &Platform, only: &[Service]) -> Result<Serving, Box<dyn Error>> {
    let chosen = Service::value_variants().iter().filter(|s| only.is_empty() || only.contains(s));
    let modules = chosen.map(|service| module(platform, *service)).collect::<Result<_, _>>()?;
    Ok(chassis::serve(platform, modules).await?)
}

fn module(platform: &Platform, service: Service) -> Result<Module, Box<dyn Error>> {
    let Platform { engine, config, vault, .. } = platform;
    let blobs = || BlobStore::folder(&config.files.folder, vault.clone());
    Ok(match service {
        Service::Governance => governance::module(engine),
        Service::Records => records::module(engine),
        Service::Uploads => uploads::module(engine, &blobs()?),
        Service::Certification => certification::module(engine),
        Service::Submission => submission::module(engine, &blobs()?, central(config)?),
        Service::Archive => archive::module(engine, &blobs()?),
        Service::Portfolio => portfolio::module(engine),
        Service::Audit => audit::module(engine, &config.checkpoints, portfolio::projections()),
    })
}

/// The central database, if one is configured.
fn central(config: &Config) -> Result<Option<Arc<dyn CentralDatabase>>, Box<dyn Error>> {
    let Some(url) = &config.central.url else { return Ok(None) };
    let central = GrpcCentral::at(url).map_err(|error| format!("central.url = {url}: {error}"))?;
    Ok(Some(Arc::new(central)))
}
