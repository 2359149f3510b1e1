//! From fetches to the steps of a plan: what can be asked of a subgraph at the same time is one request.

use std::fmt::Write;

use bytes::Bytes;
use graphql_tools::static_graphql::query::VariableDefinition;

use super::{
    draft::{Draft, Group, GroupId, PositionId, SiteId, Start},
    emit::{Emitter, Scope, Sink},
};
use crate::{
    operation::OperationKind,
    plan::node::{Batch, BatchOutput, Fetch, Path, PathStep, Place, Plan, Required, Step, Target, Way},
    schema::{
        TypeId,
        federation::{FieldSet, FieldSetItem, SubgraphId, write_value},
    },
    value::{Keys, ShapeId, Shapes},
};

/// What of the operation each request carries.
#[derive(Clone, Copy)]
pub(super) struct Asks<'a> {
    pub(super) kind: OperationKind,
    pub(super) variables: &'a [VariableDefinition],
}

/// Adds the fetches of a draft to a plan; they start after all that is in it.
pub(super) fn add_steps(
    plan: &mut Plan,
    draft: &mut Draft<'_>,
    asks: Asks<'_>,
    (keys, shapes): (&mut Keys, &mut Shapes),
) {
    let before: Vec<usize> = (0..plan.steps.len()).collect();
    let mut step_of: Vec<Option<usize>> = vec![None; draft.groups.len()];
    for together in requests(draft) {
        let fetch = request(draft, &together, asks, (&mut *keys, &mut *shapes));
        let is_subscription = asks.kind == OperationKind::Subscription && fetch.kind == OperationKind::Subscription;
        if is_subscription && plan.subscription.is_none() {
            plan.subscription = Some(fetch);
            continue;
        }
        let index = plan.steps.len();
        let groups = || together.iter().filter_map(|&group| draft.group(group));
        let mut after: Vec<usize> =
            groups().flat_map(|group| &group.after).filter_map(|it| *step_of.get(it.0 as usize)?).collect();
        after.extend(before.iter().filter(|_| groups().all(|group| group.after.is_empty())));
        after.sort_unstable();
        after.dedup();
        for group in &together {
            if let Some(step) = step_of.get_mut(group.0 as usize) {
                *step = Some(index);
            }
        }
        plan.steps.push(Step { after, before: Vec::new(), fetch });
    }
}

/// Which fetches are one request, in the order in which they can be made.
fn requests(draft: &Draft<'_>) -> Vec<Vec<GroupId>> {
    let mut requests: Vec<((u32, SubgraphId, bool), Vec<GroupId>)> = Vec::new();
    for (id, group) in (0..).map(GroupId).zip(&draft.groups) {
        let are_entities = matches!(group.start, Start::Entities(..));
        let kind = (group.level, group.subgraph, are_entities);
        match requests.iter_mut().find(|(known, _)| *known == kind && are_entities) {
            Some((_, together)) => together.push(id),
            None => requests.push((kind, vec![id])),
        }
    }
    requests.sort_by_key(|((level, ..), _)| *level);
    requests.into_iter().map(|(_, together)| together).collect()
}

fn request(
    draft: &mut Draft<'_>,
    together: &[GroupId],
    asks: Asks<'_>,
    (keys, shapes): (&mut Keys, &mut Shapes),
) -> Fetch {
    let required: Vec<Vec<Required>> = together.iter().map(|&group| required_by(draft, group, keys)).collect();
    let draft = &*draft;
    let shape = shapes.add();
    let mut emitter = Emitter::new(draft, keys, shapes);
    let first = together.first().and_then(|&group| draft.group(group));
    let subgraph = first.map_or_else(|| "".into(), |group| draft.federation.name(group.subgraph));
    let mut text = String::new();
    let mut scope = Scope::default();
    let (kind, target) = match first.map(|group| (group, group.start)) {
        Some((group, Start::Root)) => {
            emitter.selection(&[group.site], &mut Sink { text: &mut text, scope: &mut scope, shape });
            (asks.kind, Target::Root)
        }
        Some((group, Start::Query(at))) => {
            emitter.selection(&[group.site], &mut Sink { text: &mut text, scope: &mut scope, shape });
            (OperationKind::Query, Target::At(Way::to(path(draft, at, &[]))))
        }
        Some((_, Start::Entities(..))) | None => {
            let batches = entities(&mut emitter, (together, required), asks, (&mut text, shape));
            (OperationKind::Query, Target::Entities(batches))
        }
    };
    let variables = emitter.variables;
    finish((subgraph, kind), (text, &variables, asks), (shape, target))
}

