// Makes a request and waits until every store that the environment names has its trace. `helm test` mounts it into the
// image of tracestore, which has the package pg.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const { FRONTEND_URL, PGHOST, CONSOLE_URL, CONSOLE_TOKEN, TEMPO_URL, TEMPO_HEADERS = '', JAEGER_URL } = process.env;
const { TEMPO_API_URL, PGSSLMODE, PGSSLROOTCERT } = process.env;
const timeoutMs = 60_000;

/** The stores to check; each function returns how many spans of the trace the store has. */
const stores = {
  ...(PGHOST && { SQL: countInSql }),
  ...(CONSOLE_URL && { Console: countInConsole }),
  ...(TEMPO_API_URL && { 'Tempo API': countInTempoApi }),
  ...(TEMPO_URL && { Tempo: (traceId) => countInJson(`${TEMPO_URL}/api/v2/traces/${traceId}`, tempoHeaders()) }),
  ...(JAEGER_URL && { Jaeger: countInJaeger }),
};

const response = await fetch(`${FRONTEND_URL}/numbers`, { method: 'POST' });
if (response.status !== 201) throw new Error(`POST /numbers returned ${response.status}: ${await response.text()}`);
const traceId = response.headers.get('traceresponse')?.split('-')[1];
if (!traceId) throw new Error('the response has no traceresponse header');
console.log(`created trace ${traceId}`);

for (const [name, count] of Object.entries(stores)) console.log(`${name} has ${await until(name, count)} spans of it`);

/** Waits for the 12 spans of the trace: frontend records four and backend eight. */
async function until(name, count) {
  let found;
  for (const deadline = Date.now() + timeoutMs; Date.now() < deadline; await sleep(1_000)) {
    found = await count(traceId).catch((error) => error);
    if (found >= 12) return found;
  }
  throw new Error(`${name} does not have all of trace ${traceId}: ${found}`);
}

async function countInSql(id) {
  const client = new pg.Client({ ssl: tlsOf(PGSSLMODE, PGSSLROOTCERT) });
  await client.connect();
  try {
    const { rows } = await client.query('SELECT count(*)::int AS spans FROM ps_trace.span WHERE trace_id = $1::uuid', [
      id,
    ]);
    return rows[0].spans;
  } finally {
    await client.end();
  }
}

/** The TLS settings of pg for the modes of libpq, some of which pg treats as others. */
function tlsOf(mode, rootFile) {
  if (!mode || mode === 'disable') return false;
  if (mode === 'no-verify' || (mode === 'require' && !rootFile)) return { rejectUnauthorized: false };
  const verified = { rejectUnauthorized: true, ...(rootFile && { ca: readFileSync(rootFile, 'utf8') }) };
  return mode === 'verify-full' ? verified : { ...verified, checkServerIdentity: () => undefined };
}

/** One header a line, as `Name=value`. */
function tempoHeaders() {
  const lines = TEMPO_HEADERS.split('\n').filter((line) => line !== '');
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

/** Also checks that the console rejects a request without the token, if there is one. */
function countInConsole(id) {
  return countWithToken(`${CONSOLE_URL}/api/traces/${id}/otlp`);
}

/** Also checks that Tempo's API of tracestore rejects it. */
function countInTempoApi(id) {
  return countWithToken(`${TEMPO_API_URL}/api/v2/traces/${id}`);
}

async function countWithToken(url) {
  if (!CONSOLE_TOKEN) return countInJson(url);
  const { status } = await fetch(url);
  if (status !== 401) throw new Error(`${url} returned ${status} without a token, expected 401`);
  return countInJson(url, { authorization: `Bearer ${CONSOLE_TOKEN}` });
}

/** Also checks that Jaeger's UI rejects a request without the password, which is the token of the console. */
async function countInJaeger(id) {
  const url = `${JAEGER_URL}/api/v3/traces/${id}`;
  if (!CONSOLE_TOKEN) return countInJson(url);
  const { status } = await fetch(url);
  if (status !== 401) throw new Error(`${url} returned ${status} without a password, expected 401`);
  return countInJson(url, { authorization: `Basic ${Buffer.from(`jaeger:${CONSOLE_TOKEN}`).toString('base64')}` });
}

/** Counts the keys `spanId`, so that it works for every JSON format of traces. */
async function countInJson(url, headers) {
  const response = await fetch(url, { headers: { accept: 'application/json', ...headers } });
  if (!response.ok) throw new Error(`${url} returned ${response.status}`);
  return (await response.text()).match(/"span_?id"/gi)?.length ?? 0;
}
