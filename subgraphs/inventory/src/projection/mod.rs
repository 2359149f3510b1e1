//! What is derived from committed stock changes: badges for those who watch them, and tables for those who ask.

mod alert_feed;
mod badge_feed;
mod catalog;
mod ledger_check;
mod mailbox;
mod reactions;
mod runner;

pub use alert_feed::AlertFeed;
pub use badge_feed::BadgeFeed;
pub use catalog::{PROJECTIONS, Projection};
pub use ledger_check::LedgerCheck;
pub use reactions::Reactions;
pub use runner::{catch_up, rebuild_projection, run_projections};