fn finish(
    (subgraph, kind): (std::sync::Arc<str>, OperationKind),
    (selection, used, asks): (String, &[&str], Asks<'_>),
    (shape, target): (ShapeId, Target),
) -> Fetch {
    let mut definitions: Vec<String> = Vec::new();
    if let Target::Entities(batches) = &target {
        definitions.extend(batches.iter().map(|batch| format!("${}:[_Any!]!", variable_name(batch))));
    }
    let mut variables = Vec::new();
    for definition in asks.variables.iter().filter(|definition| used.contains(&definition.name.as_str())) {
        let mut text = format!("${}:{}", definition.name, definition.var_type);
        if let Some(default) = &definition.default_value {
            text.push('=');
            write_value(default, &mut text);
        }
        definitions.push(text);
        variables.push((definition.name.clone(), written_key(&definition.name)));
    }
    let head = match (kind, definitions.is_empty()) {
        (OperationKind::Query, true) => String::new(),
        (kind, true) => kind.as_str().to_owned(),
        (kind, false) => format!("{}({})", kind.as_str(), definitions.join(",")),
    };
    let operation = head + &selection;
    let mut body_start = b"{\"query\":".to_vec();
    body_start.extend(serde_json::to_vec(&operation).unwrap_or_default());
    Fetch { subgraph, kind, operation, body_start: Bytes::from(body_start), variables, shape, target }
}

fn variable_name(batch: &Batch) -> String {
    String::from_utf8_lossy(&batch.variable).trim_matches(['"', ':']).to_owned()
}

fn written_key(name: &str) -> Box<[u8]> {
    format!("\"{name}\":").into_bytes().into()
}

/// Fetches of entities at one position, of different object types: one list of representations.
struct Bucket {
    at: PositionId,
    groups: Vec<GroupId>,
    /// Positions where the same is asked of the same.
    also: Vec<Vec<GroupId>>,
}

fn entities(
    emitter: &mut Emitter<'_, '_>,
    (together, mut required): (&[GroupId], Vec<Vec<Required>>),
    asks: Asks<'_>,
    (text, shape): (&mut String, ShapeId),
) -> Vec<Batch> {
    let draft = emitter.draft;
    let buckets = buckets(draft, together);
    let mut prefix = "representations".to_owned();
    while asks.variables.iter().any(|variable| variable.name.starts_with(&prefix)) {
        prefix.insert(0, '_');
    }
    let mut batches: Vec<Batch> = Vec::new();
    let is_one = buckets.len() == 1;
    text.push('{');
    for (number, bucket) in buckets.iter().enumerate() {
        let (wire, variable) = if is_one {
            ("_entities".to_owned(), prefix.clone())
        } else {
            (format!("_e{number}"), format!("{prefix}{number}"))
        };
        let alias = if is_one { String::new() } else { format!("{wire}: ") };
        let _ = write!(text, "{alias}_entities(representations: ${variable}){{");
        let key = emitter.keys.intern(&wire);
        let items = emitter.entry(shape, &wire, ("_entities", key), true).unwrap_or(shape);
        let mut scope = Scope::default();
        let mut requires = Vec::new();
        let mut renames = Vec::new();
        for &id in &bucket.groups {
            let Some((group, Start::Entities(_, entity))) = draft.group(id).map(|group| (group, group.start)) else {
                continue;
            };
            let _ = write!(text, "...on {}", draft.types.name(entity));
            emitter.selection(&[group.site], &mut Sink { text, scope: &mut scope, shape: items });
            if draft.federation.type_in(entity, group.subgraph).is_some_and(|there| there.is_interface_object) {
                renames.push((Vec::new(), draft.types.name(entity).into()));
            }
            let place = together.iter().position(|&it| it == id);
            requires.extend(place.and_then(|place| required.get_mut(place)).map(std::mem::take).unwrap_or_default());
        }
        text.push('}');
        let ways = std::iter::once(&bucket.groups).chain(&bucket.also);
        batches.push(Batch {
            variable: written_key(&variable),
            paths: ways.filter_map(|groups| way(draft, groups)).collect(),
            requires,
            renames,
            outputs: vec![BatchOutput { place: Place::of(key), wire: wire.into(), shape: items }],
        });
    }
    text.push('}');
    batches
}

fn buckets(draft: &Draft<'_>, together: &[GroupId]) -> Vec<Bucket> {
    let mut buckets: Vec<Bucket> = Vec::new();
    for &id in together {
        let Some((Start::Entities(at, entity), _)) = draft.group(id).map(|group| (group.start, group)) else {
            continue;
        };
        let is_object = !draft.types.is_abstract(entity);
        let entity_of = |id: &GroupId| match draft.group(*id).map(|group| group.start) {
            Some(Start::Entities(_, entity)) => Some(entity),
            _ => None,
        };
        let takes = |bucket: &&mut Bucket| {
            let others = || bucket.groups.iter().filter_map(entity_of);
            bucket.at == at && is_object && others().all(|other| other != entity && !draft.types.is_abstract(other))
        };
        match buckets.iter_mut().find(takes) {
            Some(bucket) => bucket.groups.push(id),
            None => buckets.push(Bucket { at, groups: vec![id], also: Vec::new() }),
        }
    }
    let mut merged: Vec<Bucket> = Vec::new();
    for bucket in buckets {
        match merged.iter_mut().find(|known| is_same(draft, &known.groups, &bucket.groups)) {
            Some(known) => known.also.push(bucket.groups),
            None => merged.push(bucket),
        }
    }
    merged
}

/// Whether two lists of fetches ask the same of the same.
fn is_same(draft: &Draft<'_>, one: &[GroupId], other: &[GroupId]) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).all(|(&one, &other)| match (draft.group(one), draft.group(other)) {
            (Some(one), Some(other)) => is_same_group(draft, one, other),
            _ => false,
        })
}

