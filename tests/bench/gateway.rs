//! Requests a second, latency and memory of the gateway on the query of the shop.

fn main() {}
