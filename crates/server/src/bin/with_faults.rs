//! The server with the feature `faults` (docs/faults.md), under a name of its own: what is shipped is
//! never overwritten by it.

use std::process::ExitCode;

#[path = "../main.rs"]
mod program;

fn main() -> ExitCode {
    program::main()
}
