//! HTTP/1.1, HTTP/2, TLS and Unix sockets towards subgraphs, each against a real server; compression both ways.

use std::{io::Write, net::SocketAddr, path::PathBuf, sync::Arc};

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use http::{HeaderValue, Version};
use http_body_util::Full;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    server::WebPkiClientVerifier,
};
use selvedge_gateway::{
    config::{CompressionConfig, Encoding, HttpVersion, SubgraphConfig, TlsConfig},
    operation::OperationKind,
    subgraph::{SubgraphBody, TransportError, http_stack},
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_tungstenite::tungstenite::{Message, handshake::server};

use crate::subgraph_support::{BODY, Subgraph, ask, json, request, stack};

#[tokio::test]
async fn http2_is_spoken_by_prior_knowledge_over_one_connection() {
    let subgraph = Subgraph::fixed();
    let url = format!("http://{}/graphql", subgraph.listen().await);
    let config = SubgraphConfig { http_version: HttpVersion::Http2, deduplicate: false, ..SubgraphConfig::default() };
    let transport = stack(&url, &config);
    let answers = futures::future::join_all((0..20).map(|_| ask(&transport, OperationKind::Query))).await;
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap() == "{\"data\":{\"a\":1}}"));
    assert_eq!(subgraph.last().version, Version::HTTP_2);
    assert_eq!(subgraph.connections.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_unix_socket_is_an_address_with_a_path() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inventory.sock");
    let subgraph = Subgraph::fixed();
    subgraph.listen_unix(&path);
    let transport = stack(&format!("unix://{}?path=/graphql", path.display()), &SubgraphConfig::default());
    for _ in 0..3 {
        assert_eq!(ask(&transport, OperationKind::Query).await.unwrap(), "{\"data\":{\"a\":1}}");
    }
    let seen = subgraph.last();
    assert_eq!((seen.path.as_str(), &seen.headers["host"]), ("/graphql", &HeaderValue::from_static("localhost")));
    assert_eq!(subgraph.connections.load(std::sync::atomic::Ordering::SeqCst), 1);
    let nobody = stack(&format!("unix://{}/none.sock", folder.path().display()), &SubgraphConfig::default());
    assert_eq!(ask(&nobody, OperationKind::Mutation).await.unwrap_err().code(), "SUBGRAPH_UNREACHABLE");
}

/// A certificate authority with a server and a client certificate, and the files that a gateway reads.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer, folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
        path
    }

    fn certificate(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    fn server(&self, protocols: &[&[u8]], asks_clients: bool) -> TlsAcceptor {
        let (certificate, key) = self.certificate("localhost");
        let chain = vec![CertificateDer::from(certificate)];
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(ring::default_provider());
        let builder =
            ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().unwrap();
        let mut config = if asks_clients {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from(self.issuer.der().to_vec())).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        }
        .with_single_cert(chain, key)
        .unwrap();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }

    /// The gateway's side, trusting this authority.
    fn config(&self) -> SubgraphConfig {
        let tls = TlsConfig { ca_file: Some(self.file("ca.pem", &self.issuer.pem())), ..TlsConfig::default() };
        SubgraphConfig { tls, ..SubgraphConfig::default() }
    }
}

