//! The figures of a way to get pages, before those of the baseline.

use super::{measured::Measured, report::Report};

/// Adds what was measured in `scenario`, before the same of the baseline.
pub(crate) fn compare(report: &mut Report, scenario: &str, measured: &Measured, baseline: &Measured) {
    report.add((scenario, "pages a second", "1/s"), measured.rate(), Some(baseline.rate()));
    for (figure, quantile) in [("latency, median", 0.5), ("latency, 99th percentile", 0.99)] {
        let (value, baseline_value) = (measured.latency_ms(quantile), baseline.latency_ms(quantile));
        report.add((scenario, figure, "ms"), value, Some(baseline_value));
    }
}

/// Adds memory in RAM, of `bytes` and of the baseline's.
pub(crate) fn compare_memory(report: &mut Report, what: (&str, &'static str), [bytes, baseline_bytes]: [u64; 2]) {
    let (scenario, figure) = what;
    report.add((scenario, figure, "MiB"), mebibytes(bytes), Some(mebibytes(baseline_bytes)));
}

#[allow(clippy::cast_precision_loss, reason = "memory has fewer than 2^52 bytes")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}
