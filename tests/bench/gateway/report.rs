//! The table for people and the file for programs.

use std::{fs, path::Path};

use serde::Serialize;

use super::{load::Measured, machine};

/// The way that the others are compared with.
const BASELINE: &str = "client asks the three subgraphs, one after the other";

/// One figure, as `docs/benchmarks.md` describes the file.
#[derive(Serialize)]
struct Row {
    scenario: String,
    figure: &'static str,
    value: f64,
    unit: &'static str,
    baseline: &'static str,
    baseline_value: f64,
    ratio: f64,
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

    /// Adds the figures of `scenario`: what was measured, and the memory of its processes in bytes.
    pub(crate) fn compare(&mut self, scenario: &str, way: (&Measured, u64), baseline: (&Measured, u64)) {
        let ((measured, resident), (of_baseline, baseline_resident)) = (way, baseline);
        let mut add = |figure, unit, value: f64, baseline_value: f64| {
            let (value, baseline_value) = (round(value), round(baseline_value));
            let (scenario, machine) = (scenario.to_owned(), self.machine.clone());
            let ratio = round(value / baseline_value);
            self.rows.push(Row { scenario, figure, value, unit, baseline: BASELINE, baseline_value, ratio, machine });
        };
        add("pages a second", "1/s", measured.rate(), of_baseline.rate());
        for (figure, quantile) in [("latency, median", 0.5), ("latency, 99th percentile", 0.99)] {
            add(figure, "ms", measured.latency_ms(quantile), of_baseline.latency_ms(quantile));
        }
        add("resident memory after the load", "MiB", mebibytes(resident), mebibytes(baseline_resident));
    }

    pub(crate) fn print(&self) {
        println!("{}\nbaseline: {BASELINE}\n", self.machine);
        println!(
            "{:<42} {:<32} {:>10} {:>10}  {:<5} {:>6}",
            "scenario", "figure", "value", "baseline", "unit", "ratio"
        );
        for row in &self.rows {
            let Row { scenario, figure, value, unit, baseline_value, ratio, .. } = row;
            println!("{scenario:<42} {figure:<32} {value:>10.2} {baseline_value:>10.2}  {unit:<5} {ratio:>6.2}");
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
