//! Runs this benchmark's own stages under callgrind.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use super::stages::Stage;

/// Whether there is a valgrind.
pub(crate) fn is_there() -> bool {
    Command::new("valgrind").arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Instructions of one round of a stage; `None` when the function to count was compiled into its callers.
pub(crate) fn count(stage: Stage, scenario: &str, rounds: u64) -> Option<f64> {
    let (function, counted_rounds) = stage.counted(rounds);
    let stage = stage.name();
    let this = std::env::current_exe().unwrap();
    let mut subgraphs = Command::new(&this)
        .arg("--subgraphs")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the subgraphs start");
    let url = first_line(&mut subgraphs);
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no", "--callgrind-out-file=/dev/null"])
        .arg(format!("--toggle-collect={function}"))
        .arg(&this)
        .args(["--stage", stage, scenario, url.trim(), &rounds.to_string()])
        .output()
        .unwrap();
    // Their standard input ends.
    drop(subgraphs.stdin.take());
    let subgraphs = subgraphs.wait().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && subgraphs.success(), "{stage} of {scenario}:\n{said}");
    let collected =
        said.lines().find_map(|line| line.split_once("Collected :")).expect("callgrind tells what it counted");
    let count: u64 = collected.1.trim().parse().unwrap();
    (count > 0).then(|| count as f64 / counted_rounds as f64)
}

fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    line
}
