//! A Redis server of one's own.

use std::{
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use super::postgres::engines_are_required;

/// How long it may take to listen, in tries of 20 ms.
const TRIES: usize = 500;

/// A running server that keeps nothing on disk; it stops with the value.
pub struct Redis {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl Redis {
    /// `None` when Redis is not installed on this machine; that is said.
    pub fn start(test: &str) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        // Free a moment ago.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        command.current_dir(folder.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let Ok(process) = command.spawn() else {
            println!("NOT RUN: {test} needs `redis-server` (Debian: apt-get install redis-server)");
            assert!(!engines_are_required(), "{test} needs `redis-server`");
            return None;
        };
        let server = Self { process, port, _folder: folder };
        for _ in 0..TRIES {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(server);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("redis-server does not listen on {port}");
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
