//! The way to a run that goes on: a socket of this machine, for decisions and for a look at what it does.
//!
//! Owner of the socket: [`place`] says where it lies, [`server`] answers for the run, [`client`] asks, [`protocol`] has what they
//! say to each other. Invariants: only the user who runs the program gets in, by the folder (0700), by the socket (0600) and by
//! what the system says of whoever is at the other end; what is left of a run that was killed is replaced; what goes wrong here
//! disturbs no run. Nothing but numbers and words of this program is told. Left out on purpose: what a decision does
//! (`requests::steering`).

pub mod client;
pub mod place;
pub mod protocol;
pub mod server;
