//! The commands as a person meets them: arguments and files in; stdout, stderr and exit code out.
//!
//! One module per command; [`world`] makes folders, runs the binary and starts the sandbox. The environment is empty
//! but for what a test sets, and folders have fixed names, so the snapshots need next to no filters. Nothing here is
//! decided by a clock.

mod check;
mod drift;
pub mod encrypted;
mod failing;
mod findings;
mod folders;
mod full_disk;
mod journal;
mod lists;
mod masking;
mod metrics;
mod notify;
mod outputs;
mod private_state;
mod refusing;
mod rehearsal;
mod report;
mod run;
mod shell_help;
mod suggested;
mod target;
mod telemetry;
mod terminal;
mod unplanned;
mod way_out;
pub mod world;
