import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ports } from '@spandrel/service/ports';
import { appNames } from '@spandrel/service/services';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = path.dirname(import.meta.dirname);
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

interface ComposeService {
  readonly image: string;
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
}

interface Values {
  readonly timescaledb: { readonly settings: Readonly<Record<string, string | number>> };
}

interface ChartImage {
  readonly image: { readonly repository: string; readonly tag: string };
}

const { services } = parse(read('docker/compose.yaml'), { merge: true }) as {
  readonly services: Readonly<Record<string, ComposeService>>;
};
const values = parse(read('helm/spandrel/values.yaml')) as Values & Readonly<Record<string, ChartImage>>;

/** The ports that a service publishes on the host by default. */
function publishedPorts(name: string): readonly number[] {
  return (services[name]?.ports ?? []).map((port) => Number(/:-(\d+)\}:\d+$/.exec(port)?.[1]));
}

describe('Compose and the chart', () => {
  it.each([
    ['collector', 'collector'],
    ['tempo', 'tempo'],
    ['database', 'timescaledb'],
    ['jaeger', 'jaeger'],
    ['grafana', 'grafana'],
    ['load', 'load'],
  ])('use the same image of %s', (service, key) => {
    const image = values[key]?.image;
    expect(services[service]?.image).toBe(`${image?.repository}:${image?.tag}`);
  });

  it('configure the database with the same settings', () => {
    const settings = Object.entries(values.timescaledb.settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    expect(services['database']?.command).toEqual(['postgres', ...settings]);
  });
});

describe('Compose', () => {
  it('publishes the same ports as the embedded stack', () => {
    const expected: Readonly<Record<string, number>> = ports;
    for (const name of [...appNames, 'database']) {
      expect(publishedPorts(name), name).toEqual([expected[name]]);
    }
    expect(publishedPorts('collector')).toEqual([ports.otlpGrpc, ports.otlpHttp]);
  });

  it('makes tracestore accept the host name that other services use', () => {
    const [, host = ''] =
      /^([\w-]+)/.exec(String(services['tracestore']?.environment?.['TRACESTORE_ALLOWED_HOSTS'])) ?? [];
    const called = Object.values(services).flatMap(({ environment }) =>
      Object.values(environment ?? {}).flatMap(
        (value) => /^http:\/\/(tracestore[\w.-]*):/.exec(String(value))?.[1] ?? [],
      ),
    );
    expect(called).toEqual([host, host]);
  });

  it.each(['token', 'proxy', 'none'])('configures Jaeger for the access control %s of the console', (access) => {
    const [base = '', own = ''] = services['jaeger']?.command ?? [];
    expect(own).toBe('--config=/etc/jaeger/${TRACESTORE_CONSOLE_ACCESS:-token}.yaml');
    expect(services['jaeger']?.environment).toHaveProperty('TRACESTORE_TOKEN', '${TRACESTORE_CONSOLE_TOKEN:-}');
    for (const file of [path.basename(base), `${access}.yaml`]) {
      expect(parse(read(`helm/spandrel/files/jaeger/${file}`)), file).toBeTypeOf('object');
    }
  });

  it('publishes ports on the loopback interface by default', () => {
    for (const [name, { ports: published = [] }] of Object.entries(services)) {
      for (const port of published) expect(port, name).toMatch(/^\$\{LISTEN_ON:-127\.0\.0\.1\}:/);
    }
  });
});

describe('the passwords of Compose', () => {
  const secret = /(PASSWORD|DATABASE_URL)$/;
  const references = [...read('docker/compose.yaml').matchAll(/\$\{(\w*PASSWORD)(:?[-?][^}]*)?\}/g)];

  it('have no default, and Compose does not start without them', () => {
    const names = ['BACKEND_DATABASE', 'DATABASE', 'GRAFANA_ADMIN', 'GRAFANA_DATABASE', 'TRACESTORE_DATABASE'];
    const required = references.filter(
      ([, , otherwise]) => otherwise?.startsWith(':?is not set; run make up') === true,
    );
    expect([...new Set(required.map(([, name]) => name))].toSorted()).toEqual(names.map((name) => `${name}_PASSWORD`));
    for (const [reference, , otherwise = ''] of references) expect(otherwise, reference).not.toMatch(/^:?-/);
  });

  it('are not in the file', () => {
    const written = Object.entries(services).flatMap(([name, { environment = {} }]) =>
      Object.entries(environment)
        .filter(([variable, value]) => secret.test(variable) && !/\$\{\w+PASSWORD/.test(String(value)))
        .map(([variable]) => `${name}: ${variable}`),
    );
    expect(written).toEqual([]);
  });

  it('are required for every connection to the database', () => {
    expect(services['database']?.environment).toMatchObject({ POSTGRES_HOST_AUTH_METHOD: 'scram-sha-256' });
  });

  describe('with make up', () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(path.join(tmpdir(), 'spandrel-compose-'));
      mkdirSync(path.join(folder, 'docker'));
      for (const script of ['make-env.sh', 'show-access.sh']) {
        copyFileSync(path.join(root, 'docker', script), path.join(folder, 'docker', script));
      }
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    const run = (script: string, environment: Readonly<Record<string, string>> = {}): string =>
      execFileSync('sh', [path.join(folder, 'docker', script)], {
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], ...environment },
      });
    const variables = (): ReadonlyMap<string, string> =>
      new Map(
        readFileSync(path.join(folder, 'docker/.env'), 'utf8')
          .trim()
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
      );

    it('are generated once, all different, in a file that only this user can read', () => {
      run('make-env.sh');
      const made = variables();
      for (const [, name = ''] of references) expect(made.get(name), name).toMatch(/^[\da-f]{32}$/);
      expect(made.get('TRACESTORE_CONSOLE_TOKEN')).toMatch(/^[\da-f]{32}$/);
      expect(new Set(made.values()).size).toBe(made.size);
      expect(statSync(path.join(folder, 'docker/.env')).mode & 0o777).toBe(0o600);
      run('make-env.sh');
      expect(variables()).toEqual(made);
    });

    it('are kept if the user has set them', () => {
      writeFileSync(path.join(folder, 'docker/.env'), 'GRAFANA_PORT=3100\nGRAFANA_ADMIN_PASSWORD=mine');
      run('make-env.sh');
      expect(variables().get('GRAFANA_ADMIN_PASSWORD')).toBe('mine');
      expect(variables().get('GRAFANA_PORT')).toBe('3100');
      expect(variables().get('DATABASE_PASSWORD')).toMatch(/^[\da-f]{32}$/);
    });

    it('are in a passfile for psql with the port of the database', () => {
      run('make-env.sh');
      const said = run('show-access.sh', { DATABASE_PORT: '6001', GRAFANA_ADMIN_PASSWORD: 'from the environment' });
      expect(said).toContain('PGPASSFILE=.spandrel/pgpass-6001 psql -h localhost -p 6001 -d postgres -U postgres');
      expect(said).toContain('(admin, from the environment)');
      const passfile = path.join(folder, '.spandrel/pgpass-6001');
      expect(statSync(passfile).mode & 0o777).toBe(0o600);
      expect(readFileSync(passfile, 'utf8').split('\n')).toEqual(
        expect.arrayContaining([
          `localhost:6001:*:postgres:${variables().get('DATABASE_PASSWORD')}`,
          `127.0.0.1:6001:*:tracestore:${variables().get('TRACESTORE_DATABASE_PASSWORD')}`,
        ]),
      );
    });
  });
});
