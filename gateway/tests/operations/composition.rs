//! What the shop's subgraphs compose to, and what clients see of it.

use selvedge_gateway::schema::{CompositionError, SchemaError, ServedSchema, compose};

use crate::support::{shop, shop_subgraphs, subgraph};

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

const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external",
    "@inaccessible", "@provides", "@requires", "@shareable"]) "#;

/// What two subgraphs, `first` and `second`, do not compose because of.
fn problems(first: &str, second: &str) -> String {
    let sdl = |sdl: &str| format!("{LINK} {sdl}");
    compose(&[subgraph("first", &sdl(first)), subgraph("second", &sdl(second))]).unwrap_err().to_string()
}

#[test]
fn what_does_not_compose_is_told_by_type_field_and_subgraphs() {
    let query = "type Query { q: Int @shareable }";
    for (first, second, named) in [
        (
            "type Query { a: Int @shareable }",
            "type Query { a: String @shareable }",
            &["Query.a", "first", "second"][..],
        ),
        ("type Query { a: Int }", "type Query { a: Int }", &["Query.a", "first", "second"]),
        (
            "type Query { a(x: Int): Int @shareable }",
            "type Query { a(x: ID): Int @shareable }",
            &["Query.a(x:)", "first", "second"],
        ),
        (
            "type Query { p: P } type P { id: ID! @shareable }",
            "type P { id: ID! @shareable s: Int }",
            &["P.s", "first", "second"],
        ),
        ("type Query { p: P } type P @key(fields: \"no\") { id: ID! }", query, &["\"P\"", "\"no\"", "first"]),
        (
            "type Query { p: P } type P @key(fields: \"id\") { id: ID! x: Int @requires(fields: \"no\") }",
            query,
            &["P.x", "no", "first"],
        ),
        (
            "type Query { p: P @provides(fields: \"no\") } type P @key(fields: \"id\") { id: ID! }",
            query,
            &["Query.p", "no", "first"],
        ),
        ("type Query { e: E } enum E { A }", "type Query { f: E } type E { a: Int }", &["\"E\"", "first", "second"]),
        ("type Query { p: P } type P @inaccessible { id: ID! }", query, &["Query.p", "\"P\"", "first"]),
        (
            "type Query { a(i: I): Int @shareable } input I { f: Int }",
            "type Query { a(i: I): Int @shareable } input I { g: Int }",
            &["\"I\"", "first", "second"],
        ),
        (query, "type Query { a: [Nowhere!]! }", &["Nowhere", "Query.a", "second"]),
        (query, "type Query { a(x: Nowhere): Int }", &["Nowhere", "Query.a(x:)", "second"]),
    ] {
        let told = problems(first, second);
        for name in named {
            assert!(told.contains(name), "`{name}` is not named: {told}");
        }
    }
}
