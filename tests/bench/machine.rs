//! The machine that a figure is true of.

use std::fs;

/// Processor, cores and system, in one line.
pub(crate) fn describe() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let value = |name: &str| {
        let line = cpu.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let system = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let model = value("model name").unwrap_or_else(|| "unknown processor".to_owned());
    format!("{model}, {cores} cores, Linux {}", system.trim())
}
