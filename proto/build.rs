//! Compiles the .proto files with protox (no protoc), and writes for each command message how its common fields are read.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use prost::Message as _;
use prost_types::{DescriptorProto, FileDescriptorSet};

/// What Licheng asks and doesn't serve.
const ASKED: &str = "licheng.central.v1";

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("no OUT_DIR")?);
    let mut files = Vec::new();
    find(Path::new("licheng"), &mut files)?;
    files.sort();
    println!("cargo:rerun-if-changed=licheng");
    let descriptors = protox::compile(&files, ["."])?;
    let mut served = descriptors.clone();
    served.file.retain(|file| file.package() != ASKED);
    std::fs::write(out.join("descriptors.bin"), served.encode_to_vec())?;
    std::fs::write(out.join("commands.rs"), commands(&descriptors)?)?;
    tonic_prost_build::configure().bytes(".").compile_fds(descriptors)?;
    Ok(())
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    Ok(())
}

/// `Command` for each message with a request_id, `From<Written>` for each answer that holds nothing else.
fn commands(descriptors: &FileDescriptorSet) -> Result<String, std::fmt::Error> {
    let mut code = String::new();
    for file in &descriptors.file {
        let module = file.package().replace('.', "::").replacen("licheng::", "", 1);
        for message in &file.message_type {
            let path = format!("crate::{module}::{}", message.name());
            if has(message, "request_id") && has(message, "at_least_position") {
                writeln!(
                    code,
                    "impl crate::Command for {path} {{\n    fn request_id(&self) -> &str {{ &self.request_id }}\n    \
                     fn at_least_position(&self) -> u64 {{ self.at_least_position }}\n}}"
                )?;
            }
            if has(message, "written") && message.field.len() == 1 {
                writeln!(
                    code,
                    "impl From<crate::types::v1::Written> for {path} {{\n    \
                     fn from(written: crate::types::v1::Written) -> Self {{ Self {{ written: Some(written) }} }}\n}}"
                )?;
            }
        }
    }
    Ok(code)
}

fn has(message: &DescriptorProto, name: &str) -> bool {
    message.field.iter().any(|field| field.name() == name)
}
