//! The machine that a figure is true of, and what processes use of it.

use std::{fs, process::Command, time::Duration};

/// Keeps this process on `core`.
pub(crate) fn pin_this_process(core: usize) {
    let pinned = Command::new("taskset").args(["-cp", &core.to_string(), &std::process::id().to_string()]).output();
    let is_pinned = pinned.is_ok_and(|output| output.status.success());
    assert!(is_pinned, "the benchmark needs `taskset` (util-linux) and two processor cores");
}

/// Processor, cores and system, in one line.
pub(crate) fn describe() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let model = model.map_or("unknown processor", |(_, name)| name.trim());
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let system = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{model}, {cores} cores, Linux {}", system.trim())
}

/// Memory of a process that is in RAM.
pub(crate) fn resident_bytes(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Processor time of a process, in the kernel and out of it.
pub(crate) fn cpu(process: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The name of the command, in parentheses, may have spaces.
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    // Linux counts in hundredths of a second for user space, on every machine.
    Duration::from_millis(ticks * 10)
}
