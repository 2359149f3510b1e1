//! Real `selvedge` processes, and clients of them. Shared by the black-box tests of the whole.
#![allow(
    dead_code,
    unused_imports,
    unused_macros,
    unreachable_pub,
    clippy::print_stdout,
    reason = "each test binary uses a part of this, and says what it could not do"
)]

mod column;
mod distributed;
mod postgres;
mod process;
mod redis;
mod shop;
mod shopper;
mod socket;

use std::{future::Future, time::Duration};

pub use column::{Column, Settings};
pub(crate) use column::{on_both_columns, on_own_shops};
pub use distributed::{Distributed, SubgraphProcess};
pub use postgres::Postgres;
pub use process::{Process, run, selvedge, selvedge_pinned};
pub use redis::Redis;
pub use shop::{Parts, Shop};
pub use shopper::{Answer, Shopper, read};
pub use socket::Socket;

/// The checkout of the project.
pub const PROJECT: &str = env!("CARGO_MANIFEST_DIR");

/// Asks `question` until it has an answer, for at most `within`.
pub async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    within: Duration,
    mut question: impl FnMut() -> F,
) -> T {
    let began = tokio::time::Instant::now();
    loop {
        if let Some(answer) = question().await {
            return answer;
        }
        assert!(began.elapsed() < within, "not within {} ms: {what}", within.as_millis());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What the environment of the tests says, for engines that need a server.
#[allow(clippy::disallowed_methods, reason = "the servers of engine tests are named by the environment")]
pub fn test_server(variable: &str, test: &str, how: &str) -> Option<String> {
    if let Ok(value) = std::env::var(variable)
        && !value.is_empty()
    {
        return Some(value);
    }
    println!("NOT RUN: {test} needs {variable} ({how})");
    assert!(std::env::var("REQUIRE_ENGINES").as_deref() != Ok("1"), "{test} needs {variable}");
    None
}