fn is_same_group(draft: &Draft<'_>, one: &Group<'_>, other: &Group<'_>) -> bool {
    let is_same_start = match (one.start, other.start) {
        (Start::Entities(_, one), Start::Entities(_, other)) => one == other,
        _ => false,
    };
    let is_same_set = |one: &FieldSet, other: &FieldSet| std::ptr::eq(one, other);
    is_same_start
        && one.needs.len() == other.needs.len()
        && one.needs.iter().zip(&other.needs).all(|(one, other)| is_same_set(one, other))
        && selects_same(draft, one.site, other.site)
        && selects_same(draft, other.site, one.site)
}

fn selects_same(draft: &Draft<'_>, one: SiteId, other: SiteId) -> bool {
    let (Some(one), Some(other)) = (draft.site(one), draft.site(other)) else { return false };
    one.declared == other.declared
        && one.says_type == other.says_type
        && one.fields.len() == other.fields.len()
        && one.fields.iter().all(|((_, asked), (condition, below))| {
            let same = other.fields.iter().find(|((_, it), (of, _))| it == asked && of == condition);
            same.is_some_and(|(_, (_, theirs))| match (below, theirs) {
                (Some(one), Some(other)) => selects_same(draft, *one, *other),
                (one, other) => one.is_none() && other.is_none(),
            })
        })
}

fn way(draft: &Draft<'_>, groups: &[GroupId]) -> Option<Way> {
    let sites = || groups.iter().filter_map(|&group| draft.site(draft.group(group)?.site));
    let at = sites().next()?.at;
    let mut covers: Vec<TypeId> = sites().map(|site| site.covers).collect();
    covers.sort_unstable();
    covers.dedup();
    Some(Way::to(path(draft, at, &covers)))
}

/// The path to a position, for objects of some types.
fn path(draft: &Draft<'_>, at: PositionId, covers: &[TypeId]) -> Path {
    let mut steps = Vec::new();
    let declared = draft.position(at).map(|position| position.declared);
    let is_all = |ty: &TypeId| declared.is_some_and(|declared| draft.is_within(declared, *ty));
    if !covers.is_empty() && !covers.iter().any(is_all) {
        steps.push(PathStep::Types(covers.to_vec()));
    }
    let mut step = draft.position(at).and_then(|position| position.above);
    while let Some((position, owner, asked)) = step {
        steps.push(PathStep::Field(Place::of(draft.field(asked).key)));
        let Some(known) = draft.position(position) else { break };
        if !draft.is_within(known.declared, owner) {
            steps.push(PathStep::Types(vec![owner]));
        }
        step = known.above;
    }
    steps.reverse();
    Path(steps)
}

fn required_by(draft: &mut Draft<'_>, id: GroupId, keys: &mut Keys) -> Vec<Required> {
    let Some((needs, Start::Entities(_, entity))) = draft.group(id).map(|group| (group.needs.clone(), group.start))
    else {
        return Vec::new();
    };
    let mut required = Vec::new();
    for set in needs {
        add_required(draft, set, &[entity], (keys, &mut required));
    }
    required
}

fn add_required<'a>(
    draft: &mut Draft<'a>,
    set: &'a FieldSet,
    of: &[TypeId],
    (keys, into): (&mut Keys, &mut Vec<Required>),
) {
    for item in &set.0 {
        match item {
            FieldSetItem::On(condition, set) => {
                let of: Vec<TypeId> = of.iter().copied().chain([*condition]).collect();
                add_required(draft, set, &of, (&mut *keys, &mut *into));
            }
            FieldSetItem::Field { name, arguments, below } => {
                let asked = draft.internal(name, arguments, keys);
                let key = draft.field(asked).key;
                let known = into.iter_mut().find(|known| known.place.key == key && known.types == of);
                let known = match known {
                    Some(known) => known,
                    None => {
                        into.push(Required {
                            types: of.to_vec(),
                            place: Place::of(key),
                            prefix: written_key(name),
                            below: Vec::new(),
                        });
                        let Some(last) = into.last_mut() else { continue };
                        last
                    }
                };
                add_required(draft, below, &[], (&mut *keys, &mut known.below));
            }
        }
    }
}