async fn listen_tls(subgraph: &Subgraph, acceptor: TlsAcceptor) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let subgraph = subgraph.clone();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let (acceptor, subgraph) = (acceptor.clone(), subgraph.clone());
            tokio::spawn(async move {
                if let Ok(socket) = acceptor.accept(socket).await {
                    subgraph.serve(socket).await;
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn tls_chooses_http2_where_the_subgraph_offers_it() {
    let authority = Authority::new();
    for (offered, version, spoken) in [
        (&[b"h2".as_slice(), b"http/1.1"][..], HttpVersion::Auto, Version::HTTP_2),
        (&[b"http/1.1".as_slice()][..], HttpVersion::Auto, Version::HTTP_11),
        (&[b"h2".as_slice(), b"http/1.1"][..], HttpVersion::Http1, Version::HTTP_11),
        (&[b"h2".as_slice(), b"http/1.1"][..], HttpVersion::Http2, Version::HTTP_2),
    ] {
        let subgraph = Subgraph::fixed();
        let address = listen_tls(&subgraph, authority.server(offered, false)).await;
        let config = SubgraphConfig { http_version: version, ..authority.config() };
        let transport = stack(&format!("https://localhost:{}/graphql", address.port()), &config);
        assert_eq!(ask(&transport, OperationKind::Mutation).await.unwrap(), "{\"data\":{\"a\":1}}");
        assert_eq!(subgraph.last().version, spoken, "{version:?}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_or_of_another_name_is_refused() {
    let (authority, other) = (Authority::new(), Authority::new());
    let subgraph = Subgraph::fixed();
    let address = listen_tls(&subgraph, authority.server(&[], false)).await;
    let refused = async |host: &str, config: SubgraphConfig| {
        let transport = stack(&format!("https://{host}:{}/graphql", address.port()), &config);
        let error = ask(&transport, OperationKind::Mutation).await.unwrap_err();
        assert_eq!(error.to_string(), "subgraph `inventory` could not be reached");
        error.reason().unwrap().to_owned()
    };
    for (host, config) in
        [("localhost", other.config()), ("localhost", SubgraphConfig::default()), ("127.0.0.1", authority.config())]
    {
        let reason = refused(host, config).await;
        assert!(reason.contains("invalid peer certificate"), "{reason}");
    }
    assert_eq!(subgraph.calls(), 0);
}

#[tokio::test]
async fn a_subgraph_that_asks_for_a_certificate_gets_the_gateways() {
    let authority = Authority::new();
    let subgraph = Subgraph::fixed();
    let address = listen_tls(&subgraph, authority.server(&[b"h2"], true)).await;
    let url = format!("https://localhost:{}/graphql", address.port());
    let without = ask(&stack(&url, &authority.config()), OperationKind::Mutation).await.unwrap_err();
    assert_ne!(without.code(), "SUBGRAPH_INVALID_RESPONSE");
    assert_eq!(subgraph.calls(), 0);
    let (certificate, key) = authority.certificate("gateway");
    let mut config = authority.config();
    config.tls.certificate_file = Some(authority.file("gateway.pem", &certificate.pem()));
    config.tls.key_file = Some(authority.file("gateway.key", &key.serialize_pem()));
    assert_eq!(ask(&stack(&url, &config), OperationKind::Mutation).await.unwrap(), "{\"data\":{\"a\":1}}");
    config.tls.key_file = Some(authority.folder.path().join("none.key"));
    let error = http_stack("inventory", &url, &config).err().unwrap().to_string();
    assert!(
        error.starts_with("TLS to subgraph `inventory` cannot be set up: ") && error.contains("none.key"),
        "{error}"
    );
}

#[tokio::test]
async fn subscriptions_run_over_tls() {
    let authority = Authority::new();
    let acceptor = authority.server(&[b"h2", b"http/1.1"], false);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/graphql", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        let socket = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
        #[expect(clippy::result_large_err, reason = "the library's signature")]
        let protocol = |request: &server::Request, mut response: server::Response| {
            let wanted = request.headers()["sec-websocket-protocol"].clone();
            response.headers_mut().insert("sec-websocket-protocol", wanted);
            Ok(response)
        };
        let mut socket = tokio_tungstenite::accept_hdr_async(socket, protocol).await.unwrap();
        socket.next().await.unwrap().unwrap();
        socket.send(Message::text("{\"type\":\"connection_ack\"}")).await.unwrap();
        socket.next().await.unwrap().unwrap();
        let next = "{\"id\":\"1\",\"type\":\"next\",\"payload\":{\"data\":1}}";
        socket.send(Message::text(next)).await.unwrap();
        while socket.next().await.is_some() {}
    });
    let transport = stack(&url, &authority.config());
    let response = transport.call(request(OperationKind::Subscription)).await.unwrap();
    let SubgraphBody::Stream(mut events) = response.body else { panic!("a stream") };
    assert_eq!(events.next().await.unwrap().unwrap(), "{\"data\":1}");
}

fn gzip(text: &[u8]) -> Bytes {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text).unwrap();
    Bytes::from(encoder.finish().unwrap())
}

/// Answers `body` in gzip.
fn compressed(body: Bytes) -> http::Response<Full<Bytes>> {
    let mut response = json(body);
    response.headers_mut().insert("content-encoding", HeaderValue::from_static("gzip"));
    response
}

#[tokio::test]
async fn answers_are_asked_for_compressed_and_read_whether_asked_or_not() {
    let subgraph = Subgraph::new(|_| compressed(gzip(b"{\"data\":{\"a\":2}}")));
    let url = format!("http://{}/graphql", subgraph.listen().await);
    assert_eq!(
        ask(&stack(&url, &SubgraphConfig::default()), OperationKind::Query).await.unwrap(),
        "{\"data\":{\"a\":2}}"
    );
    assert!(!subgraph.last().headers.contains_key("accept-encoding"));
    let compression = CompressionConfig { accept: vec![Encoding::Zstd, Encoding::Gzip], ..Default::default() };
    let asking = stack(&url, &SubgraphConfig { compression, ..SubgraphConfig::default() });
    assert_eq!(ask(&asking, OperationKind::Query).await.unwrap(), "{\"data\":{\"a\":2}}");
    assert_eq!(subgraph.last().headers["accept-encoding"], "zstd, gzip");
}

#[tokio::test]
async fn a_compression_bomb_is_refused() {
    let bomb = gzip(format!("{{\"data\":\"{}\"}}", "0".repeat(50_000_000)).as_bytes());
    assert!(bomb.len() < 100_000);
    let subgraph = Subgraph::new(move |_| compressed(bomb.clone()));
    let url = format!("http://{}/graphql", subgraph.listen().await);
    let error = ask(&stack(&url, &SubgraphConfig::default()), OperationKind::Query).await.unwrap_err();
    let max_bytes = SubgraphConfig::default().max_response_bytes;
    assert_eq!(error, TransportError::ResponseTooLarge { subgraph: "inventory".to_owned(), max_bytes });
}

#[tokio::test]
async fn request_bodies_are_compressed_from_a_size_on() {
    let subgraph = Subgraph::fixed();
    let url = format!("http://{}/graphql", subgraph.listen().await);
    let config = |min_request_bytes| {
        let compression = CompressionConfig { request: Some(Encoding::Gzip), min_request_bytes, ..Default::default() };
        SubgraphConfig { compression, ..SubgraphConfig::default() }
    };
    ask(&stack(&url, &config(1_000)), OperationKind::Query).await.unwrap();
    assert_eq!(subgraph.last().body, BODY);
    ask(&stack(&url, &config(1)), OperationKind::Query).await.unwrap();
    let seen = subgraph.last();
    assert_eq!(seen.headers["content-encoding"], "gzip");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&*seen.body), &mut text).unwrap();
    assert_eq!(text, BODY);
}
