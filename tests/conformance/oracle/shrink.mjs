// Makes an operation smaller for as long as it stays interesting.
import { parse, print, visit } from 'graphql';

const MAX_TRIES = 2_000;

/** The smallest operation that was found for which `isInteresting` still holds. */
export async function shrink(operation, isInteresting) {
  let best = operation;
  let tries = 0;
  let isSmaller = true;
  while (isSmaller && tries < MAX_TRIES) {
    isSmaller = false;
    for (const candidate of candidates(best)) {
      tries += 1;
      if (tries >= MAX_TRIES) break;
      if (size(candidate) < size(best) && (await isInteresting(candidate))) {
        best = candidate;
        isSmaller = true;
        break;
      }
    }
  }
  return best;
}

const size = ({ query, variables }) => query.length + JSON.stringify(variables ?? {}).length;

/** Nodes that can be left out of the list that they are in. */
const REMOVABLE = new Set([
  'Field', 'FragmentSpread', 'InlineFragment', 'Argument', 'Directive', 'VariableDefinition', 'FragmentDefinition',
  'OperationDefinition', 'ObjectField',
]);
const VALUES = new Set(['ListValue', 'ObjectValue', 'StringValue', 'IntValue', 'FloatValue']);

function* candidates({ query, variables, operationName }) {
  let document;
  try {
    document = parse(query);
  } catch {
    // What is no document is shortened by its characters.
    for (let length = query.length >> 1; length >= 1; length >>= 1) {
      for (let at = 0; at < query.length; at += length) {
        yield { query: query.slice(0, at) + query.slice(at + length), variables, operationName };
      }
    }
    return;
  }
  let count = 0;
  visit(document, { enter: () => void (count += 1) });
  for (let wanted = 0; wanted < count; wanted += 1) {
    for (const change of ['remove', 'unwrap', 'simplify']) {
      const changed = edit(document, wanted, change);
      if (changed) yield { query: print(withoutUnused(changed)), variables, operationName };
    }
  }
  for (const name of Object.keys(variables ?? {})) {
    const { [name]: _, ...rest } = variables;
    yield { query, variables: rest, operationName };
  }
  if (operationName) yield { query, variables, operationName: undefined };
}

function edit(document, wanted, change) {
  let at = -1;
  let isChanged = false;
  const changed = visit(document, {
    enter(node) {
      at += 1;
      if (at !== wanted) return undefined;
      isChanged = true;
      if (change === 'remove' && REMOVABLE.has(node.kind)) return null;
      if (change === 'simplify' && node.kind === 'Field' && node.alias) return { ...node, alias: undefined };
      if (change === 'simplify' && VALUES.has(node.kind)) return { kind: 'NullValue' };
      if (change === 'simplify' && node.kind === 'OperationDefinition') return { ...node, name: undefined };
      if (change === 'unwrap' && node.kind === 'SelectionSet') {
        const inner = node.selections.flatMap((it) => (it.kind === 'InlineFragment' ? it.selectionSet.selections : [it]));
        if (inner.length !== node.selections.length || inner.some((it, i) => it !== node.selections[i])) {
          return { ...node, selections: inner };
        }
      }
      isChanged = false;
      return undefined;
    },
  });
  return isChanged && isWhole(changed) ? changed : undefined;
}

/** Whether no selection set became empty. */
function isWhole(document) {
  let whole = document.definitions.length > 0;
  visit(document, {
    SelectionSet: (node) => {
      if (node.selections.length === 0) whole = false;
    },
  });
  return whole;
}

/** Without fragments and variables that nothing uses any more. */
function withoutUnused(document) {
  const used = new Set();
  const variables = new Set();
  visit(document, {
    FragmentSpread: ({ name }) => void used.add(name.value),
    Variable: (node, _, parent) => {
      if (parent?.kind !== 'VariableDefinition') variables.add(node.name.value);
    },
  });
  return visit(document, {
    FragmentDefinition: (node) => (used.has(node.name.value) ? undefined : null),
    VariableDefinition: (node) => (variables.has(node.variable.name.value) ? undefined : null),
  });
}
