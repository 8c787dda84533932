import path from 'node:path';
import { parseArgs } from 'node:util';
import { ports } from '@spandrel/service/ports';

export const usage = `npm run import -- promscale URL            reads the database of Promscale 0.15 to 0.17
npm run import -- jaeger FILE... | URL     reads Jaeger's JSON, or a Jaeger query service
npm run import -- otlp FILE...             reads OTLP: JSON, JSON lines, or protobuf with lengths

  --to URL        where the spans go: OTLP over HTTP of tracestore (default: OTEL_EXPORTER_OTLP_ENDPOINT, or
                  http://127.0.0.1:${ports.otlpHttp})
  --from TIME     the first spans of promscale and jaeger URL, such as 2023-01-31T00:00Z, or 7d for 7 days ago
                  (default: all of promscale, 7d of jaeger)
  --until TIME    the time before which they start (default: now)
  --service NAME  only traces with this service, of jaeger URL; may be repeated
  --page N        traces in a response of jaeger URL, from 1 to 10000 (default: 200)
  --state FILE    where an interrupted import goes on (default: a file in .spandrel/import)
  --restart       starts at the beginning instead
  --give-up T     stops when tracestore has accepted nothing for this time (default: 10m)
  --json          prints the figures as JSON

OTEL_EXPORTER_OTLP_HEADERS has headers for tracestore, such as authorization=Bearer%20TOKEN. IMPORT_JAEGER_TOKEN is the
bearer token for Jaeger, PGPASSWORD the password for Promscale. Spans that were imported before are not stored twice.
`;

/** The command line has an error. The message says what is right. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What to import. */
export type SourceOptions =
  | { readonly is: 'promscale' | 'jaeger-service'; readonly url: string }
  | { readonly is: 'jaeger-files' | 'otlp-files'; readonly files: readonly string[] };

export interface ImportOptions {
  readonly source: SourceOptions;
  /** The URL of OTLP over HTTP, with its path. */
  readonly tracesUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly jaegerToken?: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly services: readonly string[];
  readonly pageTraces: number;
  readonly stateFile?: string;
  readonly restart: boolean;
  readonly giveUpMs: number;
  readonly json: boolean;
}

const unitsMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Parses the command line.
 *
 * @param environment such as `process.env`
 * @returns undefined for --help
 * @throws UsageError that says what is wrong
 */
export function parseOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  nowMs = Date.now(),
): ImportOptions | undefined {
  const { values, positionals } = parse(args);
  if (values.help) return undefined;
  const [kind, ...rest] = positionals;
  const source = sourceOf(kind, rest);
  const fromMs = timeOf('--from', values.from ?? (source.is === 'jaeger-service' ? '7d' : '1970-01-01T00:00Z'), nowMs);
  const untilMs = values.until === undefined ? nowMs : timeOf('--until', values.until, nowMs);
  if (fromMs >= untilMs) throw new UsageError('--from must be before --until');
  const page = /^\d{1,5}$/.test(values.page) ? Number(values.page) : 0;
  if (page < 1 || page > 10_000) throw new UsageError(`--page must be an integer from 1 to 10000, got ${values.page}`);
  const token = environment['IMPORT_JAEGER_TOKEN'];
  return {
    source,
    tracesUrl: tracesUrlOf(
      values.to ?? (environment['OTEL_EXPORTER_OTLP_ENDPOINT'] || `http://127.0.0.1:${ports.otlpHttp}`),
    ),
    headers: headersOf(environment['OTEL_EXPORTER_OTLP_HEADERS'] ?? ''),
    ...(token !== undefined && token !== '' && { jaegerToken: token }),
    fromMs,
    untilMs,
    services: values.service,
    pageTraces: page,
    ...(values.state !== undefined && { stateFile: values.state }),
    restart: values.restart,
    giveUpMs: durationOf('--give-up', values['give-up']),
    json: values.json,
  };
}

/** The source in a text without passwords, for messages and the state file. */
export function nameOfSource(source: SourceOptions): string {
  if ('files' in source) return `${source.is} ${source.files.map((file) => path.resolve(file)).join(' ')}`;
  const url = new URL(source.url);
  url.password = '';
  url.search = '';
  return `${source.is} ${url.href}`;
}

function parse(args: readonly string[]) {
  const flag = { type: 'boolean', default: false } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        to: { type: 'string' },
        from: { type: 'string' },
        until: { type: 'string' },
        service: { type: 'string', multiple: true, default: [] },
        page: { type: 'string', default: '200' },
        state: { type: 'string' },
        restart: flag,
        'give-up': { type: 'string', default: '10m' },
        json: flag,
        help: { ...flag, short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function sourceOf(kind: string | undefined, rest: readonly string[]): SourceOptions {
  const [first, ...others] = rest;
  if (first === undefined)
    throw new UsageError('what to import is missing: promscale URL, jaeger FILE, jaeger URL or otlp FILE');
  const isWeb = /^https?:\/\//.test(first);
  if (kind === 'otlp') return { is: 'otlp-files', files: rest };
  if (kind === 'jaeger' && !isWeb) return { is: 'jaeger-files', files: rest };
  if (others.length > 0) throw new UsageError(`${kind} takes one URL, got ${rest.join(' ')}`);
  if (kind === 'jaeger') return { is: 'jaeger-service', url: first.replace(/\/+$/, '') };
  if (kind !== 'promscale') throw new UsageError(`the source must be promscale, jaeger or otlp, got ${kind}`);
  if (!/^postgres(ql)?:\/\//.test(first) || !URL.canParse(first)) {
    throw new UsageError('promscale needs a URL such as postgres://user@host:5432/database');
  }
  return { is: 'promscale', url: first };
}

/** As the SDKs do, the path of traces is added to the base URL. */
function tracesUrlOf(base: string): string {
  if (!URL.canParse(base) || !/^https?:$/.test(new URL(base).protocol)) {
    throw new UsageError(`--to must be a URL that starts with http:// or https://, got ${base}`);
  }
  const trimmed = base.replace(/\/+$/, '');
  return trimmed.endsWith('/v1/traces') ? trimmed : `${trimmed}/v1/traces`;
}

/** Headers as OpenTelemetry's SDKs read them: `name=value,name=value`, percent-encoded. */
function headersOf(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    text
      .split(',')
      .filter((pair) => pair.trim() !== '')
      .map((pair) => {
        const [name = '', value] = [pair.split('=', 1)[0], pair.slice(pair.indexOf('=') + 1)];
        if (!pair.includes('='))
          throw new UsageError('OTEL_EXPORTER_OTLP_HEADERS must be name=value pairs with commas between them');
        return [name.trim(), decodeURIComponent(value.trim())];
      }),
  );
}

function timeOf(option: string, text: string, nowMs: number): number {
  if (/^\d+[smhd]$/.test(text)) return nowMs - durationOf(option, text);
  const timeMs = Date.parse(text);
  if (Number.isNaN(timeMs))
    throw new UsageError(`${option} must be a time such as 2023-01-31T00:00Z, or 7d, got ${text}`);
  return timeMs;
}

function durationOf(option: string, text: string): number {
  const [, amount, unit = ''] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (amount === undefined) throw new UsageError(`${option} must be a time such as 30s, 10m, 2h or 7d, got ${text}`);
  return Number(amount) * (unitsMs[unit] ?? 0);
}
