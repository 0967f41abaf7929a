//! What the report, `status` and exit codes say of everything that Bakkt does not have as the plan has it.

mod agreements;
mod exceptions;
mod gap_history;
mod gap_lists;
mod put_back;
mod world;
