//! The table for people and the file for programs.

use std::fs;

use serde::Serialize;

use super::machine;

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

/// All figures of one benchmark.
pub(crate) struct Report {
    baseline: &'static str,
    machine: String,
    rows: Vec<Row>,
}

impl Report {
    /// A report whose figures are compared with those of `baseline`.
    pub(crate) fn against(baseline: &'static str) -> Self {
        Self { baseline, machine: machine::describe(), rows: Vec::new() }
    }

    /// Adds scenario, figure and unit with their value, and the baseline's where there is one.
    pub(crate) fn add(&mut self, what: (&str, &'static str, &'static str), value: f64, baseline_value: Option<f64>) {
        let (scenario, figure, unit) = what;
        let ratio = baseline_value.filter(|baseline_value| *baseline_value > 0.0).map(|it| round(value / it));
        self.rows.push(Row {
            scenario: scenario.to_owned(),
            figure,
            value: round(value),
            unit,
            baseline: baseline_value.map(|_| self.baseline),
            baseline_value: baseline_value.map(round),
            ratio,
            machine: self.machine.clone(),
        });
    }

    pub(crate) fn print(&self) {
        println!("\n{}\nbaseline: {}\n", self.machine, self.baseline);
        println!(
            "{:<46} {:<40} {:>11} {:>11}  {:<4} {:>7}",
            "scenario", "figure", "value", "baseline", "unit", "ratio"
        );
        for Row { scenario, figure, value, unit, baseline_value, ratio, .. } in &self.rows {
            let shown = |number: &Option<f64>| number.map_or_else(|| "-".to_owned(), |number| format!("{number:.2}"));
            let (baseline_value, ratio) = (shown(baseline_value), shown(ratio));
            println!("{scenario:<46} {figure:<40} {value:>11.2} {baseline_value:>11}  {unit:<4} {ratio:>7}");
        }
    }

    /// Writes `bench/NAME.json` into the target folder.
    pub(crate) fn write(&self, name: &str) {
        save(&format!("{name}.json"), &(serde_json::to_string_pretty(&self.rows).unwrap() + "\n"));
    }
}

/// Writes a file into the folder `bench` of the target folder.
pub(crate) fn save(name: &str, text: &str) {
    // The benchmark itself is PROFILE/deps/NAME in there.
    let this = std::env::current_exe().unwrap();
    let folder = this.ancestors().nth(3).unwrap().join("bench");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join(name);
    fs::write(&file, text).unwrap();
    println!("\nwritten to {}", file.display());
}

fn round(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}
