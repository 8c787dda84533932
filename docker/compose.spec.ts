import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ports } from '@spandrel/service/ports';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const root = path.dirname(import.meta.dirname);
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

interface ComposeService {
  readonly image: string;
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
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

/** The ports on the host, by the service that answers there. */
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
  ])('run the same %s', (service, key) => {
    const image = values[key]?.image;
    expect(services[service]?.image).toBe(`${image?.repository}:${image?.tag}`);
  });

  it('give the database the same settings', () => {
    const settings = Object.entries(values.timescaledb.settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    expect(services['database']?.command).toEqual(['postgres', ...settings]);
  });
});

describe('Compose', () => {
  it('has everything at the ports that the embedded stack has it at', () => {
    for (const name of [
      'frontend',
      'backend',
      'generator',
      'digit',
      'special',
      'lower',
      'upper',
      'tracestore',
      'database',
    ] as const) {
      expect(publishedPorts(name), name).toEqual([ports[name]]);
    }
    expect(publishedPorts('collector')).toEqual([ports.otlpGrpc, ports.otlpHttp]);
  });

  it('lets tracestore answer at the name by which others reach it', () => {
    const [, host = ''] =
      /^([\w-]+)/.exec(services['tracestore']?.environment?.['TRACESTORE_ALLOWED_HOSTS'] ?? '') ?? [];
    const called = Object.values(services).flatMap(({ environment }) =>
      Object.values(environment ?? {}).flatMap(
        (value) => /^http:\/\/(tracestore[\w.-]*):/.exec(String(value))?.[1] ?? [],
      ),
    );
    expect(called).toEqual([host, host]);
  });

  it('opens no port to the network by itself', () => {
    for (const [name, { ports: published = [] }] of Object.entries(services)) {
      for (const port of published) expect(port, name).toMatch(/^\$\{LISTEN_ON:-127\.0\.0\.1\}:/);
    }
  });
});
