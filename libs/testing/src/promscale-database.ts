import { readFileSync } from 'node:fs';
import { create } from '@bufbuild/protobuf';
import pg from 'pg';
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
} from '../../../apps/tracestore/src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import type { AnyValue, KeyValue } from '../../../apps/tracestore/src/gen/opentelemetry/proto/common/v1/common_pb.js';
import {
  Span_SpanKind,
  Status_StatusCode,
} from '../../../apps/tracestore/src/gen/opentelemetry/proto/trace/v1/trace_pb.js';
import { attribute, hexBytes, text } from './requests.ts';
import { queryOnce } from './running-tracestore.ts';

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const statusCodes = ['unset', 'ok', 'error'];
const namelessService = 'OTLPResourceNoServiceName';
/** The text of a time from microseconds since the epoch. */
const timeOf = (parameter: string): string => `timestamptz 'epoch' + ${parameter}::int8 * interval '1 microsecond'`;
const tagTypes = { span: 1, resource: 2, event: 4, link: 8 } as const;

/**
 * Creates the tables of Promscale's traces in an empty database.
 *
 * @param superuserUrl of a superuser: the types need one
 * @param reader the role that may read them
 */
export async function createPromscaleTables(superuserUrl: string, reader: string): Promise<void> {
  const schema = readFileSync(new URL('promscale-schema.sql', import.meta.url), 'utf8');
  await queryOnce(
    superuserUrl,
    `${schema};
     GRANT USAGE ON SCHEMA ps_trace, _ps_trace TO ${reader};
     GRANT SELECT ON ALL TABLES IN SCHEMA _ps_trace TO ${reader}`,
  );
}

/** Runs with a writer on tables without spans. */
export async function inPromscale(
  superuserUrl: string,
  write: (writer: PromscaleWriter) => Promise<void>,
): Promise<void> {
  const client = new pg.Client(superuserUrl);
  await client.connect();
  try {
    await client.query('TRUNCATE _ps_trace.span, _ps_trace.event, _ps_trace.link');
    await write(new PromscaleWriter(client));
  } finally {
    await client.end();
  }
}

/** Writes spans as Promscale does: microseconds, tags and operations by id, a span that ends before its start exchanged. */
export class PromscaleWriter {
  private readonly client: pg.Client;

  constructor(client: pg.Client) {
    this.client = client;
  }

