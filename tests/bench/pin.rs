//! Keeping load generator and servers apart.

use std::process::Command;

/// Keeps this process, with the threads that it will start, on `core`; says so when that cannot be done.
pub(crate) fn pin_this_process(core: usize) {
    let pinned = Command::new("taskset").args(["-cp", &core.to_string(), &std::process::id().to_string()]).output();
    let is_pinned = pinned.is_ok_and(|output| output.status.success());
    assert!(is_pinned, "the benchmark needs `taskset` (util-linux) and two processor cores");
}
