import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const files = path.join(path.dirname(import.meta.dirname), 'helm/spandrel/files');
const execute = promisify(execFile);

type Data = Readonly<Record<string, string>>;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'spandrel-secrets-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
}

describe('the Job that fills Secrets', () => {
  /** The Secrets of the namespace `shop`, by name. */
  let secrets: Map<string, Data>;
  /** How many changes the API rejects because another writer was faster. */
  let conflicts: number;
  let server: Server;

  beforeEach(async () => {
    secrets = new Map();
    conflicts = 0;
    server = createServer(async (request, response) => {
      const name = request.url?.replace('/api/v1/namespaces/shop/secrets/', '') ?? '';
      const data = secrets.get(name);
      const send = (status: number, body: object): void => void response.writeHead(status).end(JSON.stringify(body));
      if (request.headers.authorization !== 'Bearer of-the-job') return send(401, { message: 'Unauthorized' });
      if (data === undefined) return send(404, { message: `secrets "${name}" not found` });
      if (request.method === 'PATCH') {
        const patch = JSON.parse(await text(request)) as { metadata: { resourceVersion: string }; data: Data };
        if (conflicts > 0 || patch.metadata.resourceVersion !== '7') {
          conflicts -= 1;
          return send(409, { message: 'the object has been modified' });
        }
        secrets.set(name, { ...data, ...patch.data });
      }
      return send(200, { metadata: { resourceVersion: '7' }, data: secrets.get(name) });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => server.close());

  /** @returns what it logs */
  async function fill(plan: { readonly generate?: object; readonly compose?: object }): Promise<string> {
    const environment = {
      KUBERNETES_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      NAMESPACE: 'shop',
      TOKEN_FILE: write('token', 'of-the-job\n'),
      PLAN_FILE: write('plan.json', JSON.stringify({ generate: {}, compose: {}, ...plan })),
    };
    const { stdout } = await execute(process.execPath, [path.join(files, 'fill-secrets.mjs')], { env: environment });
    return stdout;
  }

  const decoded = (name: string): Data =>
    Object.fromEntries(
      Object.entries(secrets.get(name) ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
    );

  it('generates missing passwords, keeps existing ones, and changes nothing when it runs again', async () => {
    secrets.set('database', { 'grafana-password': encode('of old') });
    const generate = { database: { 'grafana-password': 24, 'backend-password': 24 } };
    const log = await fill({ generate });
    const password = decoded('database')['backend-password'];
    expect(password).toMatch(/^[A-Za-z\d]{24}$/);
    expect(decoded('database')['grafana-password']).toBe('of old');
    expect(log).toContain('new values of backend-password');
    expect(log).not.toContain(password);
    const before = secrets.get('database');
    await fill({ generate });
    expect(secrets.get('database')).toEqual(before);
  });

  it('tries again when another writer has changed the Secret', async () => {
    secrets.set('console', {});
    conflicts = 2;
    await fill({ generate: { console: { 'console-token': 32 } } });
    expect(decoded('console')['console-token']).toHaveLength(32);
  });

  it('composes data sources from other Secrets, as text that Grafana does not expand', async () => {
    secrets.set('database', { 'grafana-password': encode('a$b"c') });
    secrets.set('sources', {});
    const compose = {
      sources: {
        'sql.yaml': {
          datasources: [
            {
              url: 'db:5432',
              secureJsonData: { password: { prefix: 'x', fromSecret: { name: 'database', key: 'grafana-password' } } },
            },
          ],
        },
      },
    };
    await fill({ compose });
    expect(JSON.parse(decoded('sources')['sql.yaml'] ?? '')).toEqual({
      datasources: [{ url: 'db:5432', secureJsonData: { password: 'xa$$b"c' } }],
    });
    secrets.set('database', { 'grafana-password': encode('rotated') });
    await fill({ compose });
    expect(decoded('sources')['sql.yaml']).toContain('xrotated');
  });

  it.each([
    ['does not exist', new Map<string, Data>(), 'Secret mine does not exist in the namespace shop'],
    ['lacks the key', new Map([['mine', {}]]), 'Secret mine has no value for the key grafana-password'],
  ])('fails with the name of a Secret that %s', async (_, existing, message) => {
    secrets = new Map<string, Data>([...existing, ['sources', {}]]);
    const compose = {
      sources: { 'sql.yaml': { password: { fromSecret: { name: 'mine', key: 'grafana-password' } } } },
    };
    await expect(fill({ compose })).rejects.toThrow(message);
    expect(secrets.get('sources')).toEqual({});
  });
});

describe('the container that sets the passwords of the roles', () => {
  const roles = ['postgres', 'tracestore', 'backend', 'grafana'];

  /** Runs the script with a psql that only notes the passwords in its environment. */
  async function following(use: (passwordsSet: () => readonly string[]) => Promise<void>): Promise<void> {
    const noted = write('noted', '');
    const printed = roles.map((role) => `$${role.toUpperCase()}_PASSWORD`).join(' ');
    write('psql', `#!/bin/sh\necho "${printed}" >>${noted}\n`);
    write('pg_isready', '#!/bin/sh\n');
    for (const program of ['psql', 'pg_isready']) chmodSync(path.join(folder, program), 0o755);
    const script = spawn('sh', [path.join(files, 'database/follow-passwords.sh')], {
      env: {
        PATH: `${folder}:${process.env['PATH']}`,
        PASSWORDS_FOLDER: folder,
        POSTGRES_USER: 'postgres',
        CHECK_INTERVAL: '0.1',
      },
      stdio: 'ignore',
    });
    try {
      await use(() =>
        readFileSync(noted, 'utf8')
          .split('\n')
          .filter((line) => line !== ''),
      );
    } finally {
      script.kill('SIGTERM');
      const [code] = (await once(script, 'exit')) as [number | null];
      expect(code, 'it ends at once when the Pod ends').toBe(0);
    }
  }

  it('sets them once all are there, and again when one changes', { timeout: 30_000 }, async () => {
    for (const role of roles.slice(1)) write(`${role}-password`, `of ${role}`);
    await following(async (passwordsSet) => {
      expect(passwordsSet()).toEqual([]);
      write('postgres-password', 'first');
      await vi.waitFor(() => expect(passwordsSet()).toEqual(['first of tracestore of backend of grafana']), 10_000);
      write('grafana-password', 'rotated');
      await vi.waitFor(() => expect(passwordsSet().at(-1)).toBe('first of tracestore of backend rotated'), 10_000);
      expect(passwordsSet()).toHaveLength(2);
    });
  });
});

function encode(value: string): string {
  return Buffer.from(value).toString('base64');
}

async function text(stream: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts).toString();
}
