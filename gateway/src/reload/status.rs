//! What operators are told about the source of the schema.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use serde::Serialize;

use super::{Refusal, SchemaSource, SourceError, SourceKind};
use crate::contract::BrokenOperation;

/// The source of the schema, as it was seen last.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceReport {
    /// What kind it is.
    pub kind: SourceKind,
    /// Where it is.
    pub location: String,
    /// Whether it is looked at again.
    pub is_watched: bool,
    /// Whether what it says is what is served.
    pub is_in_order: bool,
    /// When it was looked at last, whatever came of it.
    pub last_check: Option<DateTime<Utc>>,
    /// When it was last read without a failure.
    pub last_answer: Option<DateTime<Utc>>,
    /// How often something else was served after it had changed.
    pub reloads: u64,
    /// How often what it said was refused.
    pub refusals: u64,
    /// The last problem, also when it is over.
    pub last_error: Option<Problem>,
    /// Recorded operations that the last change broke, with the policy `warn`; those that the first schema does not serve,
    /// with any.
    pub broken_operations: Vec<String>,
}

/// Why something is not served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// When it was first seen.
    pub at: DateTime<Utc>,
    /// `read`, or what the schema did not pass: `compose`, `serve`, `connect`, `operations`.
    pub stage: &'static str,
    /// What is wrong.
    pub reason: String,
    /// Whether it is over.
    pub is_resolved: bool,
}

/// A view of a source that is followed; cheap to clone.
#[derive(Debug, Clone)]
pub struct SchemaStatus(Arc<Mutex<SourceReport>>);

impl SchemaStatus {
    pub(super) fn of(source: &dyn SchemaSource, is_watched: bool) -> Self {
        Self(Arc::new(Mutex::new(SourceReport {
            kind: source.kind(),
            location: source.location(),
            is_watched,
            is_in_order: true,
            last_check: None,
            last_answer: None,
            reloads: 0,
            refusals: 0,
            last_error: None,
            broken_operations: Vec::new(),
        })))
    }

    /// What is known now.
    #[must_use]
    pub fn report(&self) -> SourceReport {
        self.0.lock().clone()
    }

    /// It was read, and says what it said before.
    pub(super) fn is_unchanged(&self, now: DateTime<Utc>) {
        let mut report = self.0.lock();
        report.has_answered(now);
        // A refusal stands until the source says something else; a failure to read is over.
        if report.last_error.as_ref().is_some_and(|error| error.stage == READ && !error.is_resolved) {
            report.resolve();
            tracing::info!(source = report.location, "the source of the schema can be read again");
        }
    }

    /// What it says first is served, whatever of the recorded operations is broken by it: there is nothing else to serve.
    pub(super) fn is_first(&self, now: DateTime<Utc>, broken: &[BrokenOperation]) {
        self.is_served(now, None);
        self.0.lock().broken_operations = broken.iter().map(ToString::to_string).collect();
        metrics::gauge!("selvedge_schema_broken_operations").set(u32::try_from(broken.len()).unwrap_or(u32::MAX));
    }

    /// What it says is served, since now or already.
    pub(super) fn is_served(&self, now: DateTime<Utc>, broken: Option<&[BrokenOperation]>) {
        let mut report = self.0.lock();
        report.has_answered(now);
        report.resolve();
        if let Some(broken) = broken {
            report.reloads += 1;
            report.broken_operations = broken.iter().map(ToString::to_string).collect();
            metrics::gauge!("selvedge_schema_broken_operations").set(u32::try_from(broken.len()).unwrap_or(u32::MAX));
        }
    }

    /// It could not be read.
    pub(super) fn has_failed(&self, now: DateTime<Utc>, error: &SourceError) {
        metrics::counter!("selvedge_schema_source_failures_total").increment(1);
        let mut report = self.0.lock();
        report.last_check = Some(now);
        let is_news = report.fail(now, READ, error.to_string());
        if is_news {
            tracing::warn!(source = report.location, %error, "the source of the schema cannot be read");
        }
    }

    /// What it says is refused.
    pub(super) fn is_refused(&self, now: DateTime<Utc>, refusal: &Refusal) {
        let mut report = self.0.lock();
        metrics::counter!("selvedge_schema_refusals_total", "stage" => refusal.stage()).increment(1);
        report.has_answered(now);
        report.refusals += 1;
        report.fail(now, refusal.stage(), refusal.to_string());
        tracing::error!(
            source = report.location, stage = refusal.stage(), reason = %refusal,
            "a new schema is refused; the one before it is served on"
        );
    }
}

const READ: &str = "read";

impl SourceReport {
    fn has_answered(&mut self, now: DateTime<Utc>) {
        self.last_check = Some(now);
        self.last_answer = Some(now);
        metrics::gauge!("selvedge_schema_checked_timestamp_seconds").set(seconds(now));
    }

    fn resolve(&mut self) {
        self.is_in_order = true;
        if let Some(error) = &mut self.last_error {
            error.is_resolved = true;
        }
        metrics::gauge!("selvedge_schema_in_order").set(1.0);
    }

    /// Notes a problem; whether it is another than before.
    fn fail(&mut self, at: DateTime<Utc>, stage: &'static str, reason: String) -> bool {
        self.is_in_order = false;
        metrics::gauge!("selvedge_schema_in_order").set(0.0);
        let is_same = |error: &Problem| !error.is_resolved && error.stage == stage && error.reason == reason;
        let is_news = !self.last_error.as_ref().is_some_and(is_same);
        if is_news {
            self.last_error = Some(Problem { at, stage, reason, is_resolved: false });
        }
        is_news
    }
}

/// Seconds since the epoch, as Prometheus has times.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of this millennium are exact in a double")]
pub(super) fn seconds(time: DateTime<Utc>) -> f64 {
    time.timestamp_millis() as f64 / 1_000.0
}
