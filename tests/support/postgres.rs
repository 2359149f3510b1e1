//! A PostgreSQL server of one's own, which may be restarted.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

/// A running server with durable commits; it stops with the value.
pub struct Postgres {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
    settings: &'static [&'static str],
}

impl Postgres {
    /// `None` when PostgreSQL is not installed on this machine; that is said. `settings` are given to the server.
    pub fn start(test: &str, settings: &'static [&'static str]) -> Option<Self> {
        let Some(programs) = programs() else {
            println!("NOT RUN: {test} needs PostgreSQL's own programs (Debian: apt-get install postgresql)");
            assert!(!engines_are_required(), "{test} needs PostgreSQL's own programs");
            return None;
        };
        let folder = TempDir::new().unwrap();
        if is_root() {
            run("chown", Command::new("chown").arg("postgres").arg(folder.path()));
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { programs, folder, port, settings };
        let mut initdb = server.program("initdb");
        initdb.arg("-D").arg(server.data()).args(["-U", "selvedge", "--auth=trust", "--encoding=UTF8", "--locale=C"]);
        run("initdb", &mut initdb);
        server.begin();
        Some(server)
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("postgres://selvedge@127.0.0.1:{}/postgres", self.port)
    }

    /// Ends it without ceremony, so that it has to recover, and starts it again.
    pub fn restart(&self) {
        self.end("immediate");
        self.begin();
    }

    fn begin(&self) {
        let settings: String = self.settings.iter().map(|setting| format!(" -c {setting}")).collect();
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={}{settings}",
            self.port,
            self.folder.path().display()
        );
        let mut start = self.control();
        start.args(["-w", "-t", "60", "-l"]).arg(self.folder.path().join("log")).args(["-o", &options, "start"]);
        run("pg_ctl start", &mut start);
    }

    fn end(&self, mode: &str) {
        run("pg_ctl stop", self.control().args(["-w", "-m", mode, "stop"]));
    }

    fn control(&self) -> Command {
        let mut command = self.program("pg_ctl");
        command.arg("-D").arg(self.data());
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// PostgreSQL refuses to run as root, so root lends it the account of the package.
    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(self.folder.path());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = self.control().args(["-m", "immediate", "stop"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// The newest of Debian's installations, else what is on the path.
fn programs() -> Option<PathBuf> {
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = installed
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin"))))
        .filter(|(_, programs)| programs.join("initdb").exists())
        .max();
    if let Some((_, programs)) = newest {
        return Some(programs);
    }
    let found = Command::new("sh").args(["-c", "command -v initdb"]).output().ok()?;
    let initdb = String::from_utf8(found.stdout).ok()?;
    Path::new(initdb.trim()).parent().filter(|folder| folder.is_absolute()).map(Path::to_owned)
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}

#[allow(clippy::disallowed_methods, reason = "continuous integration requires all engines by the environment")]
pub(super) fn engines_are_required() -> bool {
    std::env::var("REQUIRE_ENGINES").as_deref() == Ok("1")
}

fn run(what: &str, command: &mut Command) {
    // Not piped: a server would keep the pipe open.
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success(), "{what} ended with {status}");
}
