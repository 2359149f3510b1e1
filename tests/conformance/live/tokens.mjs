// What becomes of a stream whose token runs out.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { graphqlWs } from './clients.mjs';
import { Heard, messages } from './cases.mjs';
import { eventually, token } from './shop.mjs';

/** Over a socket a new token takes the place of the old one. */
export function renewal(shop) {
  return {
    'a ping renews the token, and without one the connection is closed': async () => {
      let socket;
      const acknowledged = [];
      const closes = [];
      const pongs = [];
      const on = {
        opened: (opened) => {
          socket = opened;
        },
        connected: (_, payload) => acknowledged.push(payload),
        closed: ({ code, reason }) => closes.push(`${code} ${reason}`),
        pong: (received, payload) => received && pongs.push(payload),
      };
      const client = graphqlWs(shop, { on })(`Bearer ${token('ann', 2)}`);
      shop.stock.say('C', 1);
      const heard = Heard.to(client, 'subscription { stock(sku: "C") }');
      await eventually('the first value', () => heard.values.length === 1);
      const ends = (payload) => (Date.parse(payload.expiresAt) - Date.now()) / 1000;
      assert.ok(ends(acknowledged[0]) > 0.5 && ends(acknowledged[0]) <= 2, JSON.stringify(acknowledged));
      socket.send(JSON.stringify({ type: 'ping', payload: { authorization: `Bearer ${token('ann', 4)}` } }));
      await eventually('a pong', () => pongs.length === 1);
      assert.ok(ends(pongs[0]) > 2, JSON.stringify(pongs));
      await sleep(2_200);
      shop.stock.say('C', 2);
      await eventually('a value under the new token', () => heard.values.length === 2);
      assert.deepEqual(closes, []);
      await eventually('the close', () => closes.length > 0);
      assert.equal(closes[0], '4403 Forbidden: the token has expired');
      await client.dispose();
    },
  };
}

/** Over HTTP the stream ends, and says why. */
export function httpTokens(connect) {
  return {
    'a token that runs out ends the stream with an error': async () => {
      const client = connect(`Bearer ${token('ann', 1.5)}`);
      const heard = Heard.to(client, 'subscription { late(ms: 60000) }');
      await eventually('the end', () => heard.isOver);
      const told = [...heard.errors, ...(heard.failure ? [heard.failure] : [])].flatMap(messages).join('; ');
      assert.match(told, /the token has expired; subscribe again with a new one/);
      await client.dispose();
    },
  };
}
