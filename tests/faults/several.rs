//! Several inventory processes on a PostgreSQL of their own, and how they are asked.

pub(crate) mod door;
pub(crate) mod shop;
