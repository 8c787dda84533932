import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { hasHelm, renderChart } from './chart-files.ts';
import { type Container, type KubernetesObject, parseObjects, type Workload, workloadsOf } from './rendered-objects.ts';

// What a release takes from outside: Grafana, database, Tempo, Collector, operators.

const chart = path.join(path.dirname(import.meta.dirname), 'helm/spandrel');
const read = (file: string): string => readFileSync(path.join(chart, file), 'utf8');
const peers = [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }];

interface DataSource {
  readonly name: string;
  readonly uid: string;
  readonly url: string;
  readonly isDefault?: boolean;
  readonly jsonData: Readonly<Record<string, unknown>>;
  readonly secureJsonData?: Readonly<Record<string, unknown>>;
}

interface PolicyRule {
  readonly from?: unknown;
  readonly ports: readonly { readonly port: string }[];
}

function render(values: object, options: readonly string[] = []): readonly KubernetesObject[] {
  const settings = Object.entries(values).flatMap(([key, value]) => ['--set-json', `${key}=${JSON.stringify(value)}`]);
  return parseObjects(renderChart([...settings, ...options]));
}

function example(name: string): readonly KubernetesObject[] {
  return parseObjects(renderChart(['--values', path.join(chart, `examples/${name}.yaml`), '--namespace', 'shop']));
}

function manifests(name: string): readonly KubernetesObject[] {
  return parseAllDocuments(read(`examples/manifests/${name}.yaml`)).map(
    (document) => document.toJS() as KubernetesObject,
  );
}

function find(objects: readonly KubernetesObject[], kind: string, name: string): KubernetesObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return found;
}

/** The data sources of the sidecar, by the name of their file, as the Job composes them. */
function sidecarSources(objects: readonly KubernetesObject[]): Readonly<Record<string, DataSource>> {
  const plan = JSON.parse(find(objects, 'ConfigMap', 'spandrel-secrets').data?.['plan.json'] ?? '') as {
    readonly compose: Readonly<
      Record<string, Readonly<Record<string, { readonly datasources: readonly [DataSource] }>>>
    >;
  };
  const files = plan.compose['spandrel-grafana-datasources'] ?? {};
  return Object.fromEntries(Object.entries(files).map(([name, { datasources }]) => [name, datasources[0]]));
}

/** Which ports of which components the peers may connect to. */
function openedTo(objects: readonly KubernetesObject[]): Readonly<Record<string, readonly string[]>> {
  const opened = objects
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .flatMap(({ metadata, spec }) =>
      ((spec?.['ingress'] ?? []) as readonly PolicyRule[])
        .filter(({ from }) => JSON.stringify(from) === JSON.stringify(peers))
        .map(({ ports }) => [metadata.name.replace('spandrel-', ''), ports.map(({ port }) => port)]),
    );
  return Object.fromEntries(opened) as Readonly<Record<string, readonly string[]>>;
}

function variablesOf({ env = [] }: Container): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    env.map(({ name, value, valueFrom }) => [
      name,
      valueFrom?.secretKeyRef === undefined ? value : `${valueFrom.secretKeyRef.name}/${valueFrom.secretKeyRef.key}`,
    ]),
  );
}

function containerOf(
  objects: readonly KubernetesObject[],
  component: string,
): Container & { readonly pod: Workload['pod'] } {
  const found = workloadsOf(objects).find(({ name }) => name === `spandrel-${component}`);
  const [container] = found?.pod.containers ?? [];
  if (found === undefined || container === undefined) throw new Error(`there is no ${component}`);
  return { ...container, pod: found.pod };
}

