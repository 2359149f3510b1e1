//! Who answers what: plans an operation over a supergraph.
//!
//! What is asked is split into leaves, each at a position: a path of fields, each asked of a type. For one leaf after the
//! other the cheapest way is found from what is fetched already: along fields that a subgraph resolves, from subgraph to
//! subgraph by keys, with what `@requires` names. Leaves that one subgraph alone resolves come first, so that the others
//! find fetches that they can be part of. What can be asked of a subgraph at the same time becomes one request.

mod asked;
mod by_type;
mod draft;
mod emit;
mod obtain;
mod reach;
mod realise;
mod resolve;
mod selection;
mod state;
mod steps;

use graphql_tools::static_graphql::query::{
    Definition, Document, Field, OperationDefinition, Selection, SelectionSet, VariableDefinition,
};

use self::{
    asked::AskedFields,
    draft::{Draft, Leaf, PositionId},
    selection::Reader,
    steps::{Asks, add_steps},
};
use super::node::Plan;
use crate::{
    operation::OperationKind,
    schema::{TypeNames, federation::Federation},
    value::{Keys, Shapes},
};

/// Plans the operation of a document without repeated and skipped selections.
///
/// # Errors
///
/// What cannot be resolved; for the log, not for clients.
pub(super) fn federate(
    (federation, types, active): (&Federation, &TypeNames, &[bool]),
    document: &Document,
    kind: OperationKind,
    (keys, shapes): (&mut Keys, &mut Shapes),
) -> Result<Plan, String> {
    let (set, variables) = operation(document).ok_or("there is no operation")?;
    let root = federation.root(kind).ok_or("there is no such root type")?;
    let mut plan = Plan::default();
    let parts = match kind {
        // Each root field of a mutation waits for all that came before it, entity fetches included.
        OperationKind::Mutation => by_root_field(set, document),
        OperationKind::Query | OperationKind::Subscription => vec![set.clone()],
    };
    for part in &parts {
        let mut draft = Draft::new((federation, types), active, AskedFields::new(), root);
        let mut reader = Reader::new(document, &mut *keys);
        reader.read(&mut draft, part, (PositionId(0), root))?;
        let leaves = reader.leaves;
        let leaves = in_order(&mut draft, leaves, keys);
        for leaf in leaves {
            draft.plan_leaf(leaf, keys)?;
        }
        add_steps(&mut plan, &mut draft, Asks { kind, variables }, (&mut *keys, &mut *shapes));
    }
    Ok(plan)
}

/// Those leaves first that have one best way, since the others can follow them.
fn in_order(draft: &mut Draft<'_>, leaves: Vec<Leaf>, keys: &mut Keys) -> Vec<Leaf> {
    let mut ordered: Vec<(usize, Leaf)> = leaves.into_iter().map(|leaf| (draft.ways(leaf, keys), leaf)).collect();
    ordered.sort_by_key(|(ways, _)| *ways);
    ordered.into_iter().map(|(_, leaf)| leaf).collect()
}

fn operation(document: &Document) -> Option<(&SelectionSet, &[VariableDefinition])> {
    match document.definitions.first()? {
        Definition::Operation(operation) => Some(match operation {
            OperationDefinition::SelectionSet(set) => (set, &[]),
            OperationDefinition::Query(it) => (&it.selection_set, &it.variable_definitions),
            OperationDefinition::Mutation(it) => (&it.selection_set, &it.variable_definitions),
            OperationDefinition::Subscription(it) => (&it.selection_set, &it.variable_definitions),
        }),
        Definition::Fragment(_) => None,
    }
}

/// One selection for each response key.
fn by_root_field(set: &SelectionSet, document: &Document) -> Vec<SelectionSet> {
    let mut parts: Vec<(String, SelectionSet)> = Vec::new();
    collect(set, document, &mut |field| {
        let key = field.alias.as_ref().unwrap_or(&field.name);
        let selection = Selection::Field(field.clone());
        match parts.iter_mut().find(|(known, _)| known == key) {
            Some((_, part)) => part.items.push(selection),
            None => parts.push((key.clone(), SelectionSet { span: set.span, items: vec![selection] })),
        }
    });
    parts.into_iter().map(|(_, part)| part).collect()
}

fn collect(set: &SelectionSet, document: &Document, found: &mut dyn FnMut(&Field)) {
    for item in &set.items {
        match item {
            Selection::Field(field) => found(field),
            Selection::InlineFragment(fragment) => {
                if !selection::is_skipped(&fragment.directives) {
                    collect(&fragment.selection_set, document, found);
                }
            }
            Selection::FragmentSpread(spread) => {
                let fragment = document.definitions.iter().find_map(|definition| match definition {
                    Definition::Fragment(fragment) if fragment.name == spread.fragment_name => Some(fragment),
                    _ => None,
                });
                if let Some(fragment) = fragment.filter(|_| !selection::is_skipped(&spread.directives)) {
                    collect(&fragment.selection_set, document, found);
                }
            }
        }
    }
}
