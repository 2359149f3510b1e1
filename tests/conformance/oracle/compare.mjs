// What counts as the same answer. The only differences that are let pass are listed here:
//
// 1. Errors of execution: `extensions` and `locations` are the gateway's own and are not compared.
// 2. A field that is nulled for what is below it: the specification lets a server stop at the first error that it finds
//    there, so the errors below need not be the same ones. Those of the gateway must be ones that can happen.
// 3. The order of lists in introspection: the gateway's schema is composed.
// 4. Where an operation is refused, `extensions` are not compared.
// 5. Refused before execution, and by graphql-js 16 in it: an operation of a kind that the schema lacks, which is not
//    valid since September 2025, and null for a variable that `@skip` or `@include` asks.
//    Also an alias of `__typename` whose value has another type than its namesake's: graphql-js does not know the type
//    of `__typename` where it looks for conflicts.
// 6. A message that repeats an argument as the subgraph got it: the gateway writes the same value in another way.
import { parse, visit } from 'graphql';

const REFUSED = / operation is not supported by this schema|^Argument "if" of non-null type/;
/** `includeDeprecated` cannot be null since September 2025. */
const STRICT = /( used in position expecting type "Boolean)!"/;
const CONFLICTING = /conflict because .*they return conflicting types "/;
const REPEATED = /^(Argument "\w+" has invalid value ).*$/s;

/** Why two answers differ, as texts; none when they do not. `possible` says which errors can happen. */
export function differences(query, expected, actual, possible) {
  if (actual.data === undefined && actual.errors?.some(({ message }) => REFUSED.test(message))) return [];
  if (expected.data === undefined) return refusals(expected, actual);
  const isTypename = /\w+: __typename/.test(query);
  if (actual.data === undefined && isTypename && actual.errors?.every(({ message }) => CONFLICTING.test(message))) return [];
  if (actual.data === undefined) return [`refused: ${JSON.stringify(actual.errors)}`];
  const keys = introspectionKeys(query);
  const ours = JSON.stringify(sorted(actual.data, keys));
  const theirs = JSON.stringify(sorted(expected.data, keys));
  if (ours !== theirs) return [`data: expected ${theirs}\n       found    ${ours}`];
  return errorDifferences(expected, actual, possible);
}

function refusals(expected, actual) {
  if (actual.data !== undefined) return [`not refused; expected ${JSON.stringify(expected.errors)}`];
  const told = (errors) =>
    (errors ?? []).map(({ message, locations }) => JSON.stringify({ message: message.replace(STRICT, '$1"'), locations })).sort();
  const [ours, theirs] = [told(actual.errors), told(expected.errors)];
  if (ours.length === 0) return ['refused without an error'];
  if (ours.join() === theirs.join()) return [];
  // Which fields conflict is told in other words, and not where something worse is wrong.
  const rest = (errors) => errors.filter((error) => !/conflict because/.test(error)).join();
  if (rest(ours) === rest(theirs) && (rest(ours) !== '' || theirs.length > 0)) return [];
  return [`refusal: expected ${theirs.join('\n                  ')}\n         found    ${ours.join('\n                  ')}`];
}

function errorDifferences(expected, actual, possible) {
  const [theirs, ours] = [byTarget(expected), byTarget(actual)];
  const found = [];
  for (const target of new Set([...theirs.keys(), ...ours.keys()])) {
    const [their, our] = [theirs.get(target) ?? [], ours.get(target) ?? []];
    if (their.length === 0) found.push(`error that is not expected: ${our.join()}`);
    else if (our.length === 0) found.push(`error is missing: ${their.join()}`);
    else {
      const isOwn = (error) => JSON.stringify(JSON.parse(error).path) === target;
      const own = (errors) => errors.filter(isOwn).sort().join();
      if (their.every(isOwn) && our.every(isOwn) && own(their) !== own(our)) {
        found.push(`errors at ${target}: expected ${own(their)}\n  found ${own(our)}`);
      }
      const impossible = our.filter((error) => !their.includes(error) && !possible(JSON.parse(error)));
      if (impossible.length > 0) found.push(`error that cannot happen: ${impossible.join()}; expected ${their.join()}`);
    }
  }
  return found;
}

/** An error as a text to compare. */
export const toldError = ({ message, path }) => JSON.stringify({ message: message.replace(REPEATED, '$1'), path });

/** The errors by the path of the null that they explain. */
function byTarget({ data, errors = [] }) {
  const targets = new Map();
  for (const { message, path = [] } of errors) {
    let value = data;
    let depth = 0;
    while (value != null && depth < path.length) {
      value = value[path[depth]];
      depth += 1;
    }
    const target = JSON.stringify(path.slice(0, depth));
    targets.set(target, [...(targets.get(target) ?? []), toldError({ message, path })]);
  }
  return targets;
}

function introspectionKeys(query) {
  const keys = new Set();
  visit(parse(query), {
    Field: ({ name, alias }) => {
      if (name.value === '__type' || name.value === '__schema') keys.add((alias ?? name).value);
    },
  });
  return keys;
}

function sorted(data, keys) {
  if (data === null || keys.size === 0) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, keys.has(key) ? sortedLists(value) : value]));
}

function sortedLists(value) {
  if (Array.isArray(value)) {
    return value.map(sortedLists).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, sortedLists(inner)]));
}
