import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { createAgent, performRequest } from '../../load/request.ts';
import { scenarios } from '../../load/scenarios.ts';
import { Release } from './release.ts';

// Jaeger UI and Grafana in a cluster.

const address = inject('release');
const unavailable = inject('unavailable');
const dashboards = path.join(import.meta.dirname, '../../helm/spandrel/dashboards');
const patienceMs = 60_000;

type Send = (path: string, body?: unknown) => Promise<Response>;

/** Four spans of frontend and eight of backend. */
const spansOfTrace = 12;

describe.skipIf(address === undefined)('views of a release in a cluster (requires Docker, Helm and kind)', () => {
  let release: Release;
  let traceId: string;

  beforeAll(async () => {
    if (address === undefined) return;
    release = new Release(address);
    traceId = await makeTrace();
  });

  async function makeTrace(): Promise<string> {
    const [write] = scenarios;
    if (write === undefined) throw new Error('there is no scenario');
    const { port, close } = await release.forward('frontend', 3001);
    const agent = createAgent();
    const targets = { frontend: `http://127.0.0.1:${port}`, generator: '' };
    const { kind, status, traceId: made } = await performRequest(write, targets, agent, 20_000);
    agent.destroy();
    close();
    if (kind !== 'good' || made === undefined) throw new Error(`a number could not be written: ${status}`);
    return made;
  }

  it('Jaeger UI finds the trace for a user with the token', async () => {
    const { port, close } = await release.forward('jaeger', 16_686);
    try {
      const url = `http://127.0.0.1:${port}/api/traces/${traceId}`;
      expect((await fetch(url)).status).toBe(401);
      const user = `jaeger:${await release.secret('console', 'console-token')}`;
      const headers = { authorization: `Basic ${Buffer.from(user).toString('base64')}` };
      await expectWholeTrace(async () => countSpans(await fetch(url, { headers })));
    } finally {
      close();
    }
  });

  describe.skipIf(unavailable.includes('grafana'))('Grafana (requires its image)', () => {
    /** Sends a request as administrator. */
    async function withGrafana<Result>(use: (send: Send) => Promise<Result>): Promise<Result> {
      const [{ port, close }, password] = await Promise.all([
        release.forward('grafana', 3000),
        release.secret('grafana', 'admin-password'),
      ]);
      const authorization = `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`;
      try {
        return await use((path, body) =>
          fetch(`http://127.0.0.1:${port}${path}`, {
            headers: { authorization, 'content-type': 'application/json' },
            ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
          }),
        );
      } finally {
        close();
      }
    }

    it('has every dashboard and a home dashboard', async () => {
      const uids = readdirSync(dashboards).map((file) => uidOf(readFileSync(path.join(dashboards, file), 'utf8')));
      await withGrafana(async (send) => {
        const found = (await (await send('/api/search?type=dash-db')).json()) as readonly { readonly uid: string }[];
        expect(found.map(({ uid }) => uid).toSorted()).toEqual(uids.toSorted());
        const home = (await (await send('/api/dashboards/home')).json()) as { readonly dashboard: object };
        expect(home.dashboard).toHaveProperty('uid', 'spandrel-home');
      });
    });

    it('queries the database as a read-only role', async () => {
      await withGrafana(async (send) => {
        const run = async (rawSql: string): Promise<Response> =>
          send('/api/ds/query', {
            queries: [{ refId: 'A', datasource: { uid: 'spandrel-sql' }, format: 'table', rawSql }],
          });
        await expectWholeTrace(async () => {
          const response = await run(
            `SELECT count(*)::float8 AS spans FROM ps_trace.span WHERE trace_id_hex = '${traceId}'`,
          );
          const { results } = (await response.json()) as {
            readonly results: {
              readonly A: { readonly frames: readonly { readonly data: { readonly values: readonly [[number]] } }[] };
            };
          };
          return results.A.frames[0]?.data.values[0][0] ?? 0;
        });
        expect(await (await run('CREATE TABLE of_mine ()')).text()).toMatch(/read-only transaction|permission denied/);
      });
    });

    it('queries tracestore through its Jaeger data source', async () => {
      await withGrafana((send) =>
        expectWholeTrace(async () =>
          countSpans(await send(`${await proxyOf(send, 'spandrel-jaeger')}/api/traces/${traceId}`)),
        ),
      );
    });

    it.skipIf(unavailable.includes('tempo'))('queries Tempo (requires its image)', async () => {
      await withGrafana((send) =>
        expectWholeTrace(async () =>
          countSpans(await send(`${await proxyOf(send, 'spandrel-tempo')}/api/v2/traces/${traceId}`)),
        ),
      );
    });
  });
});

/** Counts the spans of the trace until all are stored, since they may wait in a queue. */
async function expectWholeTrace(count: () => Promise<number>): Promise<void> {
  let counted = 0;
  for (const deadline = Date.now() + patienceMs; counted < spansOfTrace && Date.now() < deadline; await sleep(1_000)) {
    counted = await count();
  }
  expect(counted).toBeGreaterThanOrEqual(spansOfTrace);
}

/** The path of the data source proxy of Grafana, by number: before version 10, a uid cannot contain a hyphen. */
async function proxyOf(send: Send, uid: string): Promise<string> {
  const { id } = (await (await send(`/api/datasources/uid/${uid}`)).json()) as { readonly id: number };
  return `/api/datasources/proxy/${id}`;
}

/** The number of span ids in a response of any structure, 0 in an error. */
async function countSpans(response: Response): Promise<number> {
  const text = await response.text();
  return response.ok ? new Set(Array.from(text.matchAll(/"span_?id": *"([^"]+)"/gi), ([, id]) => id)).size : 0;
}

function uidOf(json: string): string {
  return (JSON.parse(json) as { readonly uid: string }).uid;
}
