//! A subgraph that dies and comes back under those who listen.

use std::{sync::Arc, sync::atomic::Ordering, time::Duration};

use selvedge_gateway::{
    config::Config,
    schema::{ServedSchema, SubgraphSdl, compose},
    server::Gateway,
    subgraph::{SubgraphTransports, http_transports},
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    edge_support::socket::Socket,
    upstream_support::{Do, LiveSubgraph, config, eventually, follow, transport},
};

#[tokio::test]
async fn a_thousand_subscriptions_go_on_when_it_comes_back() {
    let subgraph = LiveSubgraph::start().await;
    let transport = transport(&subgraph.url(), &config(|_| {}));
    let mut followers: Vec<_> = (0..1_000).map(|_| follow(transport.clone(), None, None)).collect();
    eventually("all are open", || subgraph.operations() == 1_000).await;
    subgraph.publish(1);
    *subgraph.world.value.lock().unwrap() = 2;
    let subgraph = subgraph.restart(Duration::from_millis(500)).await;
    eventually("all are open again", || subgraph.operations() == 1_000).await;
    assert_eq!(subgraph.open_sockets(), 1);
    subgraph.publish(3);
    for follower in &mut followers {
        let mut values = Vec::new();
        while values.last() != Some(&3) {
            let told = tokio::time::timeout(Duration::from_secs(10), follower.recv()).await.unwrap().unwrap();
            values.extend(told.ok());
        }
        assert!(values.is_sorted(), "{values:?}");
        assert!(values.contains(&2), "what was missed is made up for: {values:?}");
    }
    // One connection before, one after, and between them attempts that nobody took.
    assert_eq!(subgraph.world.connections.load(Ordering::SeqCst), 2);
}

/// A gateway over `subgraph`; where it listens.
async fn gateway(subgraph: &LiveSubgraph) -> std::net::SocketAddr {
    let sdl = "type Query { a: Int } type Subscription { n: Int! }".to_owned();
    let supergraph = compose(&[SubgraphSdl { name: "stock".to_owned(), url: subgraph.url(), sdl }]).unwrap();
    let schema = Arc::new(ServedSchema::from_supergraph_sdl(&supergraph).unwrap());
    let mut whole = Config::development();
    whole.subgraphs.default = config(|_| {});
    whole.subscriptions.upstream_backoff_ms = 20;
    let transports = http_transports(schema.subgraphs(), &whole.subgraphs, &SubgraphTransports::default()).unwrap();
    let gateway = Gateway::builder(whole, schema, transports).build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { gateway.serve(listener, CancellationToken::new()).await });
    address
}

async fn value(socket: &mut Socket) -> u64 {
    let message = socket.receive().await;
    message["payload"]["data"]["n"].as_u64().unwrap_or_else(|| panic!("no value: {message}"))
}

#[tokio::test]
async fn clients_of_the_gateway_see_values_and_no_break() {
    let subgraph = LiveSubgraph::start().await;
    let address = gateway(&subgraph).await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        let mut client = Socket::ready(address).await;
        client.subscribe("1", "subscription { n }").await;
        assert_eq!(value(&mut client).await, 0);
        clients.push(client);
    }
    assert_eq!((subgraph.operations(), subgraph.open_sockets()), (20, 1));
    let subgraph = subgraph.restart(Duration::from_millis(300)).await;
    eventually("all are open again", || subgraph.operations() == 20).await;
    subgraph.publish(7);
    // With the identity of a connection all move to the next, without a word to clients.
    eventually("the value has come", || *subgraph.world.value.lock().unwrap() == 7).await;
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    subgraph.tell(Do::Close(4403));
    eventually("all are open once more", || subgraph.open_sockets() == 1 && subgraph.operations() == 20).await;
    subgraph.publish(8);
    for client in &mut clients {
        let mut values = Vec::new();
        while values.last() != Some(&8) {
            values.push(value(client).await);
        }
        assert!(values.is_sorted() && values.contains(&7), "{values:?}");
    }
    drop(clients);
    eventually("nothing is left", || subgraph.open_sockets() == 0).await;
}
