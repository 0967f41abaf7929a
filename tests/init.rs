//! `init` and `inspect`, driven as a process.

mod any;
mod count;
mod files;
mod keyed;
mod misleading;
mod numbered;
mod own_rows;
mod page;
mod parts;
mod people_or_firms;
mod reading;
mod truth;
mod wide;
