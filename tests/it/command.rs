//! The command line by itself: what an IT office does without a gRPC client of its own.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use proto::audit::v1::GetCheckpointRequest;
use proto::governance::v1::ListOfficesRequest;
use serde_json::Value;
use tokio::process::Command;
use tonic::Code;

use crate::world::{Backend, Bundle, School, World, executable, ok, said, seat};

both!(
    r12_the_command_line_imports_a_folder_row_by_row,
    g5_a_token_is_for_whom_it_names,
    only_some_services_are_served_by_a_district_alone,
);

/// Runs `licheng import` against the world's server, with a token in the environment.
async fn import(world: &World, token: &str, bundle: &Path) -> Output {
    let mut command = Command::new(executable());
    command.arg("import").arg(bundle).arg("--server").arg(format!("http://{}", world.first.address));
    command.env("LICHENG_TOKEN", token).stdin(Stdio::null()).output().await.unwrap()
}

fn written(world: &World, name: &str, bundle: &Bundle) -> PathBuf {
    let folder = world.folder().join(name);
    std::fs::create_dir(&folder).unwrap();
    for (file, bytes) in &bundle.0 {
        std::fs::write(folder.join(file), bytes).unwrap();
    }
    folder
}

fn printed(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

async fn r12_the_command_line_imports_a_folder_row_by_row(backend: Backend) {
    let world = World::start(backend).await;
    let principal = world.caller(world.principal);
    let token = world.token(world.ledger, world.principal);
    let bundle = Bundle::small();
    let whole = written(&world, "whole", &bundle);
    let before = world.position().await;
    let refused = import(&world, &token, &whole).await;
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(why.contains("PermissionDenied") && why.contains("--request-id"), "{why}");
    assert_eq!(world.position().await, before);

    seat(&principal, "registrar", world.principal).await;
    let lame = written(&world, "lame", &bundle.with("users.csv", b"p4,active", b"p4,resting"));
    let some = import(&world, &token, &lame).await;
    assert_eq!(some.status.code(), Some(3), "{}", said(&some));
    let told = printed(&some);
    assert!(told.contains("users.csv:9 \"p4\" refused: "), "{told}");
    assert!(told.contains("skipped: ") && told.contains("(users.csv: p4)"), "{told}");

    let rest = import(&world, &token, &whole).await;
    assert!(rest.status.success(), "{}", said(&rest));
    let position = world.position().await;
    let again = import(&world, &token, &whole).await;
    assert!(again.status.success(), "{}", said(&again));
    assert!(printed(&again).contains("0 accepted") && printed(&again).contains("0 refused, 0 skipped"));
    assert_eq!(world.position().await, position);
}

async fn g5_a_token_is_for_whom_it_names(backend: Backend) {
    let school = School::open(backend).await;
    let keys = school.folder().join("data/keys");
    let keys = keys.to_str().unwrap();
    let token = async |who: &str| school.licheng(&["token", "--keys", keys, "--person", who]).await;
    for (who, person) in [("principal", school.principal), ("1140001", school.students[0])] {
        let output = token(who).await;
        assert!(output.status.success(), "{}", said(&output));
        let text = printed(&output);
        let claims = BASE64_URL_SAFE_NO_PAD.decode(text.split('.').nth(1).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["sub"], person.to_string());
        assert_eq!(claims["ledger"], school.ledger.to_string());
    }
    let nobody = token("nobody").await;
    assert_eq!(nobody.status.code(), Some(1), "{}", said(&nobody));
    assert!(nobody.stdout.is_empty() && said(&nobody).contains("nobody signs in"), "{}", said(&nobody));
}

async fn only_some_services_are_served_by_a_district_alone(backend: Backend) {
    let world = World::start(backend).await;
    let only = ["--only", "records,audit"];
    match backend {
        Backend::Embedded => {
            let output = world.licheng(&[["serve"].as_slice(), &only].concat()).await;
            assert_eq!(output.status.code(), Some(1), "{}", said(&output));
            assert!(said(&output).contains("--only needs a district's store"), "{}", said(&output));
        }
        Backend::District => {
            let some = world.serving(&only).await;
            let principal = world.caller_at(&some, world.principal);
            ok(principal.audit().get_checkpoint(GetCheckpointRequest::default()).await);
            let elsewhere = principal.governance().list_offices(ListOfficesRequest::default()).await;
            assert_eq!(elsewhere.unwrap_err().code(), Code::Unimplemented);
        }
    }
}
