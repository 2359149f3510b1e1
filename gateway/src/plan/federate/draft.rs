//! What a plan is made of while it is made: positions in what is asked, and sites where subgraphs answer them.

use std::rc::Rc;

use ahash::AHashMap;
use indexmap::IndexMap;

use super::{
    asked::{Asked, AskedFields, AskedId},
    state::State,
};
use crate::{
    schema::{
        TypeId, TypeNames,
        federation::{Federation, FieldIn, FieldSet, Key, SubgraphId},
    },
    value::Keys,
};

/// A place in what is asked, where objects are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct PositionId(pub(super) u32);

/// A selection of one fetch on the objects of one position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct SiteId(pub(super) u32);

/// One fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct GroupId(pub(super) u32);

/// How one comes to a position: the position above, the type that its field is asked of, and the field.
pub(super) type Above = (PositionId, TypeId, AskedId);

#[derive(Debug)]
pub(super) struct Position {
    pub(super) above: Option<Above>,
    /// The type that its objects have in the supergraph.
    pub(super) declared: TypeId,
    pub(super) below: AHashMap<(TypeId, AskedId), PositionId>,
    pub(super) sites: Vec<SiteId>,
}

/// A field to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Leaf {
    pub(super) at: PositionId,
    /// The type that it is asked of.
    pub(super) owner: TypeId,
    pub(super) asked: AskedId,
}

/// A selected field: the type that must be said with it, and the selection below.
pub(super) type Selected = (Option<TypeId>, Option<SiteId>);

#[derive(Debug)]
pub(super) struct Site<'a> {
    pub(super) at: PositionId,
    pub(super) group: GroupId,
    /// The site above in the same fetch.
    pub(super) above: Option<SiteId>,
    /// The type of the objects in the subgraph.
    pub(super) declared: TypeId,
    /// The objects that it has: those of this type.
    pub(super) covers: TypeId,
    /// What can be resolved here beside what can be everywhere.
    pub(super) provided: Option<&'a FieldSet>,
    /// By the type that it is asked of.
    pub(super) fields: IndexMap<(TypeId, AskedId), Selected, ahash::RandomState>,
    /// Whether the name of the type is asked for.
    pub(super) says_type: bool,
}

/// What starts a fetch.
#[derive(Debug, Clone, Copy)]
pub(super) enum Start {
    /// The root.
    Root,
    /// Objects of the query type at a position.
    Query(PositionId),
    /// Entities at a position, of a type that they have in the subgraph.
    Entities(PositionId, TypeId),
}

#[derive(Debug)]
pub(super) struct Group<'a> {
    pub(super) subgraph: SubgraphId,
    pub(super) start: Start,
    pub(super) site: SiteId,
    /// The length of the longest way to it.
    pub(super) level: u32,
    pub(super) after: Vec<GroupId>,
    /// The key that its entities are found by.
    pub(super) key: Option<&'a Key>,
    /// What its representations hold.
    pub(super) needs: Vec<&'a FieldSet>,
    /// The fields whose `@requires` they satisfy.
    pub(super) satisfied: Vec<&'a FieldIn>,
}

/// All of it.
pub(super) struct Draft<'a> {
    pub(super) federation: &'a Federation,
    pub(super) types: &'a TypeNames,
    /// Which labels of overrides are active.
    pub(super) active: &'a [bool],
    pub(super) asked: AskedFields<'a>,
    pub(super) positions: Vec<Position>,
    pub(super) sites: Vec<Site<'a>>,
    pub(super) groups: Vec<Group<'a>>,
    /// What can be reached, by position and the type that it is for; cleared with each new fetch.
    pub(super) known: AHashMap<(PositionId, TypeId), Rc<[Rc<State<'a>>]>>,
    /// How many ways by keys may still be looked at.
    pub(super) effort: usize,
    /// How many leaves are being planned that others need.
    pub(super) nesting: usize,
}

/// How many ways by keys may be looked at for one operation. Ordinary ones take hundreds to some thousands.
const MAX_EFFORT: usize = 2_000_000;

