//! Changing a customer: load, decide, replace; again when someone else was faster.

mod customers;

pub use customers::{CommandError, Customers};
