//! What the tests of rules share: a schema, and one rule run alone.

use std::sync::LazyLock;

use crate::{
    parse::{Limits, parse},
    schema::{ServedSchema, SubgraphSdl, compose},
    validate::{check::variable_types, context::Context, rule::Rule, walk::walk},
};

const SCHEMA: &str = "
    directive @onVariable on VARIABLE_DEFINITION
    directive @onQuery on QUERY
    directive @onFragment on FRAGMENT_DEFINITION
    directive @on(x: Int) on QUERY
    directive @again repeatable on FIELD
    interface Named { name: String! }
    interface Pet implements Named { name: String! kind: String friend: Pet }
    type Dog implements Pet & Named { name: String! kind: String friend: Pet barkVolume: Int furColor: Furcolor }
    type Cat implements Pet & Named { name: String! kind: String friend: Pet meowVolume: Int }
    type Human implements Named { name: String! }
    union CatOrDog = Cat | Dog
    enum Furcolor { BROWN BLACK }
    scalar Any
    input Box { needed: Int! boxes: [Box] depth: Int = 1 }
    input OneOf @oneOf { text: String number: Int }
    type Query {
        a(x: Int): Int
        b: Int
        dog: Dog
        dogs: [Dog!]!
        pet: Pet
        named: Named
        human: Human
        catOrDog: CatOrDog
        takes(
            number: Int, numbers: [Int!], float: Float, id: ID, text: String, truth: Boolean, furColor: Furcolor,
            any: Any, box: Box
        ): Int
        needs(a: Int!, b: Int! = 1): Int
        one(of: OneOf): Int
    }
    type Mutation { a: Int }
    type Subscription { ticks: Int }
";

static SERVED: LazyLock<ServedSchema> = LazyLock::new(|| {
    let subgraph = SubgraphSdl { name: "a".to_owned(), url: String::new(), sdl: SCHEMA.to_owned() };
    ServedSchema::from_supergraph_sdl(&compose(&[subgraph]).unwrap()).unwrap()
});

/// An error as tests write it.
pub(super) fn at(message: &str, places: &[(usize, usize)]) -> (String, Vec<(usize, usize)>) {
    (message.to_owned(), places.to_vec())
}

/// What one rule says of a document.
pub(super) fn errors_of<'v>(rule: Box<dyn Rule<'v> + 'v>, query: &'v str) -> Vec<(String, Vec<(usize, usize)>)> {
    // Leaked, since the rule may keep references to both for as long as it wants.
    let limits = Limits { max_tokens: usize::MAX, ..Limits::default() };
    let document = &*Box::leak(Box::new(parse(query, &limits).unwrap()));
    let types = &*Box::leak(Box::new(variable_types(document)));
    let context = walk(Context::new(SERVED.api(), document, true), vec![rule], types);
    let places = |error: &crate::error::GraphqlError| error.locations.iter().map(|it| (it.line, it.column)).collect();
    context.into_errors().iter().map(|error| (error.message.clone(), places(error))).collect()
}
