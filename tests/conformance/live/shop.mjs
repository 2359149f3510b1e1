// A gateway over one subgraph that has subscriptions, for as long as a test runs.
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildSchema, graphql } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

const START_WITHIN_MS = 60_000;
const SECRET = 'a secret of the conformance tests, long enough';

const SDL = `
type Query {
  "Who asks."
  me: String
  echo(text: String!): String!
}

type Subscription {
  "From 1 to a number, and the end."
  count(to: Int!): Int!
  "1, then a failure."
  failing: Int
  "One text of so many KiB."
  large(kib: Int!): String!
  "One value, after a while."
  late(ms: Int!): Int!
  "What the test says."
  stock(sku: String!): Int!
}
`;

/** Yields what is said about a SKU, the newest first, as long as someone listens. */
class Stock {
  live = 0;
  #newest = new Map();
  #listeners = new Set();

  say(sku, available) {
    this.#newest.set(sku, available);
    for (const listener of this.#listeners) listener();
  }

  listen(sku) {
    const stock = this;
    stock.live += 1;
    let wake = () => {};
    let isOver = false;
    let seen;
    const listener = () => wake();
    stock.#listeners.add(listener);
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      async next() {
        while (!isOver && (!stock.#newest.has(sku) || stock.#newest.get(sku) === seen)) {
          await new Promise((done) => (wake = done));
        }
        if (isOver) return { done: true, value: undefined };
        seen = stock.#newest.get(sku);
        return { done: false, value: { stock: seen } };
      },
      async return() {
        if (!isOver) {
          isOver = true;
          stock.live -= 1;
          stock.#listeners.delete(listener);
          wake();
        }
        return { done: true, value: undefined };
      },
    };
  }
}

/** The subject of the identity that the gateway signs. */
function subject(headers) {
  const token = headers['x-selvedge-identity'];
  return token === undefined ? null : JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).sub ?? null;
}

async function startSubgraph() {
  const stock = new Stock();
  const schema = buildSchema(SDL);
  const roots = {
    me: (_, { headers }) => subject(headers),
    echo: ({ text }) => text,
    async *count({ to }) {
      for (let count = 1; count <= to; count += 1) yield { count };
    },
    async *failing() {
      yield { failing: 1 };
      yield { failing: () => Promise.reject(new Error('there is no second')) };
    },
    async *large({ kib }) {
      yield { large: 'x'.repeat(kib * 1024) };
    },
    async *late({ ms }) {
      await sleep(ms);
      yield { late: ms };
    },
    stock: ({ sku }) => stock.listen(sku),
  };
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { query, variables } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    const contextValue = { headers: request.headers };
    const result = await graphql({ schema, source: query, variableValues: variables, rootValue: roots, contextValue });
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(result));
  });
  const sockets = new WebSocketServer({ server, path: '/graphql' });
  useServer({ schema, roots: { subscription: roots } }, sockets);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { stock, server, sockets };
}

/** A token of `sub` that holds for so many seconds. */
export function token(sub, seconds = 600) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ sub, exp: Date.now() / 1000 + seconds })}`;
  return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`;
}

/** Waits until `condition` holds. */
export async function eventually(what, condition) {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    if (condition()) return;
    await sleep(20);
  }
  throw new Error(`${what} did not happen within 10 s`);
}

export class Shop {
  static async start(binary) {
    const shop = new Shop();
    shop.binary = resolve(binary);
    shop.folder = mkdtempSync(join(tmpdir(), 'selvedge-live-'));
    shop.subgraph = await startSubgraph();
    shop.listen = '127.0.0.1:0';
    await shop.startGateway();
    return shop;
  }

  get stock() {
    return this.subgraph.stock;
  }

  get url() {
    return `http://${this.listen}/graphql`;
  }

  get socketUrl() {
    return `ws://${this.listen}/graphql`;
  }

  get streamUrl() {
    return `${this.url}/stream`;
  }

  /** On the address that it had before, so that clients find it again. */
  async startGateway() {
    const sdl = join(this.folder, 'shop.graphql');
    writeFileSync(sdl, SDL);
    const configuration = {
      mode: 'development',
      server: { listen: this.listen },
      admin: { enabled: false },
      jwt: { secret: SECRET, leeway_s: 0 },
      subscriptions: { keep_alive_ms: 300, drain_ms: 200, upstream_backoff_ms: 20 },
      schema: {
        subgraphs: [{ name: 'shop', url: `http://127.0.0.1:${this.subgraph.server.address().port}/graphql`, sdl_file: sdl }],
      },
    };
    const config = join(this.folder, 'selvedge.yaml');
    // JSON is YAML.
    writeFileSync(config, JSON.stringify(configuration));
    const stdio = ['ignore', 'pipe', 'pipe'];
    this.gateway = spawn(this.binary, ['gateway', '--config', config, '--development'], { cwd: this.folder, stdio });
    this.said = '';
    const [, listen] = await new Promise((started, reject) => {
      const timer = setTimeout(() => reject(new Error(`the gateway did not start:\n${this.said}`)), START_WITHIN_MS);
      const hear = (chunk) => {
        this.said += chunk;
        const found = /serves http:\/\/(\S+)\/graphql/.exec(this.said);
        if (found) {
          clearTimeout(timer);
          started(found);
        }
      };
      this.gateway.stdout.on('data', hear);
      this.gateway.stderr.on('data', hear);
      this.gateway.on('exit', (code) => reject(new Error(`the gateway ended with ${code}:\n${this.said}`)));
    });
    this.listen = listen;
  }

  async stopGateway() {
    this.gateway.removeAllListeners('exit');
    const ended = once(this.gateway, 'exit');
    this.gateway.kill('SIGTERM');
    await ended;
  }

  async stop() {
    await this.stopGateway();
    this.subgraph.sockets.clients.forEach((socket) => socket.terminate());
    this.subgraph.server.close();
    this.subgraph.server.closeAllConnections();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