  async write(request: ExportTraceServiceRequest): Promise<void> {
    await this.writeEventsAgain(request);
    for (const { resource, scopeSpans, schemaUrl } of request.resourceSpans) {
      const attributes = resource?.attributes ?? [];
      const service = attributes.find(({ key }) => key === 'service.name')?.value;
      const serviceId = await this.tagId(
        'service.name',
        service === undefined ? JSON.stringify(namelessService) : jsonOf(service),
        'resource',
      );
      for (const { scope, spans, schemaUrl: scopeSchemaUrl } of scopeSpans) {
        const scopeId = await this.idOf(
          `INSERT INTO _ps_trace.instrumentation_lib (name, version, schema_url_id) VALUES ($1, $2, $3) RETURNING id`,
          `SELECT id FROM _ps_trace.instrumentation_lib WHERE name = $1 AND version = $2 AND schema_url_id IS NOT DISTINCT FROM $3`,
          [scope?.name ?? '', scope?.version ?? '', await this.schemaUrlId(scopeSchemaUrl)],
        );
        for (const span of spans) {
          const [start, end] = startAndEnd(span.startTimeUnixNano, span.endTimeUnixNano);
          const times = span.events.map(({ timeUnixNano }) => usOf(timeUnixNano)).toSorted(byValue);
          const operationId = await this.idOf(
            `INSERT INTO _ps_trace.operation (service_name_id, span_name, span_kind) VALUES ($1, $2, $3) RETURNING id`,
            `SELECT id FROM _ps_trace.operation WHERE service_name_id = $1 AND span_name = $2 AND span_kind = $3`,
            [serviceId, span.name, kinds[span.kind]],
          );
          await this.client.query(
            `INSERT INTO _ps_trace.span
             VALUES ($1::uuid, $2, $3, $4, ${timeOf('$5')}, ${timeOf('$6')}, ($6::int8 - $5::int8) / 1000.0, $7, $8,
               tstzrange(${timeOf('$9')}, ${timeOf('$10')}), $11, $12, $13, $14, $15, $16, $17::jsonb, $18, $19::jsonb)`,
            [
              hexOf(span.traceId),
              signedOf(span.spanId),
              span.parentSpanId.length === 0 ? null : signedOf(span.parentSpanId),
              operationId,
              start,
              end,
              scopeId,
              await this.schemaUrlId(schemaUrl),
              times[0] ?? null,
              times.at(-1) ?? null,
              span.droppedAttributesCount,
              span.droppedEventsCount,
              span.droppedLinksCount,
              resource?.droppedAttributesCount ?? 0,
              statusCodes[span.status?.code ?? 0],
              span.traceState === '' ? null : span.traceState,
              await this.tagMap(span.attributes, 'span'),
              span.status?.message ?? null,
              await this.tagMap(attributes, 'resource'),
            ],
          );
          if (times.length === 0) {
            await this.client.query('UPDATE _ps_trace.span SET event_time = NULL WHERE span_id = $1', [
              signedOf(span.spanId),
            ]);
          }
          for (const [number, link] of span.links.entries()) {
            await this.client.query(
              `INSERT INTO _ps_trace.link VALUES ($1::uuid, $2, ${timeOf('$3')}, $4::uuid, $5, $6, $7, $8, $9::jsonb)`,
              [
                hexOf(span.traceId),
                signedOf(span.spanId),
                usOf(span.startTimeUnixNano),
                hexOf(link.traceId),
                signedOf(link.spanId),
                number,
                link.droppedAttributesCount,
                link.traceState === '' ? null : link.traceState,
                await this.tagMap(link.attributes, 'link'),
              ],
            );
          }
        }
      }
    }
  }

