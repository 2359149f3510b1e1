// Breaks operations: most of what comes out must be refused.
import { parse, print, visit } from 'graphql';

const name = (value) => ({ kind: 'Name', value });

/** What can be done to one node; returns what takes its place, or nothing. */
const CHANGES = [
  [['Field'], (node, random) => ({ ...node, name: name(random.pick(['nmae', 'id', 'titel', '__schema', 'pages', 'unknown'])) })],
  [['Field'], (node) => ({ ...node, selectionSet: undefined })],
  [['Field'], (node) => ({ ...node, selectionSet: { kind: 'SelectionSet', selections: [{ kind: 'Field', name: name('id') }] } })],
  [['Field'], (node) => ({ ...node, arguments: [] })],
  [['Field'], (node) => ({ ...node, arguments: [...(node.arguments ?? []), ...(node.arguments ?? [])] })],
  [['Field'], (node, random) => ({ ...node, alias: name(random.pick(['id', 'title', '__typename'])) })],
  [['Argument'], (node, random) => ({ ...node, name: name(random.pick(['frist', 'if', 'id', 'unknown'])) })],
  [['Field', 'InlineFragment', 'FragmentSpread', 'OperationDefinition', 'FragmentDefinition'], (node, random) => ({
    ...node,
    directives: [...(node.directives ?? []), directive(random), directive(random)].slice(random.below(2)),
  })],
  [['NamedType'], (node, random) => ({ ...node, name: name(random.pick(['Bok', 'Toy', 'Node', 'Int', 'SearchResult', 'BoxInput', 'Query'])) })],
  [['FragmentSpread'], (node, random) => ({ ...node, name: name(random.pick(['F0', 'F1', 'Missing'])) })],
  [['FragmentDefinition'], (node, random) => ({ ...node, name: name(random.pick(['F0', 'F1', 'Unused'])) })],
  [['OperationDefinition'], (node, random) => ({ ...node, operation: random.pick(['query', 'mutation', 'subscription']) })],
  [['OperationDefinition'], (node) => ({ ...node, name: undefined })],
  [['OperationDefinition'], (node) => ({ ...node, variableDefinitions: [] })],
  [['OperationDefinition'], (node) => ({
    ...node,
    variableDefinitions: [...(node.variableDefinitions ?? []), ...(node.variableDefinitions ?? []).slice(0, 1), variable()],
  })],
  [['Variable'], (node, random) => ({ ...node, name: name(random.pick(['v0', 'v1', 'missing'])) })],
  [['ObjectField'], (node, random) => ({ ...node, name: name(random.pick(['needed', 'nedeed', 'text', 'kinds'])) })],
  [['ObjectValue'], (node) => ({ ...node, fields: [...node.fields, ...node.fields.slice(0, 1)] })],
  [['ObjectValue'], (node) => ({ ...node, fields: node.fields.slice(1) })],
  [['IntValue', 'FloatValue', 'StringValue', 'BooleanValue', 'EnumValue', 'NullValue', 'ListValue', 'ObjectValue'], (_, random) => ({
    ...random.pick([
      { kind: 'NullValue' },
      { kind: 'IntValue', value: '2147483648' },
      { kind: 'FloatValue', value: '1.5' },
      { kind: 'StringValue', value: 'text' },
      { kind: 'EnumValue', value: 'BOK' },
      { kind: 'EnumValue', value: 'TOY' },
      { kind: 'BooleanValue', value: true },
      { kind: 'ListValue', values: [{ kind: 'IntValue', value: '1' }, { kind: 'NullValue' }] },
      { kind: 'ObjectValue', fields: [] },
      { kind: 'Variable', name: name('v0') },
    ]),
  })],
];

function directive(random) {
  const argument = { kind: 'Argument', name: name(random.pick(['if', 'if', 'unless'])), value: { kind: 'BooleanValue', value: true } };
  return {
    kind: 'Directive',
    name: name(random.pick(['skip', 'include', 'unknown', 'deprecated'])),
    arguments: random.chance(0.8) ? [argument] : [],
  };
}

const variable = () => ({
  kind: 'VariableDefinition',
  variable: { kind: 'Variable', name: name('unused') },
  type: { kind: 'NamedType', name: name('Int') },
});

/** The same operation, with one to three things wrong. */
export function mutate(random, operation) {
  if (random.chance(0.15)) return { ...operation, query: scratched(random, operation.query) };
  if (random.chance(0.15)) return { ...operation, variables: spoiled(random, operation.variables) };
  let document = parse(operation.query);
  for (let times = 1 + random.below(3); times > 0; times -= 1) document = changed(random, document);
  return { ...operation, query: print(document) };
}

function changed(random, document) {
  const [kinds, change] = random.pick(CHANGES);
  const places = [];
  let at = -1;
  visit(document, {
    enter(node) {
      at += 1;
      if (kinds.includes(node.kind)) places.push(at);
    },
  });
  const wanted = random.pick(places);
  at = -1;
  return visit(document, {
    enter(node) {
      at += 1;
      return at === wanted ? change(node, random) : undefined;
    },
  });
}

/** A character more or less. */
function scratched(random, query) {
  const at = random.below(query.length);
  const added = random.pick(['{', '}', '(', ')', '"', '$', '@', ':', '!', '...', '1', '.', '\\', '\u0000', '\uFEFF', 'é', '#', "'", '&', '""']);
  const made = random.chance(0.5) ? query.slice(0, at) + query.slice(at + 1) : query.slice(0, at) + added + query.slice(at);
  // Half of a character is no text, and cannot be sent.
  return made.isWellFormed() ? made : query;
}

function spoiled(random, variables = {}) {
  const names = Object.keys(variables);
  const spoil = random.pick(names) ?? 'v0';
  const wrong = random.pick([null, 1.5, 2147483648, 'text', true, [null], [['1']], {}, { needed: 'a', unknown: 1 }, { text: null }, 'BOK', 1e300]);
  return random.chance(0.2) ? Object.fromEntries(Object.entries(variables).filter(([it]) => it !== spoil)) : { ...variables, [spoil]: wrong };
}
