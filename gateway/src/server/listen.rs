//! From a listener to connections that a client cannot hold open by saying nothing.

use std::{io, pin::pin, time::Duration};

use axum::Router;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

use super::peer::Peer;

/// How long a client may take to begin and to finish the head of a request, and to send the next one; longer than
/// proxies keep idle connections, so that they close first.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// After an accept that failed for want of something, such as file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(500);

/// Serves `router` until `shutdown`, then waits for the requests under way.
pub(super) async fn serve(listener: TcpListener, router: Router, head_timeout: Duration, shutdown: CancellationToken) {
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.cancelled() => break,
        };
        match accepted {
            Ok((socket, address)) => {
                let peer = Peer(address.ip());
                connections.spawn(serve_connection((socket, peer), router.clone(), head_timeout, shutdown.clone()));
            }
            Err(error) if is_of_the_client(&error) => {}
            Err(error) => {
                tracing::error!(%error, "no connection could be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    // Nothing new is taken from here on.
    drop(listener);
    connections.close();
    connections.wait().await;
}

fn is_of_the_client(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn serve_connection(
    (socket, peer): (TcpStream, Peer),
    router: Router,
    head_timeout: Duration,
    shutdown: CancellationToken,
) {
    // Answers are written whole, so waiting for more would only delay them.
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY was not set");
    }
    // The server counts only from the first byte on.
    let mut first = [0];
    let begun = tokio::select! {
        begun = tokio::time::timeout(head_timeout, socket.peek(&mut first)) => begun,
        () = shutdown.cancelled() => return,
    };
    if !matches!(begun, Ok(Ok(1..))) {
        return;
    }
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(head_timeout);
    builder.http2().timer(TokioTimer::new());
    let service = TowerToHyperService::new(router.map_request(move |mut request: http::Request<Incoming>| {
        request.extensions_mut().insert(peer);
        request
    }));
    let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(socket), service));
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::trace!(error, "a connection broke off");
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    use super::*;

    async fn start(shutdown: CancellationToken) -> (std::net::SocketAddr, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let slow = || async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            "slow"
        };
        let router = Router::new().route("/", axum::routing::get(slow));
        (address, tokio::spawn(serve(listener, router, Duration::from_millis(200), shutdown)))
    }

    async fn answer(stream: &mut TcpStream) -> String {
        let mut text = String::new();
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_string(&mut text));
        read.await.expect("the connection ends").unwrap_or_default();
        text
    }

    #[tokio::test]
    async fn a_client_that_says_nothing_or_half_a_head_is_let_go() {
        let (address, _server) = start(CancellationToken::new()).await;
        for said in ["", "GET / HT", "GET / HTTP/1.1\r\nhost: x\r\n"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(said.as_bytes()).await.unwrap();
            assert!(!answer(&mut stream).await.contains("200 OK"), "{said}");
        }
    }

    #[tokio::test]
    async fn a_request_under_way_is_answered_after_shutdown() {
        let shutdown = CancellationToken::new();
        let (address, server) = start(shutdown.clone()).await;
        let mut idle = TcpStream::connect(address).await.unwrap();
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        shutdown.cancel();
        assert!(answer(&mut stream).await.ends_with("slow"));
        assert_eq!(answer(&mut idle).await, "");
        server.await.unwrap();
    }
}
