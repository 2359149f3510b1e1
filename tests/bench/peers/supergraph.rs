//! The graphs, composed for subgraphs at some addresses.

use selvedge_gateway::schema::{SubgraphSdl, compose};

use super::scenarios::Graph;

/// The supergraph of `graph`, whose subgraphs are where `url` says.
pub(crate) fn composed(graph: Graph, url: impl Fn(&str) -> String) -> String {
    let subgraphs: Vec<(&str, &str)> = match graph {
        Graph::Opinions => vec![
            ("accounts", include_str!("data/accounts.graphql")),
            ("inventory", include_str!("data/inventory.graphql")),
            ("products", include_str!("data/products.graphql")),
            ("reviews", include_str!("data/reviews.graphql")),
        ],
        Graph::Shop => vec![
            ("inventory", include_str!("../../../schema/subgraphs/inventory.graphql")),
            ("preferences", include_str!("../../../schema/subgraphs/preferences.graphql")),
            ("recommendation", include_str!("../../../schema/subgraphs/recommendation.graphql")),
        ],
    };
    let subgraph =
        |(name, sdl): (&str, &str)| SubgraphSdl { name: name.to_owned(), url: url(name), sdl: sdl.to_owned() };
    compose(&subgraphs.into_iter().map(subgraph).collect::<Vec<_>>()).unwrap()
}
