//! What the shop's subgraphs compose to, and what clients see of it.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests may unwrap")]

mod support;

use selvedge_gateway::schema::{CompositionError, SchemaError, ServedSchema, compose};
use support::{shop, shop_subgraphs, subgraph};

#[test]
fn the_shop_composes() {
    insta::assert_snapshot!(compose(&shop_subgraphs()).unwrap());
}

#[test]
fn clients_see_no_machinery_and_nothing_inaccessible() {
    let schema = shop();
    insta::assert_snapshot!(schema.api_sdl());
    for hidden in ["join__", "link__", "auditLog", "RECALLED", "@inaccessible", "@tag"] {
        assert!(!schema.api_sdl().contains(hidden), "{hidden}");
    }
    let names: Vec<_> = schema.subgraphs().collect();
    assert_eq!(names[0], ("inventory", "http://inventory.test/graphql"));
    assert_eq!(names.len(), 3);
}

#[test]
fn an_entity_that_cannot_be_resolved_is_named() {
    let error = compose(&[
        subgraph("a", "type Query { product: Product } type Product { id: ID! title: String }"),
        subgraph("b", "type Product { id: ID! stock: Int }"),
    ])
    .unwrap_err();
    let CompositionError::Problems { problems } = &error else { panic!("{error}") };
    assert!(!problems.is_empty());
    assert!(error.to_string().contains("Product"), "{error}");
}

#[test]
fn what_is_no_supergraph_is_refused() {
    for (sdl, reason) in [
        ("type Query {", "not a valid schema"),
        ("type Query { a: Int }", "names no subgraph"),
        ("extend type Query { a: Int }", "no type extensions"),
        ("type A { a: Int }", "no query type"),
        ("", ""),
    ] {
        let Err(error) = ServedSchema::from_supergraph_sdl(sdl) else { panic!("`{sdl}` was served") };
        assert!(matches!(error, SchemaError::Parse { .. } | SchemaError::Unservable { .. }));
        assert!(error.to_string().contains(reason), "{sdl}: {error}");
    }
}
