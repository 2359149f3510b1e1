//! What people do with a shop, from outside: real processes, real sockets.

#[path = "../support/mod.rs"]
mod support;
