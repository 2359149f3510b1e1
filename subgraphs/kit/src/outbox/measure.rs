//! The gauges of an outbox and its topic.

use super::Relay;

/// Measures what waits. A store or bus that does not answer says so elsewhere; the gauges then stay as they were.
pub(super) async fn measure(relay: &Relay) {
    let topic = relay.topic.0;
    if let Ok(waiting) = relay.outbox.waiting().await {
        metrics::gauge!("selvedge_relay_pending", "topic" => topic).set(as_gauge(waiting.entries));
        metrics::gauge!("selvedge_relay_lag_seconds", "topic" => topic).set(waiting.oldest.as_secs_f64());
    }
    if let Ok(letters) = relay.bus.count_dead_letters(relay.topic).await {
        metrics::gauge!("selvedge_dead_letters", "topic" => topic).set(as_gauge(letters));
    }
}

/// Exact up to 2^32, which no outbox has.
fn as_gauge(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
