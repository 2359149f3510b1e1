//! Response keys of the client's beside what the gateway asks for by itself.

use crate::market::market;

#[tokio::test]
async fn a_field_beside_the_same_field_with_the_arguments_that_another_requires() {
    let market = market();
    market.check("{ products { price duty } }").await;
    market.check("{ products { price(currency: \"EUR\") duty shipping } }").await;
    market.check("{ products { price: name duty: price } }").await;
    market.check("{ parcels(to: { street: \"x\" }) { products { shipping } products { price } } }").await;
}

#[tokio::test]
async fn the_type_s_name_under_the_key_of_a_field_of_another_type() {
    let query = "{ users { favourite { ... on User { name: email } ... on Product { name: __typename } } } }";
    let answer = market().check(query).await;
    assert!(answer.data.contains(r#"{"name":"u3@x"}"#), "{}", answer.data);
}

#[tokio::test]
async fn keys_of_entities_under_other_names() {
    let market = market();
    market.check("{ products { id: __typename sku: name name: id stock { count: __typename } } }").await;
    market.check("{ users { email: trusted id: email friends { id: name trusted } } }").await;
    market.check("{ media { __typename: id ... on Film { id: fans { id: email } } } }").await;
}
