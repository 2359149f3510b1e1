//! The plan for people.

use std::fmt::Write;

use super::node::{Fetch, Path, PathStep, Plan, Required, Target};
use crate::{schema::TypeNames, value::Keys};

/// Writes a plan, one paragraph a fetch.
pub(super) fn plan_text(plan: &Plan, keys: &Keys, types: &TypeNames) -> String {
    let mut out = String::new();
    if let Some(fetch) = &plan.subscription {
        let _ = writeln!(out, "subscribe to {}\n  {}", fetch.subgraph, fetch.operation);
    }
    for (index, step) in plan.steps.iter().enumerate() {
        let _ = write!(out, "{}. fetch from {}", index + 1, step.fetch.subgraph);
        if !step.after.is_empty() {
            let after: Vec<String> = step.after.iter().map(|step| (step + 1).to_string()).collect();
            let _ = write!(out, ", after {}", after.join(" and "));
        }
        out.push('\n');
        write_target(&mut out, &step.fetch, keys, types);
        let _ = writeln!(out, "  {}", step.fetch.operation);
    }
    out
}

fn write_target(out: &mut String, fetch: &Fetch, keys: &Keys, types: &TypeNames) {
    match &fetch.target {
        Target::Root => {}
        Target::At(path) => {
            let _ = writeln!(out, "  into {}", path_text(&path.path, keys, types));
        }
        Target::Entities(batches) => {
            for batch in batches {
                let paths: Vec<String> = batch.paths.iter().map(|way| path_text(&way.path, keys, types)).collect();
                let needs = required_text(&batch.requires, keys, types);
                let _ = writeln!(out, "  for {} by {needs}", paths.join(", "));
                for (of, name) in &batch.renames {
                    let of: Vec<&str> = of.iter().map(|&id| types.name(id)).collect();
                    let _ = writeln!(out, "  calling {} {name}", of.join(", "));
                }
            }
        }
    }
}

fn path_text(path: &Path, keys: &Keys, types: &TypeNames) -> String {
    let mut text = String::new();
    for step in &path.0 {
        match step {
            PathStep::Field(place) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(keys.name(place.key));
            }
            PathStep::Types(ids) => {
                let names: Vec<&str> = ids.iter().map(|&id| types.name(id)).collect();
                let _ = write!(text, "|{}|", names.join("|"));
            }
        }
    }
    text
}

fn required_text(required: &[Required], keys: &Keys, types: &TypeNames) -> String {
    let fields: Vec<String> = required
        .iter()
        .map(|field| {
            let on: Vec<&str> = field.types.iter().map(|&id| types.name(id)).collect();
            let on = if on.is_empty() { String::new() } else { format!("{}.", on.join("&")) };
            let below = if field.below.is_empty() {
                String::new()
            } else {
                format!(" {}", required_text(&field.below, keys, types))
            };
            format!("{on}{}{below}", keys.name(field.place.key))
        })
        .collect();
    format!("{{ {} }}", fields.join(" "))
}
