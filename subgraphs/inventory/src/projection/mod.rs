//! What is derived from committed stock changes for those who watch them.

mod badge_feed;
mod mailbox;

pub use badge_feed::BadgeFeed;
