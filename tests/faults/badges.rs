//! Badges under fault: whatever restarts, whoever stalls, a client sees revisions that only grow, begins with one that
//! is not older than its subscription, and ends with what the database has.
//!
//! The tests speak the protocol of clients alone, and run short here. `make soak-live` runs them whole.

mod books;
mod client;
mod crowd;
mod reload;
mod restart;
mod shop;
mod stage;
mod truth;
mod watcher;
mod writers;

/// A number that the environment may set.
#[allow(clippy::disallowed_methods, reason = "how long and how many is said by the environment")]
fn setting(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().map_or(otherwise, |text| text.parse().expect("a number"))
}
