//! The table for people and the file for programs.

use std::{fs, path::Path};

use serde::Serialize;

use super::{machine, results::Results, scenarios::Scenario};

const BASELINE: &str = "without the cache";

/// One figure, as `docs/benchmarks.md` describes the file.
#[derive(Serialize)]
struct Row {
    scenario: &'static str,
    figure: &'static str,
    value: f64,
    unit: &'static str,
    baseline: &'static str,
    baseline_value: f64,
    ratio: Option<f64>,
    machine: String,
}

/// All figures.
pub(crate) struct Report {
    machine: String,
    rows: Vec<Row>,
}

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

impl Report {
    pub(crate) fn new() -> Self {
        Self { machine: machine::describe(), rows: Vec::new() }
    }

    /// Adds what was measured with the cache and without it.
    pub(crate) fn add(&mut self, scenario: Scenario, results: &[Results; 2]) {
        for (figure, unit, of) in FIGURES {
            let [value, baseline_value] = results.each_ref().map(of);
            self.rows.push(Row {
                scenario: scenario.name(),
                figure,
                value: round(value),
                unit,
                baseline: BASELINE,
                baseline_value: round(baseline_value),
                ratio: (baseline_value > 0.0).then(|| round(value / baseline_value)),
                machine: self.machine.clone(),
            });
        }
    }

    pub(crate) fn print(&self) {
        println!("{}\nbaseline: {BASELINE}\n", self.machine);
        println!(
            "{:<44} {:<40} {:>10} {:>10}  {:<4} {:>7}",
            "scenario", "figure", "value", "baseline", "unit", "ratio"
        );
        for row in &self.rows {
            let Row { scenario, figure, value, unit, baseline_value, ratio, .. } = row;
            let ratio = ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
            println!("{scenario:<44} {figure:<40} {value:>10.2} {baseline_value:>10.2}  {unit:<4} {ratio:>7}");
        }
    }

    /// Writes `bench/NAME.json` into the target folder.
    pub(crate) fn write(&self, name: &str) {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("bench");
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join(format!("{name}.json"));
        fs::write(&file, serde_json::to_string_pretty(&self.rows).unwrap() + "\n").unwrap();
        println!("\nwritten to {}", file.display());
    }
}

fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
