// Runs the audits of graphql-http against a running gateway: `node audits.mjs http://127.0.0.1:4000/graphql`.
import { serverAudits } from 'graphql-http';

/** As many as graphql-http 1.23 has; one that goes missing is a failure too. */
const EXPECTED = 61;

const [url] = process.argv.slice(2);
const audits = serverAudits({ url, fetchFn: fetch });
let passed = 0;
for (const audit of audits) {
  const result = await audit.fn();
  if (result.status === 'ok') {
    passed += 1;
  } else {
    console.log(`${result.status}: ${audit.id} ${audit.name}\n  ${result.reason}`);
  }
}
console.log(`${passed} of ${audits.length} audits passed`);
process.exitCode = passed === EXPECTED && audits.length === EXPECTED ? 0 : 1;
