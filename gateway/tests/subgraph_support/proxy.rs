//! A TCP proxy that can be told to break things.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, atomic::AtomicUsize, atomic::Ordering},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What happens to connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    None,
    /// Answers come this much later.
    Latency(Duration),
    /// The connection is reset when the request comes.
    Reset,
    /// The request is taken, and nothing ever comes back.
    HalfOpen,
    /// Something comes back that is not HTTP.
    Garbage,
    /// The answer comes byte by byte, with this pause between.
    SlowBytes(Duration),
    /// The answer breaks off after this many bytes.
    CutAfter(usize),
}

/// A proxy to one address.
#[derive(Clone)]
pub struct Proxy {
    pub address: SocketAddr,
    fault: Arc<Mutex<Fault>>,
    /// How many requests came.
    pub requests: Arc<AtomicUsize>,
}

impl Proxy {
    pub async fn to(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let proxy = Self { address, fault: Arc::new(Mutex::new(Fault::None)), requests: Arc::default() };
        let accepting = proxy.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                client.set_nodelay(true).unwrap();
                tokio::spawn(accepting.clone().carry(client, upstream));
            }
        });
        proxy
    }

    pub fn url(&self) -> String {
        format!("http://{}/graphql", self.address)
    }

    /// From the next request on.
    pub fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }

    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    async fn carry(self, mut client: TcpStream, upstream: SocketAddr) {
        let Ok(mut server) = TcpStream::connect(upstream).await else { return };
        let mut buffer = vec![0; 64 * 1024];
        // Requests of the tests are small, so that each comes in one read.
        while let Ok(read @ 1..) = client.read(&mut buffer).await {
            self.requests.fetch_add(1, Ordering::SeqCst);
            let fault = *self.fault.lock().unwrap();
            match fault {
                Fault::Reset => {
                    client.set_zero_linger().unwrap();
                    return;
                }
                Fault::HalfOpen => {
                    // Until the client gives up.
                    while let Ok(1..) = client.read(&mut buffer).await {}
                    return;
                }
                Fault::Garbage => {
                    let _ = client.write_all(b"\x00\x01 this is not HTTP\r\n\r\n").await;
                    return;
                }
                _ => {}
            }
            if server.write_all(&buffer[..read]).await.is_err() {
                return;
            }
            if answer(fault, &mut server, &mut client).await.is_none() {
                return;
            }
        }
    }
}

/// Carries one answer back; `None` when the connection is over.
async fn answer(fault: Fault, server: &mut TcpStream, client: &mut TcpStream) -> Option<()> {
    let mut buffer = vec![0; 64 * 1024];
    let (mut carried, mut length) = (0, None);
    while length.is_none_or(|length| carried < length) {
        let read = server.read(&mut buffer).await.ok().filter(|read| *read > 0)?;
        let part = &buffer[..read];
        if length.is_none() {
            length = Some(whole_length(part));
            if let Fault::Latency(pause) = fault {
                tokio::time::sleep(pause).await;
            }
        }
        match fault {
            Fault::SlowBytes(pause) => {
                for byte in part {
                    client.write_all(&[*byte]).await.ok()?;
                    tokio::time::sleep(pause).await;
                }
            }
            Fault::CutAfter(most) if carried + read > most => {
                client.write_all(&part[..most - carried]).await.ok()?;
                return None;
            }
            _ => client.write_all(part).await.ok()?,
        }
        carried += read;
    }
    Some(())
}

/// Head and body of the answer that begins with `part`.
fn whole_length(part: &[u8]) -> usize {
    let text = String::from_utf8_lossy(part).to_lowercase();
    let head = text.find("\r\n\r\n").expect("the head comes in one read") + 4;
    let length = text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
    head + length.expect("answers of the tests have a length").parse::<usize>().unwrap()
}
