//! The program: hands its arguments to the command line and its result to the operating system.
use bellwether::{cli, startup};
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    cli::run(std::env::args_os(), startup::serve)
}
