// Reads the gateway's parts with Apollo Client 4, in both of its forms, and compares them with what graphql-js 17 makes of
// the same operation and data: `node incremental/clients.mjs path/to/selvedge`.
import assert from 'node:assert/strict';
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { Defer20220824Handler, GraphQL17Alpha9Handler } from '@apollo/client/incremental';
import {
  buildClientSchema,
  experimentalExecuteIncrementally,
  getIntrospectionQuery,
  parse,
  validate,
} from 'graphql-17';
import { startGateway } from '../oracle/gateway.mjs';
import { OPERATIONS } from './operations.mjs';

const HANDLERS = { 'deferSpec=20220824': Defer20220824Handler, 'incrementalSpec=v0.2': GraphQL17Alpha9Handler };

async function post(url, query, accept = 'application/json') {
  const body = JSON.stringify({ query });
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', accept }, body });
  return { type: response.headers.get('content-type'), text: await response.text() };
}

/** Variables are for nothing but `@defer`. */
const withoutDefer = (text) => text.replaceAll(/@defer(\([^)]*\))?/g, '').replace(/^query\([^)]*\)/, '');

/** What a client shows, one after the other. */
function shown(url, text, Handler, possibleTypes) {
  const client = new ApolloClient({
    cache: new InMemoryCache({ possibleTypes }),
    link: new HttpLink({ uri: url }),
    incrementalHandler: new Handler(),
  });
  if (text.startsWith('mutation')) {
    // A mutation's promise waits for all parts.
    return client.mutate({ mutation: gql(text), errorPolicy: 'all' }).then((result) => [{ ...result, dataState: 'complete' }]);
  }
  return new Promise((done, failed) => {
    const results = [];
    const query = client.watchQuery({ query: gql(text), fetchPolicy: 'network-only', errorPolicy: 'all' });
    query.subscribe({
      next(result) {
        if (result.data === undefined && result.loading) return;
        results.push(structuredClone({ data: result.data, dataState: result.dataState }));
        if (!result.loading) done(results);
      },
      error: failed,
    });
  });
}

/** The parts of a `multipart/mixed` body. */
function partsOf(text) {
  const sections = text.split('\r\n---');
  assert.equal(sections.shift(), '');
  assert.equal(sections.pop(), '--\r\n');
  return sections.map((section) => JSON.parse(section.slice(section.indexOf('\r\n\r\n'))));
}

/** What is announced and what comes, whenever it does and by whichever fragment. */
function told(parts) {
  const pending = new Map();
  const increments = [];
  for (const part of parts) {
    for (const { id, path, label } of part.pending ?? []) pending.set(id, { path, label });
    for (const { id, subPath, data } of part.incremental ?? []) {
      increments.push({ path: [...pending.get(id).path, ...(subPath ?? [])], data });
    }
  }
  const sorted = (items) => items.map((item) => JSON.stringify(canonical(item))).sort();
  return { data: canonical(parts[0].data), pending: sorted([...pending.values()]), increments: sorted(increments) };
}

function canonical(value) {
  if (Array.isArray(value)) return value.map(canonical);
  if (value === null || typeof value !== 'object') return value;
  const keys = Object.keys(value).filter((key) => value[key] !== undefined).sort();
  return Object.fromEntries(keys.map((key) => [key, canonical(value[key])]));
}

async function reference(schema, text, rootValue) {
  const document = parse(text);
  assert.deepEqual(validate(schema, document), []);
  const result = await experimentalExecuteIncrementally({ schema, document, rootValue });
  if (!('initialResult' in result)) return [result];
  const parts = [result.initialResult];
  for await (const part of result.subsequentResults) parts.push(part);
  return parts;
}

const { url, stop, said } = await startGateway(process.argv[2]);
let failures = 0;
try {
  const introspection = JSON.parse((await post(url, getIntrospectionQuery())).text).data;
  const schema = buildClientSchema(introspection);
  const possibleTypes = Object.fromEntries(
    introspection.__schema.types
      .filter((type) => type.possibleTypes)
      .map((type) => [type.name, type.possibleTypes.map((possible) => possible.name)]),
  );
  for (const { name, text } of OPERATIONS) {
    const whole = JSON.parse((await post(url, withoutDefer(text))).text);
    const check = async (what, run) => {
      try {
        await run();
      } catch (error) {
        failures += 1;
        console.log(`${name}, ${what}: ${error.stack ?? error}`);
      }
    };
    for (const [form, Handler] of Object.entries(HANDLERS)) {
      await check(`Apollo Client, ${form}`, async () => {
        const { type, text: body } = await post(url, text, `multipart/mixed;${form},application/json`);
        assert.equal(type, `multipart/mixed; boundary="-"; ${form}`);
        assert.ok(partsOf(body).length > 1);
        const results = await shown(url, text, Handler, possibleTypes);
        const last = results.at(-1);
        assert.equal(last.dataState, 'complete');
        assert.deepEqual(canonical(last.data), canonical(whole.data));
        // It may skip a state that the next one overtakes, but shows no state that takes back what was there.
        for (const result of results) assertWithin(result.data, whole.data);
      });
    }
    await check('graphql-js 17', async () => {
      const { text: body } = await post(url, text, 'multipart/mixed');
      const theirs = await reference(schema, text, whole.data);
      assert.deepEqual(told(partsOf(body)), told(theirs));
    });
  }
} finally {
  await stop();
}
if (failures > 0) console.log(said());
console.log(`${OPERATIONS.length} operations, ${failures} failures`);
process.exitCode = failures === 0 ? 0 : 1;

function assertWithin(part, whole) {
  if (part === null || typeof part !== 'object') return assert.deepEqual(part, whole);
  for (const key of Object.keys(part)) assertWithin(part[key], whole[key]);
}
