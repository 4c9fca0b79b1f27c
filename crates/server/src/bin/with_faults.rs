//! The server with the feature `faults` (docs/faults.md), under a name of its own: built alone, it
//! leaves what is shipped where it is.

use std::process::ExitCode;

#[path = "../main.rs"]
mod program;

fn main() -> ExitCode {
    program::main()
}
