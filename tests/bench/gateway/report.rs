//! The table for people and the file for programs.

use std::{fs, path::Path};

use serde::Serialize;

use super::{machine, measured::Measured};

/// The way that the others are compared with.
const BASELINE: &str = "client asks the three subgraphs, one after the other";

/// One figure, as `docs/benchmarks.md` describes the file.
#[derive(Serialize)]
struct Row {
    scenario: String,
    figure: &'static str,
    value: f64,
    unit: &'static str,
    baseline: Option<&'static str>,
    baseline_value: Option<f64>,
    ratio: Option<f64>,
    machine: String,
}

/// All figures.
pub(crate) struct Report {
    machine: String,
    rows: Vec<Row>,
}

impl Report {
    pub(crate) fn new() -> Self {
        Self { machine: machine::describe(), rows: Vec::new() }
    }

    /// Adds what was measured in `scenario`, before the same of the baseline.
    pub(crate) fn compare(&mut self, scenario: &str, measured: &Measured, baseline: &Measured) {
        self.add((scenario, "pages a second", "1/s"), measured.rate(), Some(baseline.rate()));
        for (figure, quantile) in [("latency, median", 0.5), ("latency, 99th percentile", 0.99)] {
            let (value, baseline_value) = (measured.latency_ms(quantile), baseline.latency_ms(quantile));
            self.add((scenario, figure, "ms"), value, Some(baseline_value));
        }
    }

    /// Adds memory in RAM, in bytes.
    pub(crate) fn compare_memory(&mut self, scenario: &str, figure: &'static str, bytes: u64, baseline_bytes: u64) {
        self.add((scenario, figure, "MiB"), mebibytes(bytes), Some(mebibytes(baseline_bytes)));
    }

    /// Adds scenario, figure and unit with their value, and the baseline's where there is one.
    pub(crate) fn add(&mut self, what: (&str, &'static str, &'static str), value: f64, baseline_value: Option<f64>) {
        let (scenario, figure, unit) = what;
        self.rows.push(Row {
            scenario: scenario.to_owned(),
            figure,
            value: round(value),
            unit,
            baseline: baseline_value.map(|_| BASELINE),
            baseline_value: baseline_value.map(round),
            ratio: baseline_value.map(|baseline_value| round(value / baseline_value)),
            machine: self.machine.clone(),
        });
    }

    pub(crate) fn print(&self) {
        println!("{}\nbaseline: {BASELINE}\n", self.machine);
        println!(
            "{:<42} {:<32} {:>10} {:>10}  {:<5} {:>6}",
            "scenario", "figure", "value", "baseline", "unit", "ratio"
        );
        for row in &self.rows {
            let Row { scenario, figure, value, unit, baseline_value, ratio, .. } = row;
            let shown = |number: &Option<f64>| number.map_or_else(|| "-".to_owned(), |number| format!("{number:.2}"));
            let (baseline_value, ratio) = (shown(baseline_value), shown(ratio));
            println!("{scenario:<42} {figure:<32} {value:>10.2} {baseline_value:>10}  {unit:<5} {ratio:>6}");
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

#[allow(clippy::cast_precision_loss, reason = "memory has fewer than 2^52 bytes")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}
