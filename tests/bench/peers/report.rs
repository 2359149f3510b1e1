//! The table for people and the file for programs.

use std::{fs, time::Duration};

use serde::Serialize;

use super::{Results, machine, scenarios::Scenario};

const PEER: &str = "Hive Router";

/// One figure, as `docs/benchmarks.md` describes the file.
#[derive(Serialize)]
struct Row {
    scenario: &'static str,
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

    pub(crate) fn add(&mut self, scenario: &Scenario, results: &[Results; 2]) {
        type Figure = (&'static str, &'static str, fn(&Results) -> f64);
        let figures: [Figure; 6] = [
            ("requests a second", "1/s", |results| results.load.rate()),
            ("latency, median", "ms", |results| results.load.latency_ms(0.5)),
            ("latency, 99th percentile", "ms", |results| results.load.latency_ms(0.99)),
            ("processor time a request", "ms", |results| milliseconds(results.cpu) / results.load.requests()),
            ("resident memory, at start", "MiB", |results| mebibytes(results.start_bytes)),
            ("resident memory, under load", "MiB", |results| mebibytes(results.load_bytes)),
        ];
        for (figure, unit, of) in figures {
            let [value, baseline_value] = results.each_ref().map(of);
            self.rows.push(Row {
                scenario: scenario.name,
                figure,
                value: round(value),
                unit,
                baseline: PEER,
                baseline_value: round(baseline_value),
                ratio: round(value / baseline_value),
                machine: self.machine.clone(),
            });
        }
    }

    pub(crate) fn print(&self) {
        println!("\n{}\nbaseline: {PEER}\n", self.machine);
        println!(
            "{:<46} {:<28} {:>11} {:>11}  {:<4} {:>6}",
            "scenario", "figure", "selvedge", "baseline", "unit", "ratio"
        );
        for Row { scenario, figure, value, unit, baseline_value, ratio, .. } in &self.rows {
            println!("{scenario:<46} {figure:<28} {value:>11.3} {baseline_value:>11.3}  {unit:<4} {ratio:>6.2}");
        }
    }

    /// Writes `bench/peers.json` into the target folder.
    pub(crate) fn write(&self) {
        let this = std::env::current_exe().unwrap();
        let folder = this.ancestors().nth(3).unwrap().join("bench");
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("peers.json");
        fs::write(&file, serde_json::to_string_pretty(&self.rows).unwrap() + "\n").unwrap();
        println!("\nwritten to {}", file.display());
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}

fn round(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}