  /** Writes the events alone, as a request does that fails before its spans are written. */
  async writeEventsAgain(request: ExportTraceServiceRequest): Promise<void> {
    for (const span of request.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))) {
      for (const [number, event] of span.events.entries()) {
        await this.client.query(
          `INSERT INTO _ps_trace.event VALUES (${timeOf('$1')}, $2::uuid, $3, $4, $5, $6, $7::jsonb)`,
          [
            usOf(event.timeUnixNano),
            hexOf(span.traceId),
            signedOf(span.spanId),
            number,
            event.droppedAttributesCount,
            event.name,
            await this.tagMap(event.attributes, 'event'),
          ],
        );
      }
    }
  }

  /** Writes bare spans, one every `stepUs`. */
  async writeMany(spans: number, startUs: bigint, stepUs: bigint): Promise<void> {
    const service = await this.tagId('service.name', '"shop"', 'resource');
    const operation = await this.idOf(
      `INSERT INTO _ps_trace.operation (service_name_id, span_name, span_kind) VALUES ($1, 'many', 'internal') RETURNING id`,
      `SELECT id FROM _ps_trace.operation WHERE service_name_id = $1 AND span_name = 'many' AND span_kind = 'internal'`,
      [service],
    );
    await this.client.query(
      `INSERT INTO _ps_trace.span (trace_id, span_id, operation_id, start_time, end_time, duration_ms, status_code, span_tags,
         resource_tags)
       SELECT md5(n::text)::uuid, n, $1, start_time, start_time, 0, 'unset', '{}', jsonb_build_object(1, $2::int8)
       FROM generate_series(1, $3::int) n, LATERAL (SELECT ${timeOf('($4::int8 + n * $5::int8)')} AS start_time) s`,
      [operation, service, spans, String(startUs), String(stepUs)],
    );
  }

  private async tagMap(attributes: readonly KeyValue[], type: keyof typeof tagTypes): Promise<string> {
    const map: Record<string, number> = {};
    for (const { key, value } of attributes) {
      const id = await this.tagId(key, jsonOf(value), type);
      const { rows } = await this.client.query<{ readonly id: string }>(
        'SELECT id FROM _ps_trace.tag_key WHERE key = $1',
        [key],
      );
      map[rows[0]?.id ?? ''] = Number(id);
    }
    return JSON.stringify(map);
  }

  /** @param json the value */
  private async tagId(key: string, json: string, type: keyof typeof tagTypes): Promise<string> {
    const keyId = await this.idOf(
      'INSERT INTO _ps_trace.tag_key (key, tag_type) VALUES ($1, $2) RETURNING id',
      'SELECT id FROM _ps_trace.tag_key WHERE key = $1 AND $2 > 0',
      [key, tagTypes[type]],
    );
    return this.idOf(
      'INSERT INTO _ps_trace.tag (key, value, key_id, tag_type) VALUES ($1, $2::jsonb, $3, $4) RETURNING id',
      'SELECT id FROM _ps_trace.tag WHERE key = $1 AND value::jsonb = $2::jsonb AND key_id = $3 AND $4 > 0',
      [key, json, keyId, tagTypes[type]],
    );
  }

  private async schemaUrlId(url: string): Promise<string | null> {
    if (url === '') return null;
    const select = 'SELECT id FROM _ps_trace.schema_url WHERE url = $1';
    return this.idOf('INSERT INTO _ps_trace.schema_url (url) VALUES ($1) RETURNING id', select, [url]);
  }

  private async idOf(insert: string, select: string, values: readonly unknown[]): Promise<string> {
    const found = await this.client.query<{ readonly id: string }>(select, [...values]);
    const [row] =
      found.rows.length > 0 ? found.rows : (await this.client.query<{ readonly id: string }>(insert, [...values])).rows;
    return row?.id ?? '';
  }
}

/** What Promscale keeps of a request: a span that ends before its start is exchanged. All else of it, if it is in microseconds. */
export function asPromscaleHas(request: ExportTraceServiceRequest): ExportTraceServiceRequest {
  return create(ExportTraceServiceRequestSchema, {
    resourceSpans: request.resourceSpans.map((resourceSpans) => ({
      ...resourceSpans,
      scopeSpans: resourceSpans.scopeSpans.map((scopeSpans) => ({
        ...scopeSpans,
        spans: scopeSpans.spans.map((span) => {
          const [start, end] = startAndEnd(span.startTimeUnixNano, span.endTimeUnixNano);
          return { ...span, startTimeUnixNano: BigInt(start) * 1_000n, endTimeUnixNano: BigInt(end) * 1_000n };
        }),
      })),
    })),
  });
}