describe.skipIf(!hasHelm())(
  'the sidecar of a Grafana in another namespace (requires Helm)',
  { timeout: 60_000 },
  () => {
    let objects: readonly KubernetesObject[];
    let sources: Readonly<Record<string, DataSource>>;

    const sidecar = { grafana: { enabled: false, sidecar: { enabled: true, from: peers, folder: 'Traces' } } };

    beforeAll(() => {
      objects = render(sidecar, ['--namespace', 'shop']);
      sources = sidecarSources(objects);
    });

    it('gets data sources with addresses that resolve there, none of them the default', () => {
      expect(Object.values(sources).map(({ url }) => url)).toEqual([
        'http://spandrel-tracestore.shop.svc:8080/jaeger',
        'spandrel-database.shop.svc:5432',
        'http://spandrel-tracestore.shop.svc:3200',
        'http://spandrel-tempo.shop.svc:3200',
      ]);
      for (const source of Object.values(sources)) expect(source).not.toHaveProperty('isDefault');
    });

    it('gets passwords from the Secrets of the database and the console', () => {
      expect(sources['spandrel-sql.yaml']?.secureJsonData).toEqual({
        password: { fromSecret: { name: 'spandrel-database', key: 'grafana-password' } },
      });
      for (const name of ['spandrel-jaeger.yaml', 'spandrel-tempo-api.yaml']) {
        expect(sources[name]?.secureJsonData).toEqual({
          httpHeaderValue1: { prefix: 'Bearer ', fromSecret: { name: 'spandrel-console', key: 'console-token' } },
        });
      }
    });

    it('gets names and uids of the release, which Grafana accepts, for data sources and dashboards', () => {
      const other = render(sidecar, ['--namespace', 'other']);
      const idsOf = (list: readonly KubernetesObject[]): readonly string[] => {
        const dashboards = Object.values(find(list, 'ConfigMap', 'spandrel-grafana-sidecar').data ?? {});
        expect(dashboards.length).toBeGreaterThan(7);
        return [
          ...Object.values(sidecarSources(list)).flatMap(({ name, uid }) => [name, uid]),
          ...dashboards.map((text) => (JSON.parse(text) as { readonly uid: string }).uid),
        ];
      };
      const taken = new Set(idsOf(other));
      const ids = idsOf(objects);
      expect(ids.filter((id) => taken.has(id))).toEqual([]);
      // A name has spaces, a uid has none.
      expect(ids.filter((id) => !id.includes(' ') && !/^[\w-]{1,40}$/.test(id))).toEqual([]);
    });

    it('gets dashboards whose panels, links and tags are those of the release', () => {
      const map = find(objects, 'ConfigMap', 'spandrel-grafana-sidecar');
      expect(map.metadata.labels['grafana_dashboard']).toBe('1');
      expect(map.metadata.annotations).toEqual({ grafana_folder: 'Traces' });
      const known = Object.values(sources).map(({ uid }) => uid);
      const dashboards = Object.values(map.data ?? {});
      const uids = new Set(dashboards.map((text) => (JSON.parse(text) as { readonly uid: string }).uid));
      for (const text of dashboards) {
        for (const [, uid] of text.matchAll(/"type": "grafana-postgresql-datasource", "uid": "([^"]*)"/g)) {
          expect(known).toContain(uid);
        }
        for (const [, uid] of text.matchAll(/%22uid%22%3A%22(.*?)%22/g)) expect(known).toContain(uid);
        for (const [, uid] of text.matchAll(/\/d\/([^/]+)\//g)) expect(uids).toContain(uid);
        expect(text).not.toMatch(/"spandrel(-list)?"/);
      }
    });

    it('may connect to the ports of the data sources only', () => {
      expect(openedTo(objects)).toEqual({ database: ['postgres'], tempo: ['http'], tracestore: ['http', 'tempo'] });
    });

    it('is not addressed by a label without it', () => {
      const labels = render({}).map(({ metadata }) => Object.keys(metadata.labels));
      expect(labels.flat().filter((label) => label.startsWith('grafana_'))).toEqual([]);
    });

    it.each([
      ['its Pods', { grafana: { sidecar: { enabled: true } } }, 'grafana.sidecar.from must name the Pods of Grafana'],
      [
        'the host of the database',
        {
          grafana: { enabled: false, sidecar: { enabled: true, from: peers } },
          timescaledb: { enabled: false },
          database: { existingSecret: 'mine' },
        },
        'database.external.host must be set',
      ],
      [
        'the host of the database, for the Grafana of the release',
        { timescaledb: { enabled: false }, database: { existingSecret: 'mine' } },
        'database.external.host must be set',
      ],
    ])('is refused without %s', (_, values, message) => {
      expect(() => render(values)).toThrow(message);
    });
  },
);

describe.skipIf(!hasHelm())('a managed database with a private authority (requires Helm)', { timeout: 60_000 }, () => {
  const clients = ['tracestore', 'backend', 'test', 'grafana'];
  const caFile = '/etc/ssl/spandrel/database/ca.crt';

  const rendered = (sslmode: string, caSecret = 'authority') =>
    render({
      timescaledb: { enabled: false },
      database: { existingSecret: 'login', external: { host: 'db.example.com', sslmode, caSecret } },
      'grafana.sidecar': { enabled: true, from: peers },
    });

  it('is verified by every client with the certificate of the Secret', () => {
    const objects = rendered('verify-full');
    for (const client of clients) {
      const { pod, volumeMounts } = containerOf(objects, client);
      const volume = pod.volumes?.find(({ name }) => name === 'database-ca');
      expect(volume, client).toMatchObject({ secret: { secretName: 'authority', items: [{ key: 'ca.crt' }] } });
      expect(volumeMounts, client).toContainEqual(expect.objectContaining({ mountPath: path.dirname(caFile) }));
    }
    for (const client of clients.slice(0, 3)) {
      expect(variablesOf(containerOf(objects, client)), client).toMatchObject({
        PGSSLMODE: 'verify-full',
        PGSSLROOTCERT: caFile,
      });
    }
    const own = parse(find(objects, 'ConfigMap', 'spandrel-grafana').data?.['sql.yaml'] ?? '') as {
      readonly datasources: readonly [DataSource];
    };
    expect(own.datasources[0].jsonData).toMatchObject({ tlsConfigurationMethod: 'file-path', sslRootCertFile: caFile });
    const outside = sidecarSources(objects)['spandrel-sql.yaml'];
    expect(outside?.jsonData).toMatchObject({ sslmode: 'verify-full', tlsConfigurationMethod: 'file-content' });
    expect(outside?.jsonData).not.toHaveProperty('sslRootCertFile');
    expect(outside?.secureJsonData).toMatchObject({ tlsCACert: { fromSecret: { name: 'authority', key: 'ca.crt' } } });
  });

  it('is not verified in the mode no-verify, which Grafana knows as require', () => {
    const objects = rendered('no-verify', '');
    expect(variablesOf(containerOf(objects, 'test'))['PGSSLMODE']).toBe('no-verify');
    expect(variablesOf(containerOf(objects, 'grafana'))['DATABASE_SSLMODE']).toBe('require');
  });

  it('needs a certificate in the mode verify-ca', () => {
    expect(() => rendered('verify-ca', '')).toThrow('database.external.caSecret must be set for sslmode verify-ca');
  });
});

describe.skipIf(!hasHelm())('an external Tempo (requires Helm)', { timeout: 60_000 }, () => {
  const external = {
    otlpEndpoint: 'tempo.example.com:443',
    url: 'https://tempo.example.com',
    tenant: 'shop',
    headers: { Authorization: { secretKeyRef: { name: 'login', key: 'basic' } }, 'X-Plain': 'a$(b)$c' },
    tls: { enabled: true, caSecret: 'authority' },
  };
  let objects: readonly KubernetesObject[];

  beforeAll(() => {
    objects = render({ tempo: { enabled: false, external }, 'grafana.sidecar': { enabled: true, from: peers } });
  });

  it('gets spans over TLS with its headers and tenant', () => {
    const config = parse(
      find(objects, 'ConfigMap', 'spandrel-collector').data?.['external-tempo.yaml'] ?? '',
    ) as object;
    expect(config).toEqual({
      exporters: {
        'otlp_grpc/tempo': {
          tls: { insecure: false, insecure_skip_verify: false, ca_file: '/etc/ssl/spandrel/tempo/ca.crt' },
          headers: {
            Authorization: '${env:TEMPO_HEADER_1}',
            'X-Plain': '${env:TEMPO_HEADER_2}',
            'X-Scope-OrgID': '${env:TEMPO_HEADER_3}',
          },
        },
      },
    });
    expect(variablesOf(containerOf(objects, 'collector'))).toMatchObject({
      TEMPO_HEADER_1: 'login/basic',
      // Kubernetes replaces $(NAME), and writes $$ as $.
      TEMPO_HEADER_2: 'a$$(b)$c',
      TEMPO_HEADER_3: 'shop',
    });
  });

  it('is queried with them by Grafana and helm test', () => {
    const own = parse(find(objects, 'ConfigMap', 'spandrel-grafana').data?.['tempo.yaml'] ?? '') as {
      readonly datasources: readonly [DataSource];
    };
    expect(own.datasources[0]).toMatchObject({
      jsonData: { httpHeaderName1: 'Authorization', httpHeaderName3: 'X-Scope-OrgID', tlsAuthWithCACert: true },
      secureJsonData: {
        httpHeaderValue1: '$TEMPO_HEADER_1',
        tlsCACert: '$__file{/etc/ssl/spandrel/tempo/ca.crt}',
      },
    });
    expect(sidecarSources(objects)['spandrel-tempo.yaml']).toMatchObject({
      url: 'https://tempo.example.com',
      secureJsonData: {
        httpHeaderValue1: { fromSecret: { name: 'login', key: 'basic' } },
        httpHeaderValue2: 'a$$(b)$$c',
        httpHeaderValue3: 'shop',
        tlsCACert: { fromSecret: { name: 'authority', key: 'ca.crt' } },
      },
    });
    expect(variablesOf(containerOf(objects, 'test'))).toMatchObject({
      TEMPO_HEADERS: 'Authorization=$(TEMPO_HEADER_1)\nX-Plain=$(TEMPO_HEADER_2)\nX-Scope-OrgID=$(TEMPO_HEADER_3)\n',
      NODE_EXTRA_CA_CERTS: '/etc/ssl/spandrel/tempo/ca.crt',
    });
  });

  it('gives the Tempo of the release nothing of that', () => {
    const rendered = JSON.stringify(render({ tempo: { enabled: true, external } }));
    expect(/TEMPO_HEADER_\d|ssl\/spandrel|external-tempo/.exec(rendered)).toBeNull();
  });
});

describe.skipIf(!hasHelm())('the configuration of Collector and Tempo (requires Helm)', { timeout: 60_000 }, () => {
  const config = {
    exporters: { debug: { verbosity: 'basic' } },
    service: {
      pipelines: {
        metrics: { receivers: ['otlp'], exporters: ['debug'] },
        logs: { receivers: ['otlp'], exporters: ['debug'] },
      },
    },
  };

  it('of the Collector is the last file, which the Collector merges over the others', () => {
    const objects = render({ 'collector.config': config });
    const map = find(objects, 'ConfigMap', 'spandrel-collector');
    expect(parse(map.data?.['values.yaml'] ?? '')).toEqual(config);
    const { args = [] } = containerOf(objects, 'collector');
    expect(args.at(-1)).toBe('--config=/etc/otelcol/values.yaml');
    for (const argument of args) expect(map.data).toHaveProperty([path.basename(argument)]);
    expect(find(render({}), 'ConfigMap', 'spandrel-collector').data).not.toHaveProperty(['values.yaml']);
  });

  it.skipIf(spawnSync('otelcol', ['--version']).error !== undefined)(
    'of the Collector with pipelines of metrics and logs is valid (requires otelcol)',
    () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'spandrel-collector-'));
      try {
        const files = find(
          render({ 'collector.config': config, 'tempo.enabled': false }),
          'ConfigMap',
          'spandrel-collector',
        );
        const options = Object.entries(files.data ?? {})
          // In the order of the arguments.
          .toSorted(([one], [other]) => Number(one === 'values.yaml') - Number(other === 'values.yaml'))
          .map(([name, text]) => {
            writeFileSync(path.join(folder, name), text.replaceAll('/var/lib/otelcol', folder));
            return `--config=${path.join(folder, name)}`;
          });
        const environment = { ...process.env, TRACESTORE_ENDPOINT: 'http://tracestore:4318' };
        const { status, stderr } = spawnSync('otelcol', ['validate', ...options], {
          env: environment,
          encoding: 'utf8',
        });
        expect(stderr).toBe('');
        expect(status).toBe(0);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );

  it('of Tempo has the retention and what tempo.config merges over it', () => {
    const map = find(example('object-store'), 'ConfigMap', 'spandrel-tempo');
    const tempo = parse(map.data?.['tempo.yaml'] ?? '') as {
      readonly backend_worker: unknown;
      readonly backend_scheduler: unknown;
      readonly storage: { readonly trace: object };
    };
    expect(tempo).toMatchObject({
      backend_worker: { compaction: { block_retention: '720h' } },
      backend_scheduler: { provider: { compaction: { compaction: { block_retention: '720h' } } } },
      storage: { trace: { backend: 's3', s3: { bucket: 'example-traces' }, wal: { path: '/var/tempo/wal' } } },
    });
    expect(containerOf(example('object-store'), 'tempo').args).toContain('-config.expand-env=true');
  });
});

