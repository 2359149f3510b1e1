// A gateway over the subgraphs, and the subgraphs themselves, for as long as a test runs.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { graphql } from 'graphql';
import { freshStore } from './data.mjs';
import { SUBGRAPHS, resolveField, sdlFile, subgraphSchema } from './schema.mjs';

const START_WITHIN_MS = 60_000;

/** The subgraphs, at `/NAME` of one server. What they say that is not GraphQL is kept in `problems`. */
async function startSubgraphs() {
  const schemas = new Map(SUBGRAPHS.map((name) => [name, subgraphSchema(name)]));
  const subgraphs = { store: freshStore(), problems: [], requests: 0 };
  subgraphs.server = createServer(async (request, response) => {
    const name = request.url.slice(1);
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { query, variables } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    const contextValue = { store: subgraphs.store, isSubgraph: true };
    const schema = schemas.get(name);
    const result = await graphql({ schema, source: query, variableValues: variables, contextValue, fieldResolver: resolveField });
    subgraphs.requests += 1;
    // A request that its own schema refuses is the gateway's mistake.
    if (result.data === undefined) subgraphs.problems.push({ name, query, variables, errors: result.errors });
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(result));
  });
  subgraphs.server.listen(0, '127.0.0.1');
  await once(subgraphs.server, 'listening');
  return subgraphs;
}

function configuration(folder, port) {
  const subgraphs = SUBGRAPHS.map((name) => ({
    name,
    url: `http://127.0.0.1:${port}/${name}`,
    sdl_file: fileURLToPath(sdlFile(name)),
  }));
  const configuration = {
    mode: 'development',
    server: { listen: '127.0.0.1:0' },
    admin: { enabled: false },
    // What is made up may be large; limits have tests of their own.
    limits: { max_root_fields: 10_000, max_aliases: 10_000, max_fields: 100_000, max_depth: 100 },
    schema: { subgraphs },
  };
  const file = join(folder, 'selvedge.yaml');
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(configuration, null, 2));
  return file;
}

/** Starts everything; `stop()` ends it. */
export async function startGateway(binary) {
  const subgraphs = await startSubgraphs();
  const folder = mkdtempSync(join(tmpdir(), 'selvedge-oracle-'));
  const config = configuration(folder, subgraphs.server.address().port);
  const child = spawn(resolve(binary), ['gateway', '--config', config, '--development'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const url = await new Promise((started, reject) => {
    const timer = setTimeout(() => reject(new Error(`the gateway did not start:\n${said}`)), START_WITHIN_MS);
    const hear = (chunk) => {
      said += chunk;
      const found = /serves (http:\S+\/graphql)/.exec(said);
      if (found) {
        clearTimeout(timer);
        started(found[1]);
      }
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('exit', (code) => reject(new Error(`the gateway ended with ${code}:\n${said}`)));
  });
  const stop = async () => {
    child.removeAllListeners('exit');
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    subgraphs.server.close();
    subgraphs.server.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  };
  return { url, subgraphs, stop, said: () => said };
}
