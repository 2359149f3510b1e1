//! A closed loop: each shopper waits for a page before asking for the next.

use std::time::Duration;

use tokio::time::Instant;

use super::{measured::Measured, ways::Way};

/// `shoppers` ask for pages for `duration`.
pub(crate) async fn run<W: Way>(way: &W, shoppers: usize, duration: Duration) -> Measured {
    let began = Instant::now();
    let end = began + duration;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..shoppers {
        let mut shopper = way.shopper().await;
        asking.spawn(async move {
            let mut latencies_us = Vec::new();
            while Instant::now() < end {
                let asked = Instant::now();
                W::ask(&mut shopper).await;
                latencies_us.push(u64::try_from(asked.elapsed().as_micros()).unwrap());
            }
            latencies_us
        });
    }
    Measured::of(asking, began).await
}