describe.skipIf(!hasHelm())('an operator of the cluster (requires Helm)', { timeout: 60_000 }, () => {
  it('CloudNativePG: cluster, roles and Secrets fit the values', () => {
    const values = parse(read('examples/cloudnative-pg.yaml')) as {
      readonly database: {
        readonly existingSecret: string;
        readonly external: { readonly host: string; readonly name: string; readonly caSecret: string };
      };
    };
    const [cluster, numbers, ...secrets] = manifests('cloudnative-pg');
    const { existingSecret, external } = values.database;
    const spec = cluster?.spec as unknown as {
      readonly bootstrap: {
        readonly initdb: {
          readonly database: string;
          readonly owner: string;
          readonly postInitApplicationSQL: readonly string[];
          readonly secret: { readonly name: string };
        };
      };
      readonly managed: {
        readonly roles: readonly { readonly name: string; readonly passwordSecret: { readonly name: string } }[];
      };
    };
    const { initdb } = spec.bootstrap;
    const name = cluster?.metadata.name ?? '';
    expect(external).toMatchObject({ host: `${name}-rw`, name: initdb.database, caSecret: `${name}-ca` });
    expect(numbers?.spec).toEqual({ name: 'numbers', owner: 'backend', cluster: { name } });

    const login = new Map(secrets.map((secret) => [secret.metadata.name, secret.stringData ?? {}]));
    const passwords = new Map([[initdb.owner, login.get(initdb.secret.name)]]);
    for (const role of spec.managed.roles) passwords.set(role.name, login.get(role.passwordSecret.name));
    const given = login.get(existingSecret) ?? {};
    for (const [role, database] of [
      ['tracestore', initdb.database],
      ['backend', 'numbers'],
    ] as const) {
      const url = new URL(given[`${role}-url`] ?? '');
      expect([url.username, url.hostname, url.pathname]).toEqual([role, external.host, `/${database}`]);
      expect(passwords.get(role)).toEqual({ username: role, password: url.password });
    }
    expect(passwords.get('grafana')).toEqual({ username: 'grafana', password: given['grafana-password'] });
  });

  it('CloudNativePG: the statements are those of roles.sql, in the database of the cluster', () => {
    const { spec } = find(manifests('cloudnative-pg'), 'Cluster', 'spandrel-postgres');
    const { bootstrap } = spec as unknown as {
      readonly bootstrap: {
        readonly initdb: { readonly database: string; readonly postInitApplicationSQL: readonly string[] };
      };
    };
    const ofOperator = ['CREATE ROLE tracestore ', 'GRANT CREATE ON DATABASE', 'CREATE DATABASE numbers'];
    const text = read('files/database/roles.sql')
      .replaceAll(/^--.*\n/gm, '')
      .replaceAll(/ PASSWORD :'\w+'/g, '')
      .replaceAll('DATABASE postgres', `DATABASE ${bootstrap.initdb.database}`);
    // A semicolon within dollar quotes ends no statement.
    const statements = (text.match(/(?:\$\$[^]*?\$\$|[^;])+/g) ?? [])
      .map((statement) => statement.trim())
      .filter((statement) => statement !== '' && ofOperator.every((start) => !statement.startsWith(start)));
    expect(statements.length).toBeGreaterThan(10);
    expect(bootstrap.initdb.postInitApplicationSQL).toEqual(statements);
  });

  it("OpenTelemetry Operator: its Collector has the chart's receivers, queues and pipelines", () => {
    const objects = manifests('opentelemetry-operator');
    const collector = find(objects, 'OpenTelemetryCollector', 'traces');
    const { exporter } = find(objects, 'Instrumentation', 'spandrel').spec as unknown as {
      readonly exporter: { readonly endpoint: string };
    };
    const { config } = collector.spec as unknown as {
      readonly config: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    };
    const files = ['base', 'tracestore', 'tempo'].map((name) => {
      const text = read(`files/collector/${name}.yaml`)
        .replace('${env:TRACESTORE_ENDPOINT}', 'http://spandrel-tracestore:4318')
        .replace('${env:TEMPO_ENDPOINT}', 'spandrel-tempo:4317');
      return parse(text) as typeof config;
    });
    for (const section of ['receivers', 'processors', 'extensions', 'exporters']) {
      expect(config[section], section).toEqual(Object.assign({}, ...files.map((file) => file[section])));
    }
    const pipelines = files.map(({ service }) => service?.['pipelines'] as object | undefined);
    expect(config['service']?.['pipelines']).toEqual(Object.assign({}, ...pipelines));
    // The operator names the Service after the Collector.
    const endpoint = `http://${collector.metadata.name}-collector:4318`;
    expect(exporter.endpoint).toBe(endpoint);
    const values = parse(read('examples/opentelemetry-operator.yaml')) as {
      readonly collector: { readonly external: { readonly endpoint: string } };
    };
    expect(values.collector.external.endpoint).toBe(endpoint);
  });

  it('OpenTelemetry Operator: its Collector may connect to the stores', () => {
    const objects = render({
      collector: { enabled: false, external: { endpoint: 'http://traces-collector:4318', from: peers } },
    });
    expect(openedTo(objects)).toEqual({ tempo: ['otlp-grpc'], tracestore: ['otlp-http'] });
  });
});
