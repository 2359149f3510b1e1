//! What is reported of a scenario.

use super::{report::Report, results::Results, scenarios::Scenario};

type Figure = (&'static str, &'static str, fn(&Results) -> f64);

const FIGURES: [Figure; 16] = [
    ("pages a second", "1/s", Results::pages_per_second),
    ("page, median", "ms", |results| results.page_ms(0.5)),
    ("page, 99th percentile", "ms", |results| results.page_ms(0.99)),
    ("changes a second", "1/s", Results::changes_per_second),
    ("found among kept answers", "%", Results::hit_percent),
    ("change seen by others, median", "ms", |results| results.seen_ms(0.5)),
    ("change seen by others, 99th percentile", "ms", |results| results.seen_ms(0.99)),
    ("change seen by others, at most", "ms", |results| results.seen_ms(1.0)),
    ("pages", "", Results::pages),
    ("pages older than a commit", "", Results::stale_pages),
    ("older by, median of those", "ms", |results| results.stale_ms(0.5)),
    ("older by, 99th percentile of those", "ms", |results| results.stale_ms(0.99)),
    ("older by, at most", "ms", |results| results.stale_ms(1.0)),
    ("pages older by more than 50 ms", "", Results::too_stale_pages),
    ("own changes looked for", "", Results::own_writes),
    ("own changes not seen", "", Results::own_writes_unseen),
];

/// Adds what was measured with the cache and without it.
pub(crate) fn add(report: &mut Report, scenario: Scenario, results: &[Results; 2]) {
    for (figure, unit, of) in FIGURES {
        let [value, baseline_value] = results.each_ref().map(of);
        report.add((scenario.name(), figure, unit), value, Some(baseline_value));
    }
}
