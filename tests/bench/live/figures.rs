//! What is reported of a scenario.

use hdrhistogram::Histogram;

use super::{
    gateways::Kind,
    report::Report,
    results::Results,
    scenarios::{Scenario, Shows},
};

type Figure = (&'static str, &'static str, fn(&Results) -> f64);

const MEMORY: [Figure; 7] = [
    ("resident memory, at start", "MiB", |results| mebibytes(results.start_bytes)),
    ("resident memory, with all of them", "MiB", |results| mebibytes(results.idle_bytes)),
    ("resident memory, when they have left", "MiB", |results| mebibytes(results.left_bytes)),
    ("first values have come within", "s", |results| results.opened_ms as f64 / 1_000.0),
    ("first values that did not come", "", |results| results.without_first as f64),
    ("close frames answered", "%", |results| percent(results.closed.answered, results.closed.sockets)),
    ("values not current 2 s after the last change", "", |results| results.counted.not_current as f64),
];

const CHANGES: [Figure; 15] = [
    ("commit to client, median", "ms", |results| milliseconds(&results.since_answered, 0.5)),
    ("commit to client, 99th percentile", "ms", |results| milliseconds(&results.since_answered, 0.99)),
    ("commit to client, at most", "ms", |results| milliseconds(&results.since_answered, 1.0)),
    ("with the change itself, median", "ms", |results| milliseconds(&results.since_sent, 0.5)),
    ("with the change itself, 99th percentile", "ms", |results| milliseconds(&results.since_sent, 0.99)),
    ("messages a second", "1/s", |results| results.counted.messages as f64 / results.elapsed.as_secs_f64()),
    ("changes a second", "1/s", |results| results.changes as f64 / results.elapsed.as_secs_f64()),
    ("processor time of the gateway", "%", |results| share(results.cpu, results)),
    ("processor time of the generator", "%", |results| share(results.generator_cpu, results)),
    ("processor time a message", "us", |results| {
        results.cpu.as_secs_f64() * 1e6 / results.counted.messages.max(1) as f64
    }),
    ("resident memory, before changes", "MiB", |results| mebibytes(results.idle_bytes)),
    ("resident memory, at most meanwhile", "MiB", |results| mebibytes(results.peak_bytes)),
    ("values not current 2 s after the last change", "", |results| results.counted.not_current as f64),
    ("values that never came", "", |results| results.counted.empty as f64),
    ("sockets lost", "", |results| results.counted.lost as f64),
];

/// Adds what was measured of us, and of the peer where there is one.
pub(crate) fn add(report: &mut Report, scenario: &Scenario, results: &[Results]) {
    let mut figure = |(figure, unit): (&'static str, &'static str), of: &dyn Fn(&Results) -> f64| {
        let values: Vec<Option<f64>> =
            results.iter().map(|results| results.problem.is_none().then(|| of(results))).collect();
        if let Some(ours) = values[0] {
            report.add((&scenario.name, figure, unit), ours, values.get(1).copied().flatten());
        }
    };
    if scenario.shows == Shows::Memory {
        let subscribers = scenario.subscribers() as f64;
        figure(("resident memory for each subscriber", "KiB"), &|results: &Results| {
            results.idle_bytes.saturating_sub(results.start_bytes) as f64 / 1_024.0 / subscribers
        });
        MEMORY.iter().for_each(|(name, unit, of)| figure((name, unit), of));
        return;
    }
    CHANGES.iter().for_each(|(name, unit, of)| figure((name, unit), of));
    if scenario.has_stalling() {
        figure(("stalled sockets closed", ""), &|results: &Results| results.counted.lost_stalled as f64);
    }
}

/// One line about one round.
pub(crate) fn in_short(kind: Kind, scenario: &Scenario, results: &Results) -> String {
    if let Some(problem) = &results.problem {
        return format!("{}: {problem}", kind.name());
    }
    let subscribers = scenario.subscribers();
    let each = results.idle_bytes.saturating_sub(results.start_bytes) as f64 / 1_024.0 / subscribers as f64;
    let times = &results.since_answered;
    format!(
        "{}: {subscribers} subscribers in within {:.1} s ({} without a first value), {each:.1} KiB each; {} changes, {} \
         messages, commit to client {:.1} / {:.1} / {:.1} ms, of {} values {} not current and {} missing, {} sockets \
         lost; {} -> {} -> {} MiB",
        kind.name(),
        results.opened_ms as f64 / 1_000.0,
        results.without_first,
        results.changes,
        results.counted.messages,
        milliseconds(times, 0.5),
        milliseconds(times, 0.99),
        milliseconds(times, 1.0),
        results.counted.held,
        results.counted.not_current,
        results.counted.empty,
        results.counted.lost,
        results.start_bytes >> 20,
        results.peak_bytes >> 20,
        results.left_bytes >> 20,
    )
}

fn milliseconds(times_us: &Histogram<u64>, quantile: f64) -> f64 {
    times_us.value_at_quantile(quantile) as f64 / 1_000.0
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}

fn percent(part: u64, whole: u64) -> f64 {
    part as f64 * 100.0 / whole.max(1) as f64
}

fn share(cpu: std::time::Duration, results: &Results) -> f64 {
    cpu.as_secs_f64() * 100.0 / results.elapsed.as_secs_f64()
}
