//! The gRPC service.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use proto::central::v1::central_database_service_server::CentralDatabaseService;
use proto::central::v1::{
    BeginPackageRequest, BeginPackageResponse, GetReceiptRequest, GetReceiptResponse, SendPackageRequest,
    SendPackageResponse,
};
use tonic::{Request, Response, Status, Streaming};

use crate::faults::Faults;
use crate::package::Package;
use crate::receipt::receipt;

/// The ministry.
pub(crate) struct Central {
    data: PathBuf,
    faults: Faults,
    /// How often each receipt was asked for.
    asked: Mutex<HashMap<String, u32>>,
    /// One is written to at a time: each package has its number, and each byte its place.
    writing: Mutex<()>,
}

impl Central {
    pub(crate) fn new(data: PathBuf, faults: Faults) -> Self {
        Self { data, faults, asked: Mutex::default(), writing: Mutex::default() }
    }

    /// Whether a receipt has been asked for often enough.
    fn is_due(&self, package: &str) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let times = asked.entry(package.to_owned()).or_default();
        *times += 1;
        *times > self.faults.delay
    }
}

#[tonic::async_trait]
impl CentralDatabaseService for Central {
    async fn begin_package(
        &self,
        request: Request<BeginPackageRequest>,
    ) -> Result<Response<BeginPackageResponse>, Status> {
        let asked = request.into_inner();
        let package = Package::of(&self.data, &asked.package_id)?;
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        package.begin(&self.data, (asked.school_code, asked.size, hex::encode(asked.sha256)))?;
        Ok(Response::new(BeginPackageResponse { received: package.received()? }))
    }

    async fn send_package(
        &self,
        request: Request<Streaming<SendPackageRequest>>,
    ) -> Result<Response<SendPackageResponse>, Status> {
        let mut messages = request.into_inner();
        let mut received = 0;
        while let Some(message) = messages.message().await? {
            let package = Package::of(&self.data, &message.package_id)?;
            let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
            package.append(message.offset, &message.bytes)?;
            received = package.received()?;
        }
        Ok(Response::new(SendPackageResponse { received }))
    }

    async fn get_receipt(
        &self,
        request: Request<GetReceiptRequest>,
    ) -> Result<Response<GetReceiptResponse>, Status> {
        let asked = request.into_inner();
        let package = Package::of(&self.data, &asked.package_id)?;
        let announced = package.announced()?.ok_or_else(|| Status::not_found("no such package"))?;
        if package.received()? < announced.size {
            return Err(Status::failed_precondition("the package isn't complete"));
        }
        if !self.is_due(&asked.package_id) {
            return Ok(Response::new(GetReceiptResponse::default()));
        }
        if package.sha256()? != announced.sha256 {
            return Err(Status::invalid_argument("the package isn't what was announced"));
        }
        let arrived = package.arrived()?;
        let (items, told) = receipt(arrived.clone(), &self.faults.fates(announced.nth, arrived.len()));
        package.write("told.json", &told)?;
        Ok(Response::new(GetReceiptResponse { ready: true, items }))
    }
}
