//! `licheng`: one executable, which takes the services that it should run.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use licheng::Cli;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(licheng::run(cli)));
    match outcome {
        Ok(code) => code,
        Err(error) => {
            // Nobody may be listening; the status says it too.
            let _ = writeln!(std::io::stderr(), "licheng: {}", licheng::causes(&*error));
            ExitCode::FAILURE
        }
    }
}
