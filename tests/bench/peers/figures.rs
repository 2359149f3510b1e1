//! What is reported of a scenario.

use std::time::Duration;

use super::{Results, report::Report, scenarios::Scenario};

type Figure = (&'static str, &'static str, fn(&Results) -> f64);

const FIGURES: [Figure; 6] = [
    ("requests a second", "1/s", |results| results.load.rate()),
    ("latency, median", "ms", |results| results.load.latency_ms(0.5)),
    ("latency, 99th percentile", "ms", |results| results.load.latency_ms(0.99)),
    ("processor time a request", "ms", |results| milliseconds(results.cpu) / results.load.requests()),
    ("resident memory, at start", "MiB", |results| mebibytes(results.start_bytes)),
    ("resident memory, under load", "MiB", |results| mebibytes(results.load_bytes)),
];

/// Adds what was measured of us and of the peer.
pub(crate) fn add(report: &mut Report, scenario: &Scenario, results: &[Results; 2]) {
    for (figure, unit, of) in FIGURES {
        let [value, baseline_value] = results.each_ref().map(of);
        report.add((scenario.name, figure, unit), value, Some(baseline_value));
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}
