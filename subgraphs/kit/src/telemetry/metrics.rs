//! Metrics in the Prometheus text form.

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::TelemetryError;

/// Bounds of duration histograms, in seconds: fine where requests are, coarse where they hang.
const SECONDS_BUCKETS: [f64; 16] =
    [0.000_25, 0.000_5, 0.001, 0.002, 0.004, 0.008, 0.015, 0.03, 0.06, 0.125, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// Reads the metrics of the process; cheap to clone.
#[derive(Clone)]
pub struct MetricsHandle(PrometheusHandle);

impl MetricsHandle {
    /// All metrics in the Prometheus text exposition format, version 0.0.4.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.run_upkeep();
        self.0.render()
    }

    /// Folds recorded samples into their histograms; call it every few seconds, so that they do not pile up between
    /// two readings.
    pub fn upkeep(&self) {
        self.0.run_upkeep();
    }
}

/// Makes this process record metrics.
///
/// # Errors
///
/// When metrics were set up before.
pub fn install_metrics() -> Result<MetricsHandle, TelemetryError> {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS_BUCKETS)
        .map_err(|error| TelemetryError::BadMetrics { reason: error.to_string() })?
        .build_recorder();
    let handle = MetricsHandle(recorder.handle());
    metrics::set_global_recorder(recorder).map_err(|_| TelemetryError::AlreadyInstalled { part: "metrics" })?;
    Ok(handle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_is_rendered() {
        let handle = install_metrics().unwrap();
        metrics::counter!("kit_test_total").increment(3);
        metrics::histogram!("kit_test_seconds").record(0.003);
        handle.upkeep();
        let text = handle.render();
        assert!(text.contains("kit_test_total 3"), "{text}");
        assert!(text.contains("kit_test_seconds_bucket{le=\"0.004\"} 1"), "{text}");
        assert!(matches!(install_metrics(), Err(TelemetryError::AlreadyInstalled { part: "metrics" })));
    }
}
