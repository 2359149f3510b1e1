//! A process of the `selvedge` command, with what it says kept.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::Instant;

/// How long a process may take to stop when it is asked to, before it is killed.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// The command, in `folder`, untouched by the configuration of whoever runs the tests.
pub fn selvedge(folder: &Path) -> Command {
    without_configuration(Command::new(env!("CARGO_BIN_EXE_selvedge")), folder)
}

/// The command, on the processor `core` alone.
pub fn selvedge_pinned(folder: &Path, core: usize) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", &core.to_string(), env!("CARGO_BIN_EXE_selvedge")]);
    without_configuration(command, folder)
}

fn without_configuration(mut command: Command, folder: &Path) -> Command {
    command.current_dir(folder).env("TMPDIR", folder).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("SELVEDGE_") || matches!(&*name, "DATABASE_URL" | "MONGODB_URI" | "REDIS_URL") {
            command.env_remove(&*name);
        }
    }
    command
}

/// A running server; it stops with the value.
pub struct Process {
    name: String,
    child: Child,
    said: Arc<Mutex<Vec<String>>>,
}

impl Process {
    pub fn start(name: &str, mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::default();
        keep(child.stdout.take().unwrap(), &said);
        keep(child.stderr.take().unwrap(), &said);
        Self { name: name.to_owned(), child, said }
    }

    /// Everything that it has said.
    pub fn output(&self) -> String {
        self.said.lock().unwrap().join("\n")
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What stands between `before` and the next of `after` or the end of the line, in the first line that has it.
    pub async fn told(&mut self, before: &str, after: &[char], within: Duration) -> String {
        let began = Instant::now();
        loop {
            let found = self.said.lock().unwrap().iter().find_map(|line| Some(line.split_once(before)?.1.to_owned()));
            if let Some(rest) = found {
                return rest.split(after).next().unwrap().to_owned();
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("{} ended ({status}) before it said `{before}`:\n{}", self.name, self.output());
            }
            assert!(began.elapsed() < within, "{} has not said `{before}`:\n{}", self.name, self.output());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Ends it at once, as a crash would.
    pub fn crash(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// How it ended.
    pub async fn ended(&mut self, within: Duration) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(began.elapsed() < within, "{} is still running:\n{}", self.name, self.output());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            self.terminate();
            let mut waited = Duration::ZERO;
            while self.child.try_wait().unwrap().is_none() && waited < STOP_WITHIN {
                std::thread::sleep(Duration::from_millis(10));
                waited += Duration::from_millis(10);
            }
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        if std::thread::panicking() {
            println!("---- what {} said\n{}", self.name, self.output());
        }
    }
}

fn keep(stream: impl Read + Send + 'static, said: &Arc<Mutex<Vec<String>>>) {
    let said = Arc::clone(said);
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            said.lock().unwrap().push(line);
        }
    });
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}
