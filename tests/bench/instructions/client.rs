//! A client in a process of its own.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use super::{http::whole_message, scenarios::Scenario};

/// Asks `rounds` times on one connection.
pub(crate) fn ask(address: &str, scenario: &Scenario, rounds: u64) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    let request = scenario.request(0);
    let mut received = Vec::with_capacity(256 * 1024);
    let mut piece = vec![0; 64 * 1024];
    for _ in 0..rounds {
        stream.write_all(&request).unwrap();
        received.clear();
        while whole_message(&received).is_none() {
            let read = stream.read(&mut piece).unwrap();
            assert!(read > 0, "the gateway closed the connection");
            received.extend_from_slice(&piece[..read]);
        }
        assert!(received.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&received));
    }
}
