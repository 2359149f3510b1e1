use super::*;
use crate::validate::rules::testing::{at, errors_of};

fn errors(query: &str) -> Vec<(String, Vec<(usize, usize)>)> {
    errors_of(Box::new(OverlappingFieldsCanBeMerged), query)
}

fn conflict(key: &str, reason: &str) -> String {
    format!(
        "Fields \"{key}\" conflict because {reason}. Use different aliases on the fields to fetch both if this was intentional."
    )
}

#[test]
fn what_can_be_merged_is_merged() {
    for query in [
        "{ a a x: a x: a dog { name } dog { name furColor } }",
        "{ takes(number: 1, float: 2) takes(float: 2, number: 1) }",
        "{ takes(box: { needed: 1, depth: 2 }) takes(box: { depth: 2, needed: 1 }) }",
        "{ a @include(if: $x) a @skip(if: $x) }",
        "{ pet { ... on Dog { x: name } ... on Cat { x: name y: meowVolume } ... on Dog { y: barkVolume } } }",
        "{ catOrDog { ... on Dog { friend { ... on Dog { x: barkVolume } } } ... on Cat { friend { ... on Cat { x: meowVolume } } } } }",
        "{ dog { ...F ...F } ...G } fragment F on Dog { name } fragment G on Query { dog { name } }",
        "{ dog { nothing nothing: missing(x: 1) { a } } } fragment U on Dog { name: furColor name }",
        "{ nothing { x: a x: a } }",
    ] {
        let is_unknown = query.contains("nothing: missing");
        assert_eq!(errors(query).is_empty(), !is_unknown, "{query}: {:?}", errors(query));
    }
}

#[test]
fn different_fields_of_one_key_conflict() {
    assert_eq!(
        errors("{ x: a x: dog { name } }"),
        [at(&conflict("x", "\"a\" and \"dog\" are different fields"), &[(1, 3), (1, 8)])]
    );
    assert_eq!(
        errors("{ takes(number: 1) takes(number: 2) takes }"),
        [
            at(&conflict("takes", "they have differing arguments"), &[(1, 3), (1, 20)]),
            at(&conflict("takes", "they have differing arguments"), &[(1, 3), (1, 37)]),
            at(&conflict("takes", "they have differing arguments"), &[(1, 20), (1, 37)]),
        ]
    );
    assert_eq!(
        errors("{ ...F ...G } fragment F on Query { x: a } fragment G on Query { x: b }"),
        [at(&conflict("x", "\"a\" and \"b\" are different fields"), &[(1, 37), (1, 66)])]
    );
    assert_eq!(
        errors("{ pet { ... on Named { x: name } ... on Dog { x: kind } } }"),
        [at(&conflict("x", "\"name\" and \"kind\" are different fields"), &[(1, 24), (1, 47)])]
    );
}

#[test]
fn values_of_one_key_have_one_shape() {
    assert_eq!(
        errors("{ catOrDog { ... on Dog { x: barkVolume } ... on Cat { x: name } } }"),
        [at(&conflict("x", "they return conflicting types \"Int\" and \"String!\""), &[(1, 27), (1, 56)])]
    );
    assert_eq!(
        errors("{ catOrDog { ... on Dog { x: friend { y: name } } ... on Cat { x: friend { y: friend { name } } } } }"),
        [at(
            &conflict("x", "subfields \"y\" conflict because they return conflicting types \"String!\" and \"Pet\""),
            &[(1, 27), (1, 39), (1, 64), (1, 76)]
        )]
    );
    assert!(!errors("{ catOrDog { ... on Dog { x: name } ... on Cat { x: friend { name } } } }").is_empty());
}

#[test]
fn conflicts_below_are_told_with_what_is_above() {
    assert_eq!(
        errors("{ dog { x: name y: name } dog { x: kind y: furColor } }"),
        [at(
            &conflict(
                "dog",
                "subfields \"x\" conflict because \"name\" and \"kind\" are different fields and subfields \"y\" conflict because \"name\" and \"furColor\" are different fields"
            ),
            &[(1, 3), (1, 9), (1, 17), (1, 27), (1, 33), (1, 41)]
        )]
    );
    assert_eq!(
        errors("{ dog { friend { x: name x: kind } } }"),
        [at(&conflict("x", "\"name\" and \"kind\" are different fields"), &[(1, 18), (1, 26)])]
    );
    assert_eq!(errors("{ nothing { x: a x: b } }").len(), 1);
}

#[test]
fn hostile_documents_are_decided_in_little_time() {
    let started = tokio::time::Instant::now();
    let many = |item: &str, count: usize| item.repeat(count);
    assert_eq!(errors(&format!("{{ {} }}", many("dog { name } ", 20_000))), []);
    assert_eq!(errors(&format!("{{ {} }}", many("... on Query { dog { friend { name } } } ", 5_000))), []);
    // Each level is merged in two ways, which multiply.
    let mut text = "{ pet { ...F0 } }".to_owned();
    for n in 0..30 {
        let next = n + 1;
        text.push_str(&format!(
            " fragment F{n} on Pet {{ friend {{ ...F{next} }} ... on Dog {{ friend {{ ...G{next} }} }} ... on Cat {{ friend {{ ...H{next} }} }} }}"
        ));
        text.push_str(&format!(" fragment G{n} on Pet {{ friend {{ name ...G{next} }} }} fragment H{n} on Pet {{ friend {{ kind ...H{next} }} }}"));
    }
    text.push_str(" fragment F30 on Pet { name } fragment G30 on Pet { name } fragment H30 on Pet { kind }");
    let multiplied = errors(&text);
    assert!(multiplied.len() <= 1, "{multiplied:?}");
    assert!(!errors(&format!("{{ {} }}", many("x: a x: b ", 5_000))).is_empty());
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}
