//! What breaks, broken on purpose: processes that die, and buyers who all want the same thing at once.

#[path = "../support/mod.rs"]
mod support;

mod outage;
mod oversell;
