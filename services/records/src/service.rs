//! The gRPC service: each method hands over to what decides or answers.

use std::sync::Arc;

use chassis::{call, command};
use proto::records::v1::records_service_server::RecordsService;
use proto::records::v1::{
    AssignHomeroomRequest, AssignHomeroomResponse, AssignTeacherRequest, AssignTeacherResponse,
    CorrectStudentRequest, CorrectStudentResponse, DropCourseRequest, DropCourseResponse, FindPersonRequest,
    FindPersonResponse, GetStudentRequest, GetStudentResponse, GraduateStudentRequest,
    GraduateStudentResponse, ImportRosterRequest, ImportRosterResponse, OfferCourseRequest,
    OfferCourseResponse, OpenClassRequest, OpenClassResponse, PlaceStudentRequest, PlaceStudentResponse,
    RecordLeavingRequest, RecordLeavingResponse, RecordReturnRequest, RecordReturnResponse,
    RegisterStaffRequest, RegisterStaffResponse, RegisterStudentRequest, RegisterStudentResponse,
    ReleaseTeacherRequest, ReleaseTeacherResponse, TakeCourseRequest, TakeCourseResponse,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use crate::{Executors, import, query};

#[cfg(test)]
mod tests;

/// Answers the methods of `RecordsService`.
pub(crate) struct Service(Arc<Executors>);

impl Service {
    pub(crate) fn new(executors: Arc<Executors>) -> Self {
        Self(executors)
    }
}

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl RecordsService for Service {
    async fn register_student(
        &self,
        request: Request<RegisterStudentRequest>,
    ) -> Answer<RegisterStudentResponse> {
        command(&self.0.students, request).await
    }

    async fn correct_student(
        &self,
        request: Request<CorrectStudentRequest>,
    ) -> Answer<CorrectStudentResponse> {
        command(&self.0.students, request).await
    }

    async fn place_student(&self, request: Request<PlaceStudentRequest>) -> Answer<PlaceStudentResponse> {
        command(&self.0.students, request).await
    }

    async fn graduate_student(
        &self,
        request: Request<GraduateStudentRequest>,
    ) -> Answer<GraduateStudentResponse> {
        command(&self.0.students, request).await
    }

    async fn record_leaving(&self, request: Request<RecordLeavingRequest>) -> Answer<RecordLeavingResponse> {
        command(&self.0.students, request).await
    }

    async fn record_return(&self, request: Request<RecordReturnRequest>) -> Answer<RecordReturnResponse> {
        command(&self.0.students, request).await
    }

    async fn register_staff(&self, request: Request<RegisterStaffRequest>) -> Answer<RegisterStaffResponse> {
        command(&self.0.staff, request).await
    }

    async fn open_class(&self, request: Request<OpenClassRequest>) -> Answer<OpenClassResponse> {
        command(&self.0.classes, request).await
    }

    async fn assign_homeroom(
        &self,
        request: Request<AssignHomeroomRequest>,
    ) -> Answer<AssignHomeroomResponse> {
        command(&self.0.classes, request).await
    }

    async fn offer_course(&self, request: Request<OfferCourseRequest>) -> Answer<OfferCourseResponse> {
        command(&self.0.courses, request).await
    }

    async fn assign_teacher(&self, request: Request<AssignTeacherRequest>) -> Answer<AssignTeacherResponse> {
        command(&self.0.courses, request).await
    }

    async fn release_teacher(
        &self,
        request: Request<ReleaseTeacherRequest>,
    ) -> Answer<ReleaseTeacherResponse> {
        command(&self.0.courses, request).await
    }

    async fn take_course(&self, request: Request<TakeCourseRequest>) -> Answer<TakeCourseResponse> {
        command(&self.0.takings, request).await
    }

    async fn drop_course(&self, request: Request<DropCourseRequest>) -> Answer<DropCourseResponse> {
        command(&self.0.takings, request).await
    }

    type ImportRosterStream = ReceiverStream<Result<ImportRosterResponse, Status>>;

    async fn import_roster(
        &self,
        request: Request<Streaming<ImportRosterRequest>>,
    ) -> Answer<Self::ImportRosterStream> {
        let call = call(&request)?;
        let order = import::receive(&self.0.known, &call, request.into_inner()).await?;
        Ok(Response::new(import::start(&self.0, call, order)))
    }

    async fn find_person(&self, request: Request<FindPersonRequest>) -> Answer<FindPersonResponse> {
        let call = call(&request)?;
        query::find_person(&self.0.known, &call, request.get_ref()).await.map(Response::new)
    }

    async fn get_student(&self, request: Request<GetStudentRequest>) -> Answer<GetStudentResponse> {
        let call = call(&request)?;
        query::get_student(&self.0.known, &call, request.get_ref()).await.map(Response::new)
    }
}
