// Makes a request and looks for its trace, until it is found, in every store that the environment names.
// `helm test` runs it in the image of tracestore, beside whose packages it is put.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const { FRONTEND_URL, PGHOST, CONSOLE_URL, CONSOLE_TOKEN, TEMPO_URL, JAEGER_URL } = process.env;
const patienceMs = 60_000;

/** Each says how many of the trace's spans it has. */
const stores = {
  ...(PGHOST && { SQL: countInSql }),
  ...(CONSOLE_URL && { Console: countInConsole }),
  ...(TEMPO_URL && { Tempo: (traceId) => countInJson(`${TEMPO_URL}/api/v2/traces/${traceId}`) }),
  ...(JAEGER_URL && { Jaeger: (traceId) => countInJson(`${JAEGER_URL}/api/v3/traces/${traceId}`) }),
};

const response = await fetch(`${FRONTEND_URL}/numbers`, { method: 'POST' });
if (response.status !== 201) throw new Error(`POST /numbers answered ${response.status}: ${await response.text()}`);
const traceId = response.headers.get('traceresponse')?.split('-')[1];
if (!traceId) throw new Error('the answer names no trace');
console.log(`made trace ${traceId}`);

for (const [name, count] of Object.entries(stores)) console.log(`${name} has its ${await until(name, count)} spans`);

/** frontend's four spans and backend's eight. */
async function until(name, count) {
  let found;
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await sleep(1_000)) {
    found = await count(traceId).catch((error) => error);
    if (found >= 12) return found;
  }
  throw new Error(`${name} does not have all of trace ${traceId}: ${found}`);
}

async function countInSql(id) {
  const client = new pg.Client();
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

/** Where there is a token: with it, and not without it. */
async function countInConsole(id) {
  const url = `${CONSOLE_URL}/api/traces/${id}/otlp`;
  if (!CONSOLE_TOKEN) return countInJson(url);
  const { status } = await fetch(url);
  if (status !== 401) throw new Error(`${url} answered ${status} without a token`);
  return countInJson(url, { authorization: `Bearer ${CONSOLE_TOKEN}` });
}

/** Whatever the answer is wrapped in, every span in it has a `spanId`. */
async function countInJson(url, headers) {
  const answer = await fetch(url, { headers: { accept: 'application/json', ...headers } });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  return (await answer.text()).match(/"span_?id"/gi)?.length ?? 0;
}
