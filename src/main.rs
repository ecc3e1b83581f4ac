//! The program: hands its arguments to the command line and its result to the operating system.
use bellwether::cli;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The control plane is wired in `startup`, which is not part of this build yet.
    cli::run(std::env::args_os(), |_, _| anyhow::bail!("this build cannot serve yet"))
}
