//! What is asked, and how the gateways are configured for it.

use std::{cell::Cell, rc::Rc};

use serde_json::{Value, json};

/// How equal requests are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// Each is run by itself.
    Nothing,
    /// Equal requests to a subgraph that are under way are sent once.
    InFlight,
    /// Equal requests of clients that are under way are run once.
    AtTheDoor,
}

/// Which supergraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Graph {
    /// Members, articles, opinions: `data/*.graphql`.
    Opinions,
    /// The product's own.
    Shop,
}

/// What changes from request to request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Varies {
    Nothing,
    /// The operation's name: another text that means the same.
    Name,
    /// An alias, which one subgraph is asked for: another operation, which needs another plan.
    Alias,
}

/// One comparison.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) sharing: Sharing,
    pub(crate) graph: Graph,
    pub(crate) variables: Value,
    query: &'static str,
    varies: Varies,
    number: Rc<Cell<usize>>,
}

const LARGE: &str = include_str!("data/large.graphql");
const ONE_SMALL: &str = "{ bestsellers(first: 1) { code title price } }";
const TWO_SMALL: &str = "{ bestsellers(first: 1) { code title opinions { id } } }";
const SHOP: &str = include_str!("../../../frontend-contract/operations/playground/ThreeSubgraphs.graphql");

pub(crate) fn all() -> Vec<Scenario> {
    let large = Scenario {
        name: "large, nothing shared",
        sharing: Sharing::Nothing,
        graph: Graph::Opinions,
        variables: json!({}),
        query: LARGE,
        varies: Varies::Nothing,
        number: Rc::default(),
    };
    vec![
        Scenario { name: "large, subgraph requests in flight shared", sharing: Sharing::InFlight, ..large.clone() },
        Scenario { name: "large, equal requests shared at the door", sharing: Sharing::AtTheDoor, ..large.clone() },
        Scenario { name: "one small fetch", query: ONE_SMALL, ..large.clone() },
        Scenario { name: "two small fetches", query: TWO_SMALL, ..large.clone() },
        Scenario { name: "large, a new text of one operation each time", varies: Varies::Name, ..large.clone() },
        Scenario { name: "large, a new operation each time", varies: Varies::Alias, ..large.clone() },
        Scenario { name: "shop", graph: Graph::Shop, query: SHOP, variables: json!({ "first": 20 }), ..large.clone() },
        large,
    ]
}

impl Scenario {
    /// The text of a request.
    pub(crate) fn query(&self, number: usize) -> String {
        match self.varies {
            Varies::Nothing => self.query.to_owned(),
            Varies::Name => self.query.replacen("query Large", &format!("query Large{number:08}"), 1),
            Varies::Alias => self.query.replacen("...OfMember", &format!("...OfMember t{number:08}: handle"), 1),
        }
    }

    /// The bytes of a request.
    pub(crate) fn request(&self, number: usize) -> Vec<u8> {
        let body = json!({ "query": self.query(number), "variables": self.variables }).to_string();
        let length = body.len();
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\naccept: application/json\r\n\
             content-length: {length}\r\n\r\n"
        );
        (head + &body).into_bytes()
    }

    /// The bytes of a request that was not made before, if requests vary.
    pub(crate) fn next_request(&self) -> Vec<u8> {
        self.number.set(self.number.get() + 1);
        self.request(self.number.get())
    }
}