impl<'a> Draft<'a> {
    pub(super) fn new(
        (federation, types): (&'a Federation, &'a TypeNames),
        active: &'a [bool],
        asked: AskedFields<'a>,
        root: TypeId,
    ) -> Self {
        let root = Position { above: None, declared: root, below: AHashMap::new(), sites: Vec::new() };
        Self {
            federation,
            types,
            active,
            asked,
            positions: vec![root],
            sites: Vec::new(),
            groups: Vec::new(),
            known: AHashMap::new(),
            effort: MAX_EFFORT,
            nesting: 0,
        }
    }

    pub(super) fn position(&self, id: PositionId) -> Option<&Position> {
        self.positions.get(id.0 as usize)
    }

    pub(super) fn site(&self, id: SiteId) -> Option<&Site<'a>> {
        self.sites.get(id.0 as usize)
    }

    pub(super) fn site_mut(&mut self, id: SiteId) -> Option<&mut Site<'a>> {
        self.sites.get_mut(id.0 as usize)
    }

    pub(super) fn group(&self, id: GroupId) -> Option<&Group<'a>> {
        self.groups.get(id.0 as usize)
    }

    pub(super) fn group_of(&self, site: SiteId) -> Option<&Group<'a>> {
        self.group(self.site(site)?.group)
    }

    pub(super) fn field(&self, id: AskedId) -> &Asked<'a> {
        self.asked.get(id)
    }

    /// The position below a field, made if need be; `None` for leaves.
    pub(super) fn below(&mut self, at: PositionId, owner: TypeId, asked: AskedId) -> Option<PositionId> {
        if let Some(&known) = self.position(at)?.below.get(&(owner, asked)) {
            return Some(known);
        }
        let declared = self.federation.field(owner, self.field(asked).name)?.named?;
        let id = PositionId(number(self.positions.len()));
        let above = Some((at, owner, asked));
        self.positions.push(Position { above, declared, below: AHashMap::new(), sites: Vec::new() });
        self.positions.get_mut(at.0 as usize)?.below.insert((owner, asked), id);
        Some(id)
    }

    pub(super) fn add_site(&mut self, site: Site<'a>) -> SiteId {
        let id = SiteId(number(self.sites.len()));
        if let Some(position) = self.positions.get_mut(site.at.0 as usize) {
            position.sites.push(id);
        }
        self.sites.push(site);
        id
    }

    /// Adds a fetch with the selection that it starts with.
    pub(super) fn add_group(&mut self, group: Group<'a>, mut site: Site<'a>) -> SiteId {
        site.group = GroupId(number(self.groups.len()));
        let id = self.add_site(site);
        self.groups.push(Group { site: id, ..group });
        self.known.clear();
        id
    }

    /// A selection on objects of `declared`, whose type must be asked for when there are several.
    pub(super) fn new_site(&self, at: PositionId, subgraph: SubgraphId, declared: TypeId) -> Site<'a> {
        Site {
            at,
            group: GroupId(0),
            above: None,
            declared,
            covers: self.position(at).map_or(declared, |position| position.declared),
            provided: None,
            fields: IndexMap::default(),
            says_type: self.is_several(declared, subgraph),
        }
    }

    /// Whether objects of a type of a subgraph may be of several.
    pub(super) fn is_several(&self, ty: TypeId, subgraph: SubgraphId) -> bool {
        let is_object = self.federation.type_in(ty, subgraph).is_some_and(|ty| ty.is_interface_object);
        self.types.is_abstract(ty) && !is_object
    }

    /// Whether all objects of type `inner` are of type `outer`.
    pub(super) fn is_within(&self, inner: TypeId, outer: TypeId) -> bool {
        self.types.fits(inner, outer)
    }

    /// The key of an internal field.
    pub(super) fn internal(&mut self, name: &'a str, arguments: &str, keys: &mut Keys) -> AskedId {
        self.asked.internal(name, arguments, keys)
    }
}

pub(super) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
