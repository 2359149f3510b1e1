// Listens to a gateway with a client library: `node live/run.mjs path/to/selvedge graphql-ws`.
import { apollo, graphqlSse, graphqlWs, subscriptionsTransportWs, urql } from './clients.mjs';
import { common, run } from './cases.mjs';
import { Shop } from './shop.mjs';
import { httpTokens, renewal } from './tokens.mjs';

const [binary, library] = process.argv.slice(2);
const shop = await Shop.start(binary);

const LIBRARIES = {
  'graphql-ws': () => [['graphql-ws', { ...common(shop, graphqlWs(shop)), ...renewal(shop) }]],
  'subscriptions-transport-ws': () => [['subscriptions-transport-ws', common(shop, subscriptionsTransportWs(shop))]],
  'graphql-sse': () => [
    ['graphql-sse, distinct connections', { ...common(shop, graphqlSse(shop, false)), ...httpTokens(graphqlSse(shop, false)) }],
    ['graphql-sse, single connection', { ...common(shop, graphqlSse(shop, true)), ...httpTokens(graphqlSse(shop, true)) }],
  ],
  apollo: () => [['Apollo Client', { ...common(shop, apollo(shop)), ...httpTokens(apollo(shop)) }]],
  urql: () => [
    ['urql over graphql-ws', common(shop, urql(shop, graphqlWs(shop)))],
    ['urql over graphql-sse', common(shop, urql(shop, graphqlSse(shop, false)))],
  ],
};

let failures = 0;
try {
  for (const [name, cases] of LIBRARIES[library]()) failures += await run(name, cases);
} finally {
  await shop.stop();
}
if (failures > 0) console.log(shop.said);
console.log(`${library}: ${failures} failures`);
// Some libraries keep timers that nobody can stop.
process.exit(failures === 0 ? 0 : 1);
