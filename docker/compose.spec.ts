import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
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
  readonly mem_limit?: string;
  readonly healthcheck?: object;
  readonly profiles?: readonly string[];
}

interface Resources {
  readonly limits: { readonly memory: string };
}

interface Values {
  readonly timescaledb: { readonly settings: Readonly<Record<string, string | number>> };
  readonly defaults: { readonly resources: Resources };
  readonly components: Readonly<Record<string, { readonly resources?: Resources } | undefined>>;
}

interface ThirdParty {
  readonly image: { readonly repository: string; readonly tag: string };
  readonly resources?: Resources;
}

const { services } = parse(read('docker/compose.yaml'), { merge: true }) as {
  readonly services: Readonly<Record<string, ComposeService>>;
};
const values = parse(read('helm/spandrel/values.yaml')) as Values & Readonly<Record<string, ThirdParty>>;

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
    expect(called).toEqual([host, host, host]);
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
      for (const port of published) expect(port, name).toMatch(/^\$\{(UNPROTECTED_)?LISTEN_ON:-127\.0\.0\.1\}:/);
    }
  });

  it('keeps what shows traces without a password on the loopback interface when it opens the others', () => {
    const separate = Object.entries(services).filter(([, { ports: published = [] }]) =>
      published.some((port) => port.startsWith('${UNPROTECTED_LISTEN_ON:-127.0.0.1}:')),
    );
    expect(separate.map(([name]) => name)).toEqual(['tempo']);
  });

  it('limits the memory of every container, at least to what the chart allows', () => {
    const keys: Readonly<Record<string, string>> = { database: 'timescaledb' };
    for (const [name, { mem_limit: limit = '' }] of Object.entries(services)) {
      expect(limit, name).toMatch(/^\d+m$/);
      const { defaults, components } = values;
      const chart =
        values[keys[name] ?? name]?.resources?.limits.memory ??
        components[name]?.resources?.limits.memory ??
        defaults.resources.limits.memory;
      // The chart has no such container.
      const least = name === 'ready' ? 0 : Number.parseInt(chart);
      expect(Number.parseInt(limit), name).toBeGreaterThanOrEqual(least);
    }
  });

  it('has a health check of every container that stays, or of another one for it', () => {
    const byReady = String(services['ready']?.environment?.['READY_URLS']).matchAll(/http:\/\/(\w+):/g);
    const checked = new Set([...byReady].map(([, name]) => name));
    expect([...checked].toSorted()).toEqual(['collector', 'grafana', 'jaeger', 'tempo']);
    const unchecked = Object.entries(services).filter(
      ([name, { healthcheck, profiles }]) => profiles === undefined && healthcheck === undefined && !checked.has(name),
    );
    expect(unchecked.map(([name]) => name)).toEqual([]);
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
      for (const script of ['make-env.sh', 'show-access.sh', 'value.sh']) {
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

    it.each([
      [
        { LISTEN_ON: '0.0.0.0', DATABASE_PASSWORD: 'postgres' },
        'DATABASE_PASSWORD must have at least 12 characters, got 8',
      ],
      [{ LISTEN_ON: '::', GRAFANA_ADMIN_PASSWORD: 'admin' }, 'GRAFANA_ADMIN_PASSWORD must have at least 12 characters'],
      [
        { LISTEN_ON: '10.0.0.1', TRACESTORE_CONSOLE_ACCESS: 'none' },
        'TRACESTORE_CONSOLE_ACCESS must be token or proxy',
      ],
    ])('must be there before ports are opened to the network: %j', (environment, message) => {
      expect(() => run('make-env.sh', environment)).toThrow(message);
    });

    it.each([
      { LISTEN_ON: '0.0.0.0' },
      { LISTEN_ON: '127.0.0.1', DATABASE_PASSWORD: 'postgres', TRACESTORE_CONSOLE_ACCESS: 'none' },
      { DATABASE_PASSWORD: 'postgres' },
    ])('are enough as they are generated, or on the loopback interface: %j', (environment) => {
      expect(() => run('make-env.sh', environment)).not.toThrow();
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

describe('make', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'spandrel-make-'));
    mkdirSync(path.join(folder, 'bin'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** A program that writes how it was called, before it runs a script. */
  const program = (name: string, script = ''): void => {
    const file = path.join(folder, 'bin', name);
    writeFileSync(file, `#!/bin/sh\necho "${name} $*" >>"${folder}/calls"\n${script}\n`);
    chmodSync(file, 0o755);
  };
  const make = (target: string, cwd: string, environment: Readonly<Record<string, string>> = {}): string =>
    execFileSync('make', [target], {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: `${folder}/bin:${process.env['PATH']}`, ...environment },
    });

  it.each([
    [{}, '', 'http://localhost:3001'],
    [{}, 'FRONTEND_PORT=4001', 'http://localhost:4001'],
    [{ FRONTEND_PORT: '4002' }, 'FRONTEND_PORT=4001', 'http://localhost:4002'],
    [{ FRONTEND_PORT: '4002', FRONTEND_URL: 'http://a' }, '', 'http://a'],
  ])('test writes to the frontend that make up starts: %j, docker/.env %j', (environment, env, url) => {
    mkdirSync(path.join(folder, 'docker'));
    copyFileSync(path.join(root, 'Makefile'), path.join(folder, 'Makefile'));
    copyFileSync(path.join(root, 'docker/value.sh'), path.join(folder, 'docker/value.sh'));
    if (env !== '') writeFileSync(path.join(folder, 'docker/.env'), `${env}\n`);
    writeFileSync(path.join(folder, 'test.sh'), '#!/bin/sh\necho "url $FRONTEND_URL"\n');
    chmodSync(path.join(folder, 'test.sh'), 0o755);
    expect(make('test', folder, environment)).toContain(`url ${url}\n`);
  });

  it('kind updates a cluster that is there, and starts the Pods again', () => {
    const cluster = path.join(folder, 'cluster');
    program('docker');
    program('kubectl');
    program(
      'kind',
      `case "$*" in\n  'get clusters') [ ! -f "${cluster}" ] || echo spandrel ;;\n  create*) touch "${cluster}" ;;\nesac`,
    );
    program(
      'helm',
      `case "$*" in\n  status*) [ -f "${cluster}.release" ] ;;\n  upgrade*) touch "${cluster}.release" ;;\nesac`,
    );
    const callsOf = (): readonly string[] => {
      const calls = path.join(folder, 'calls');
      if (existsSync(calls)) rmSync(calls);
      make('kind', root);
      return readFileSync(calls, 'utf8')
        .trim()
        .split('\n')
        .filter((call) => !call.startsWith('docker '))
        .map((call) => call.split(' ').slice(0, 5).join(' '));
    };
    const load = 'kind load docker-image --name spandrel';
    const context = 'kubectl --context kind-spandrel rollout';
    expect(callsOf()).toEqual([
      'kind get clusters',
      'kind create cluster --config k8s/kind.yaml',
      load,
      'helm status spandrel --kube-context kind-spandrel',
      'helm upgrade --install spandrel helm/spandrel',
    ]);
    expect(callsOf()).toEqual([
      'kind get clusters',
      load,
      'helm status spandrel --kube-context kind-spandrel',
      'helm upgrade --install spandrel helm/spandrel',
      `${context} restart`,
      `${context} status`,
    ]);
  });
});
