//! Readers of product pages, in a closed loop.

use std::sync::Arc;

use rand::{Rng, SeedableRng, rngs::SmallRng};
use tokio::time::Instant;

use super::{connection::Connection, results::Results, scenarios::Scenario, shop::Shop};

/// `readers` ask for pages until `end`.
pub(crate) async fn run(shop: &Arc<Shop>, scenario: Scenario, readers: usize, end: Instant) -> Results {
    let mut reading = tokio::task::JoinSet::new();
    for number in 0..readers {
        let shop = Arc::clone(shop);
        reading.spawn(async move {
            let token = match scenario.is_signed_in() {
                true => Some(shop.sign_in(&format!("reader-{number}")).await),
                false => None,
            };
            let mut connection = Connection::open(shop.address, token.as_deref()).await;
            let mut random = SmallRng::seed_from_u64(number as u64);
            let mut results = Results::new();
            while Instant::now() < end {
                let product = shop.product(random.random());
                let request = Shop::page_request(scenario, product);
                let asked = Instant::now();
                let page = connection.page(&request).await;
                let took = asked.elapsed();
                let staleness = shop.truth.lock().unwrap().staleness(&page, (&product.handle, &product.skus), asked);
                results.page(took, staleness);
            }
            results
        });
    }
    let mut results = Results::new();
    while let Some(of_one) = reading.join_next().await {
        results.add(&of_one.unwrap());
    }
    results
}
