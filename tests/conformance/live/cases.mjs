// What every client library must see, by whichever protocol it listens.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, token } from './shop.mjs';

const LONG_MS = 15_000;

/** What a subscription gave, in order: values, then `complete` or what went wrong. */
export class Heard {
  values = [];
  errors = [];
  isComplete = false;
  failure = null;

  static to(client, query, variables = {}) {
    const heard = new Heard();
    heard.unsubscribe = client.subscribe({ query, variables }, {
      next: ({ data, errors }) => {
        if (errors?.length) heard.errors.push(...errors);
        heard.values.push(data);
      },
      error: (failure) => (heard.failure = failure ?? new Error('unknown')),
      complete: () => (heard.isComplete = true),
    });
    return heard;
  }

  get isOver() {
    return this.isComplete || this.failure !== null;
  }
}

/** The messages of whatever an error of a library holds. */
export function messages(failure) {
  const errors = Array.isArray(failure) ? failure : (failure?.errors ?? failure?.graphQLErrors ?? [failure]);
  return [...errors].map((error) => error?.message ?? error?.reason ?? String(error));
}

/** The cases that all of them have in common; `connect` makes a client, with a token if one is given. */
export function common(shop, connect) {
  const within = async (authorization, run) => {
    const client = connect(authorization);
    try {
      return await run(client);
    } finally {
      await client.dispose();
    }
  };
  return {
    'values come in order, and then the end': () => within(undefined, async (client) => {
      const heard = Heard.to(client, 'subscription ($to: Int!) { count(to: $to) }', { to: 20 });
      await eventually('the end', () => heard.isOver);
      assert.equal(heard.failure, null);
      assert.deepEqual(heard.values, Array.from({ length: 20 }, (_, at) => ({ count: at + 1 })));
    }),
    'an operation that is not valid is an error': () => within(undefined, async (client) => {
      const heard = Heard.to(client, 'subscription { nothing }');
      await eventually('an error', () => heard.isOver || heard.errors.length > 0);
      const told = [...heard.errors, ...(heard.failure ? [heard.failure] : [])].flatMap(messages).join('; ');
      assert.match(told, client.invalid ?? /nothing/);
      assert.ok(heard.values.every((value) => value == null));
    }),
    'a field that fails does not end the stream': () => within(undefined, async (client) => {
      const heard = Heard.to(client, 'subscription { failing }');
      await eventually('the end', () => heard.isOver);
      assert.deepEqual(heard.values, [{ failing: 1 }, { failing: null }]);
      assert.match(messages(heard.errors)[0], /no second|subgraph/);
    }),
    'who leaves ends the upstream': () => within(undefined, async (client) => {
      shop.stock.say('A', 1);
      const heard = Heard.to(client, 'subscription { stock(sku: "A") }');
      await eventually('the first value', () => heard.values.length === 1);
      assert.equal(shop.stock.live, 1);
      heard.unsubscribe();
      await eventually('the end of the upstream', () => shop.stock.live === 0);
      shop.stock.say('A', 2);
      await sleep(100);
      assert.deepEqual(heard.values, [{ stock: 1 }]);
    }),
    'a token says who asks': () => within(`Bearer ${token('ann')}`, async (client) => {
      if (client.query) assert.deepEqual((await client.query('{ me }')).data, { me: 'ann' });
      const heard = Heard.to(client, 'subscription { count(to: 1) }');
      await eventually('the end', () => heard.isOver);
      assert.deepEqual([heard.values, heard.failure], [[{ count: 1 }], null]);
    }),
    'a token that is refused is an error': () => within(`Bearer ${token('ann', -60)}`, async (client) => {
      const heard = Heard.to(client, 'subscription { count(to: 1) }');
      await eventually('a refusal', () => heard.isOver || (client.refusals?.length ?? 0) > 0);
      const told = [...messages(heard.failure ?? []), ...(client.refusals ?? [])].join('; ');
      assert.match(told, client.refused);
      assert.deepEqual(heard.values, []);
    }),
    'messages may be large': () => within(undefined, async (client) => {
      const heard = Heard.to(client, 'subscription { large(kib: 600) }');
      await eventually('the end', () => heard.isOver);
      assert.equal(heard.failure, null);
      assert.equal(heard.values[0].large.length, 600 * 1024);
      if (client.query) {
        const text = 'y'.repeat(200 * 1024);
        assert.equal((await client.query('query ($text: String!) { echo(text: $text) }', { text })).data.echo.length, text.length);
      }
    }),
    'a stream that says nothing for long lives': () => within(undefined, async (client) => {
      const heard = Heard.to(client, 'subscription { late(ms: 2000) }');
      await eventually('the end', () => heard.isOver);
      assert.deepEqual([heard.values, heard.failure], [[{ late: 2000 }], null]);
    }),
    'a client finds a gateway that comes back': () => within(undefined, async (client) => {
      shop.stock.say('B', 1);
      let heard = Heard.to(client, 'subscription { stock(sku: "B") }');
      await eventually('the first value', () => heard.values.length === 1);
      await shop.stopGateway();
      await eventually('the end of the upstream', () => shop.stock.live === 0);
      shop.stock.say('B', 2);
      await shop.startGateway();
      if (client.endsWithGateway) {
        // It is told, and leaves it to its user to subscribe again.
        await eventually('an error', () => heard.isOver);
        assert.match(messages(heard.failure).join(), client.endsWithGateway);
        heard = Heard.to(client, 'subscription { stock(sku: "B") }');
      }
      await eventually('the value of meanwhile', () => heard.values.some((value) => value.stock === 2));
      heard.unsubscribe();
      await eventually('the end of the upstream', () => shop.stock.live === 0);
    }),
  };
}

/** Runs cases one after the other; how many failed. */
export async function run(name, cases) {
  let failures = 0;
  for (const [what, check] of Object.entries(cases)) {
    const started = Date.now();
    const late = sleep(LONG_MS, undefined, { ref: false }).then(() => {
      throw new Error('not within 15 s');
    });
    try {
      await Promise.race([check(), late]);
      console.log(`ok: ${name}: ${what} (${Date.now() - started} ms)`);
    } catch (error) {
      failures += 1;
      console.log(`FAILED: ${name}: ${what}: ${error.stack ?? JSON.stringify(error)}`);
    }
  }
  return failures;
}
