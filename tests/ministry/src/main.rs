//! A stand-in for the ministry's central database (中央資料庫), for demos and tests: it receives packages, re-reads and
//! re-hashes what is in them, and answers with a receipt (收訖明細). By its options it drops, alters, doubles and delays.

mod faults;
mod package;
mod receipt;
mod server;

use std::error::Error;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;
use proto::central::v1::central_database_service_server::CentralDatabaseServiceServer;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;

use faults::Faults;

/// Receives packages as the ministry's central database would, and answers with receipts.
///
/// Prints `listening on ADDR` once it takes requests. What it received stays in the folder, and it goes on from there
/// when it is started again. In each package's folder, told.json says what its receipt leaves out or says wrongly.
#[derive(Clone, Debug, Parser)]
#[command(name = "ministry", version)]
struct Options {
    /// Where gRPC listens; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where packages are kept.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    #[command(flatten)]
    faults: Faults,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    std::fs::create_dir_all(&options.data)?;
    let listener = TcpListener::bind(options.listen).await?;
    writeln!(std::io::stdout(), "listening on {}", listener.local_addr()?)?;
    let service = server::Central::new(options.data, options.faults);
    Server::builder()
        .add_service(CentralDatabaseServiceServer::new(service))
        .serve_with_incoming(TcpListenerStream::new(listener))
        .await?;
    Ok(())
}
