//! Documents made to cost much: each must be answered, with a plan or an error, within bounds.

use std::fmt::Write;

use selvedge_gateway::{parse::Limits, plan::prepare};

use crate::support::shop;

/// Far more than any of them needs, far less than an exponential one takes.
const LIMIT_MS: u128 = 5_000;

fn cost(name: &str, query: &str) {
    let schema = shop();
    let started = tokio::time::Instant::now();
    let outcome = prepare(&schema, query, None, &Limits::default());
    let took = started.elapsed().as_millis();
    println!(
        "{name}: {took} ms, {}",
        match &outcome {
            Ok(operation) => format!("{} fetches", operation.fetch_count()),
            Err(errors) => errors[0].message.clone(),
        }
    );
    assert!(took < LIMIT_MS, "{name} took {took} ms");
}

#[test]
fn one_field_many_times() {
    cost("repeated leaf", &format!("{{ products {{ {} }} }}", "title ".repeat(9_000)));
    cost("repeated root", &format!("{{ {} }}", "products { title } ".repeat(49)));
    cost("repeated nest", &format!("{{ products {{ {} }} }}", "badge { product { badge { sku } } } ".repeat(1_000)));
}

#[test]
fn fragments_that_call_each_other() {
    let mut text = "{ products { ...f0 } }".to_owned();
    for n in 0..12 {
        write!(text, " fragment f{n} on Product {{ title ...f{0} badge {{ product {{ ...f{0} }} }} }}", n + 1).unwrap();
    }
    text.push_str(" fragment f12 on Product { id }");
    cost("nested fragments", &text);
    let mut text = "{ products { ...f0 } }".to_owned();
    for n in 0..140 {
        write!(text, " fragment f{n} on Product {{ ...f{} }}", n + 1).unwrap();
    }
    text.push_str(" fragment f140 on Product { id }");
    cost("chain of fragments", &text);
    let mut text = "{ products { ...f0 } }".to_owned();
    for n in 0..1_500 {
        write!(text, " fragment f{n} on Product {{ ...f{} }}", n + 1).unwrap();
    }
    text.push_str(" fragment f1500 on Product { id }");
    cost("long chain of fragments", &text);
    let loop_of_many = (0..1_500).map(|n| format!(" fragment f{n} on Product {{ ...f{} }}", (n + 1) % 1_500));
    cost("long cycle", &format!("{{ products {{ ...f0 }} }} {}", loop_of_many.collect::<String>()));
    let unused = (0..1_500).map(|n| format!(" fragment f{n} on Product {{ ...f{} }}", n + 1));
    cost("long unused chain", &format!("{{ me {{ id }} }} {}", unused.collect::<String>()));
    let cycle = "{ products { ...a } } fragment a on Product { ...b } fragment b on Product { ...a badge { product { ...a } } }";
    cost("cycle", cycle);
}

#[test]
fn many_aliases_and_types() {
    let mut text = "{ ".to_owned();
    for n in 0..49 {
        write!(text, "a{n}: search(text: \"{n}\") {{ ... on Product {{ isWishlisted similar {{ score }} }} ... on Brand {{ isFollowed }} }} ").unwrap();
    }
    text.push('}');
    cost("many searches", &text);
    let deep = "similar { product { isWishlisted ".repeat(8);
    cost("deep entities", &format!("{{ products {{ {deep} id {} }} }}", "} }".repeat(8)));
}

#[test]
fn many_conditions() {
    let mut variables = String::new();
    let mut fields = String::new();
    for n in 0..30 {
        write!(variables, "$v{n}: Boolean! ").unwrap();
        write!(fields, "... @include(if: $v{n}) {{ title isWishlisted badge {{ sku }} }} ").unwrap();
    }
    cost("many conditions", &format!("query({variables}) {{ products {{ {fields} }} }}"));
}
