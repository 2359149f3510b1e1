//! What projection runs: the client's selection with slots instead of keys, each key as it is written.

use ahash::AHashMap;

use super::{Below, Field, Leaf, Output, Projection, SelectionId, Source};
use crate::{
    schema::{TypeId, TypeNames},
    value::{LayoutId, Layouts, SlotId},
    weight::{HeapBytes, owns, owns_nothing},
};

/// The number of an object's output within one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputId(pub(super) u32);

/// A compiled selection on a laid out tree.
#[derive(Debug)]
pub struct Program {
    objects: Vec<OutputObject>,
    /// What is written for the root.
    pub root: OutputId,
}

/// What is written for an object.
#[derive(Debug, Default)]
pub(super) struct OutputObject {
    pub(super) fields: Vec<OutputField>,
    pub(super) selection: Option<SelectionId>,
    /// Whether variables decide on fields or their order.
    pub(super) is_conditional: bool,
}

/// What is written for a field.
#[derive(Debug)]
pub(super) struct OutputField {
    /// The key as it is written: a comma, the quoted key and a colon. The first comma of an object becomes its brace.
    pub(super) prefix: Box<[u8]>,
    pub(super) slot: SlotId,
    /// For each list on the way to the named type, and for that type, whether it is never null.
    pub(super) non_null: Box<[bool]>,
    pub(super) kind: OutputKind,
    /// Different for all fields of the program.
    pub(super) id: u32,
    /// Which field of the selection this is.
    pub(super) of: (SelectionId, u32),
}

#[derive(Debug)]
pub(super) enum OutputKind {
    Leaf(Leaf),
    Object(OutputId, TypeId),
    /// For each type that an object can be, and for objects of unknown type.
    Abstract(Box<[(TypeId, OutputId)]>, OutputId),
    /// The name of the type, which is always this one, in quotes.
    StaticTypename(Box<[u8]>),
    /// The name of the object's own type.
    DynamicTypename,
    Introspection,
}

impl Program {
    /// Compiles `projection` for a tree whose root has the layout `root`.
    #[must_use]
    pub fn compile(projection: &Projection, types: &TypeNames, (layouts, root): (&Layouts, LayoutId)) -> Self {
        let mut compiler =
            Compiler { projection, types, layouts, objects: Vec::new(), known: AHashMap::new(), fields: 0 };
        let root = compiler.object(projection.root, Some(root));
        Self { objects: compiler.objects, root }
    }

    pub(super) fn get(&self, id: OutputId) -> Option<&OutputObject> {
        self.objects.get(id.0 as usize)
    }
}

struct Compiler<'a> {
    projection: &'a Projection,
    types: &'a TypeNames,
    layouts: &'a Layouts,
    objects: Vec<OutputObject>,
    /// The same selection on the same layout is compiled once.
    known: AHashMap<(u32, Option<LayoutId>), OutputId>,
    fields: u32,
}

impl Compiler<'_> {
    fn object(&mut self, selection: SelectionId, layout: Option<LayoutId>) -> OutputId {
        let key = (selection.0, layout.map(|layout| self.layouts.current(layout)));
        if let Some(&known) = self.known.get(&key) {
            return known;
        }
        // Reserved before what is below it: a layout can be below itself.
        let id = OutputId(u32::try_from(self.objects.len()).unwrap_or(u32::MAX));
        self.objects.push(OutputObject::default());
        self.known.insert(key, id);
        let projection = self.projection;
        let selected = projection.selections.get(selection);
        let mut fields = Vec::with_capacity(selected.len());
        for (index, field) in (0_u32..).zip(selected) {
            fields.push(self.field(field, layout, (selection, index)));
        }
        let is_conditional = selected.iter().any(|field| !field.alternatives.is_empty());
        if let Some(object) = self.objects.get_mut(id.0 as usize) {
            *object = OutputObject { fields, selection: Some(selection), is_conditional };
        }
        id
    }

    fn field(&mut self, field: &Field, layout: Option<LayoutId>, of: (SelectionId, u32)) -> OutputField {
        let slot = layout.map_or(SlotId::NONE, |layout| self.layouts.slot(layout, field.key));
        let below = layout.and_then(|layout| self.layouts.child(layout, field.key));
        let mut prefix = vec![b','];
        prefix.extend_from_slice(&field.prefix);
        let mut non_null = Vec::new();
        let leaf = levels(&field.output, &mut non_null);
        self.fields += 1;
        let id = self.fields;
        OutputField {
            prefix: prefix.into(),
            slot,
            non_null: non_null.into(),
            kind: self.kind(field, leaf, below),
            id,
            of,
        }
    }

    fn kind(&mut self, field: &Field, leaf: Option<&Leaf>, layout: Option<LayoutId>) -> OutputKind {
        match (field.source, leaf, &field.below) {
            (Source::Typename, ..) => {
                let parent = field.coordinate.split_once('.').map_or("", |(parent, _)| parent);
                if self.types.id(parent).is_some_and(|id| self.types.is_abstract(id)) {
                    return OutputKind::DynamicTypename;
                }
                OutputKind::StaticTypename(format!("\"{parent}\"").into_bytes().into())
            }
            (Source::Tree, Some(leaf), _) => OutputKind::Leaf(leaf.clone()),
            (Source::Tree, None, Below::Objects(by_type)) => match by_type.split_last() {
                Some((&(declared, general), rest)) if self.types.is_abstract(declared) => {
                    let by_type = rest.iter().map(|&(ty, selection)| (ty, self.object(selection, layout))).collect();
                    OutputKind::Abstract(by_type, self.object(general, layout))
                }
                Some((&(declared, selection), _)) => OutputKind::Object(self.object(selection, layout), declared),
                None => OutputKind::Introspection,
            },
            (Source::Schema | Source::Type | Source::Tree, ..) => OutputKind::Introspection,
        }
    }
}

/// Reads lists and non-null marks from the outside in; returns the leaf, if it is one.
fn levels<'o>(output: &'o Output, non_null: &mut Vec<bool>) -> Option<&'o Leaf> {
    let (inner, is_non_null) = match output {
        Output::NonNull(inner) => (&**inner, true),
        nullable => (nullable, false),
    };
    non_null.push(is_non_null);
    match inner {
        Output::List(items) => levels(items, non_null),
        Output::Leaf(leaf) => Some(leaf),
        Output::Composite(_) | Output::NonNull(_) => None,
    }
}

owns_nothing!(OutputId);
owns!(OutputField: prefix, non_null, kind);
owns!(OutputObject: fields);
owns!(Program: objects);

impl HeapBytes for OutputKind {
    fn heap_bytes(&self) -> usize {
        match self {
            Self::Leaf(leaf) => leaf.heap_bytes(),
            Self::Abstract(by_type, _) => by_type.heap_bytes(),
            Self::StaticTypename(name) => name.heap_bytes(),
            Self::Object(..) | Self::DynamicTypename | Self::Introspection => 0,
        }
    }
}
