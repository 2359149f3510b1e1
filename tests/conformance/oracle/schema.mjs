// The subgraphs' schemas, and the one schema that they make together.
import { readFileSync } from 'node:fs';
import { buildASTSchema, parse, Kind } from 'graphql';
import { entityOf, resolvers } from './resolvers.mjs';

export const SUBGRAPHS = ['catalog', 'reviews', 'people', 'stock'];

export const sdlFile = (name) => new URL(`./subgraphs/${name}.graphql`, import.meta.url);

/** Directives that clients see; all others are federation's. */
const KEPT = ['deprecated', 'specifiedBy', 'oneOf'];

/** The schema as a client of everything sees it: each type has the fields that any subgraph gives it. */
export function monolithSchema() {
  const types = new Map();
  for (const name of SUBGRAPHS) {
    for (const definition of parse(readFileSync(sdlFile(name), 'utf8')).definitions) {
      if (definition.kind === Kind.SCHEMA_EXTENSION) continue;
      const known = types.get(definition.name.value);
      types.set(definition.name.value, known ? merged(known, definition) : definition);
    }
  }
  return buildASTSchema({ kind: Kind.DOCUMENT, definitions: [...types.values()].map(withoutFederation) });
}

function merged(left, right) {
  const union = (a = [], b = []) => [...a, ...b.filter((it) => !a.some((known) => known.name.value === it.name.value))];
  return {
    ...left,
    interfaces: union(left.interfaces, right.interfaces),
    fields: union(left.fields, right.fields),
    types: union(left.types, right.types),
    values: union(left.values, right.values),
  };
}

function withoutFederation(node) {
  if (Array.isArray(node)) return node.map(withoutFederation);
  if (typeof node !== 'object' || node === null) return node;
  const copy = {};
  for (const [key, value] of Object.entries(node)) {
    if (key === 'loc') continue;
    const kept = key === 'directives' ? value.filter((it) => KEPT.includes(it.name.value)) : value;
    copy[key] = withoutFederation(kept);
  }
  return copy;
}

/** The schema that a subgraph executes: its own, with what federation adds. */
export function subgraphSchema(name) {
  const document = parse(readFileSync(sdlFile(name), 'utf8'));
  const entities = document.definitions
    .filter((it) => it.kind === Kind.OBJECT_TYPE_DEFINITION && it.directives.some(({ name }) => name.value === 'key'))
    .map((it) => it.name.value);
  const added = parse(`
    scalar _Any
    union _Entity = ${entities.join(' | ')}
    extend type Query { _entities(representations: [_Any!]!): [_Entity]! }
  `);
  const definitions = document.definitions.filter((it) => it.kind !== Kind.SCHEMA_EXTENSION);
  const schema = buildASTSchema(
    { kind: Kind.DOCUMENT, definitions: [...definitions.map(withoutFederation), ...added.definitions] },
    { assumeValidSDL: true },
  );
  schema.getQueryType().getFields()._entities.resolve = (_, { representations }, context) =>
    representations.map((representation) => entityOf(name, representation, context));
  return schema;
}

/** Looks the behaviour of a field up by its type and name; without any, the value has it. */
export function resolveField(source, args, context, info) {
  const resolve = resolvers[info.parentType.name]?.[info.fieldName];
  return resolve ? resolve(source, args, context, info) : source?.[info.fieldName];
}
