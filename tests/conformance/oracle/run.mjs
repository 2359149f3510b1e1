// Compares the gateway with graphql-js on operations that are made up: `node run.mjs BINARY`.
//
// The environment says how much, see docs/conformance.md.
import { Random } from './random.mjs';
import { Oracle } from './oracle.mjs';
import { differences } from './compare.mjs';
import { freshStore } from './data.mjs';
import { startGateway } from './gateway.mjs';
import { generate } from './generate.mjs';
import { mutate } from './mutate.mjs';
import { shrink } from './shrink.mjs';

const [binary] = process.argv.slice(2);
const OPERATIONS = Number(process.env.OPERATIONS ?? 500);
const SEED = Number(process.env.SEED ?? 1);
const FIRST = Number(process.env.FIRST ?? 0);
const WRONG = Number(process.env.WRONG ?? 0.25);
/** How many differences are shrunk and shown; each costs many operations. */
const MAX_SHOWN = Number(process.env.SHOWN ?? 5);

const oracle = new Oracle();
const gateway = await startGateway(binary);

async function ask(operation) {
  gateway.subgraphs.store = freshStore();
  gateway.subgraphs.problems = [];
  const response = await fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
    body: JSON.stringify(operation),
  });
  const text = await response.text();
  try {
    return { status: response.status, ...JSON.parse(text) };
  } catch {
    return { status: response.status, errors: [{ message: `not JSON: ${text}` }] };
  }
}

/** What is wrong with the gateway's answer to `operation`. */
async function check(operation) {
  const expected = await oracle.answer(operation);
  const actual = await ask(operation);
  const found = differences(operation.query, expected, actual, oracle.possible(operation));
  const isRefused = expected.data === undefined;
  if ((actual.data === undefined) !== actual.status >= 400) found.push(`status ${actual.status}`);
  for (const problem of gateway.subgraphs.problems) found.push(`a subgraph refused: ${JSON.stringify(problem)}`);
  return { found, isRefused, hasErrors: (expected.errors ?? []).length > 0 };
}

/** The kind of a difference, so that shrinking does not end at another one. */
const kindOf = (found) => found[0]?.split(':')[0];

async function show(number, operation, found) {
  const kind = kindOf(found);
  const isSame = async (candidate) => kindOf((await check(candidate)).found) === kind;
  const small = await shrink(operation, isSame);
  console.log(`\ndifference in operation ${number} of seed ${SEED}:\n${small.query}`);
  console.log(`variables: ${JSON.stringify(small.variables)}${small.operationName ? `, operation: ${small.operationName}` : ''}`);
  for (const text of (await check(small)).found) console.log(`  ${text}`);
}

const counts = { valid: 0, refused: 0, withErrors: 0, different: 0 };
const started = Date.now();
try {
  for (let number = FIRST; number < FIRST + OPERATIONS; number += 1) {
    // Each operation has a seed of its own, so that one can be repeated alone.
    const random = new Random(SEED * 1_000_003 + number);
    let operation = generate(random, oracle.schema);
    if (random.chance(WRONG)) operation = mutate(random, operation);
    const { found, isRefused, hasErrors } = await check(operation);
    counts[isRefused ? 'refused' : 'valid'] += 1;
    if (hasErrors && !isRefused) counts.withErrors += 1;
    if (found.length === 0) continue;
    counts.different += 1;
    if (counts.different <= MAX_SHOWN) await show(number, operation, found);
  }
} finally {
  await gateway.stop();
}
const seconds = ((Date.now() - started) / 1000).toFixed(1);
console.log(
  `${OPERATIONS} operations of seed ${SEED} in ${seconds} s: ${counts.valid} answered (${counts.withErrors} with errors), ` +
    `${counts.refused} refused, ${gateway.subgraphs.requests} subgraph requests, ${counts.different} differences`,
);
process.exitCode = counts.different === 0 && counts.valid > OPERATIONS / 4 ? 0 : 1;