/** A request with everything that Promscale keeps: five spans that start in one hour, and one two days later. */
export function promscaleRequest(): ExportTraceServiceRequest {
  const startNs = 1_700_000_000_123_456_000n;
  const dayNs = 86_400_000_000_000n;
  const traceId = hexBytes('ffeeddccbbaa99887766554433221100');
  const span = (id: string, name: string, more: object = {}) => ({
    traceId,
    spanId: hexBytes(id),
    name,
    kind: Span_SpanKind.INTERNAL,
    startTimeUnixNano: startNs,
    endTimeUnixNano: startNs + 5_000_000n,
    ...more,
  });
  const event = (name: string, timeUnixNano: bigint) => ({ name, timeUnixNano, attributes: [text('event.key', name)] });
  const values = [
    text('string', 'Straße "quoted"'),
    attribute('bool', { case: 'boolValue', value: true }),
    attribute('int', { case: 'intValue', value: 5n }),
    attribute('int.greatest', { case: 'intValue', value: 2n ** 63n - 1n }),
    attribute('double', { case: 'doubleValue', value: 0.1 }),
    attribute('array', { case: 'arrayValue', value: { values: [{ value: { case: 'intValue', value: 1n } }, {}] } }),
    attribute('kvlist', { case: 'kvlistValue', value: { values: [text('a', '1')] } }),
  ];
  return create(ExportTraceServiceRequestSchema, {
    resourceSpans: [
      {
        schemaUrl: 'https://opentelemetry.io/schemas/1.9.0',
        resource: { attributes: [text('service.name', 'shop'), text('host.name', 'a')], droppedAttributesCount: 1 },
        scopeSpans: [
          {
            schemaUrl: 'https://opentelemetry.io/schemas/1.8.0',
            scope: { name: 'checkout', version: '1.2.3' },
            spans: [
              span('fedcba9876543210', 'POST /orders', {
                parentSpanId: hexBytes('8000000000000001'),
                kind: Span_SpanKind.PRODUCER,
                traceState: 'vendor=1',
                attributes: values,
                droppedAttributesCount: 2,
                events: [event('late', startNs + 2_000_000n), event('early', startNs + 1_000_000n)],
                droppedEventsCount: 3,
                links: [
                  {
                    traceId: hexBytes('0f'.repeat(16)),
                    spanId: hexBytes('f0'.repeat(8)),
                    traceState: 'linked=1',
                    attributes: values,
                  },
                  { traceId, spanId: hexBytes('02'.repeat(8)), droppedAttributesCount: 4 },
                ],
                droppedLinksCount: 5,
                status: { code: Status_StatusCode.ERROR, message: 'out of stock' },
              }),
              span('0000000000000001', 'one event', { events: [event('only', startNs + 1_000_000n)] }),
              span('0000000000000002', 'one event, days later', { events: [event('only', startNs + 3n * dayNs)] }),
              span('0000000000000003', 'events a day later', {
                events: [event('first', startNs + dayNs), event('second', startNs + dayNs + 1_000n)],
              }),
            ],
          },
        ],
      },
      {
        scopeSpans: [
          {
            spans: [
              span('0000000000000004', '', {
                endTimeUnixNano: startNs - 1_000_000n,
                links: [{ traceId, spanId: hexBytes('0000000000000001') }],
              }),
            ],
          },
        ],
      },
      {
        resource: { attributes: [text('service.name', 'cart')] },
        scopeSpans: [
          {
            spans: [
              span('0000000000000005', 'in another hour', {
                startTimeUnixNano: startNs + 2n * dayNs,
                endTimeUnixNano: startNs + 2n * dayNs,
                status: { code: Status_StatusCode.OK },
              }),
            ],
          },
        ],
      },
    ],
  });
}

function startAndEnd(startNs: bigint, endNs: bigint): readonly [start: string, end: string] {
  return startNs <= endNs ? [usOf(startNs), usOf(endNs)] : [usOf(endNs), usOf(startNs)];
}

function usOf(timeNs: bigint): string {
  return String(timeNs / 1_000n);
}

function byValue(left: string, right: string): number {
  return Number(BigInt(left) - BigInt(right));
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function signedOf(bytes: Uint8Array): string {
  return String(Buffer.from(bytes).readBigInt64BE());
}

/** A value as Promscale writes it: JSON without types, in which an int64 has all its digits. */
function jsonOf(value: AnyValue | undefined): string {
  const content = value?.value;
  switch (content?.case) {
    case 'arrayValue':
      return `[${content.value.values.map(jsonOf).join(',')}]`;
    case 'kvlistValue':
      return `{${content.value.values.map(({ key, value: member }) => `${JSON.stringify(key)}:${jsonOf(member)}`).join(',')}}`;
    case 'intValue':
      return String(content.value);
    case 'stringValue':
    case 'boolValue':
    case 'doubleValue':
      return JSON.stringify(content.value);
    default:
      return 'null';
  }
}
