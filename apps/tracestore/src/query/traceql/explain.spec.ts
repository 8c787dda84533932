import { describe, expect, it } from 'vitest';
import type { QueryDatabaseService } from '../query-database.service.js';
import { TraceqlService } from './traceql.service.js';

/*
 * The SQL of representative queries on the public views, in apps/tracestore/test/statements/traceql. `npm run generate` writes these
 * files. traceql.int-spec.ts runs them as ps_trace_reader.
 */

const hourNs = 3_600_000_000_000n;
const noonNs = 1_700_000_000_000_000_000n;
const range = { startNs: noonNs - hourNs, endNs: noonNs };
const grid = { startNs: noonNs - hourNs, stepNs: 60_000_000_000n, count: 60 };

const examples = [
  ['everything', '{}'],
  ['name-and-kind', '{ name = "GET /" && kind = server }'],
  ['service', '{ resource.service.name = "frontend" }'],
  ['error-of-service', '{ resource.service.name = "frontend" && status = error }'],
  ['duration', '{ duration > 1s && duration <= 1m }'],
  ['attribute-text', '{ span.http.route = "/cart/{id}" }'],
  ['attribute-int', '{ span.http.status_code >= 500 }'],
  ['attribute-float', '{ span.load < 0.5 }'],
  ['attribute-bool', '{ span.cached = true }'],
  ['attribute-bare', '{ span.cached }'],
  ['attribute-not', '{ !span.cached }'],
  ['attribute-regex', '{ span.url.full =~ "https://[^/]+/cart(/.*)?" }'],
  ['attribute-not-regex', '{ span.user.id !~ `(?i)bot-\\d+` }'],
  ['attribute-in', '{ span.method = "GET" || span.method = "HEAD" }'],
  ['attribute-not-in', '{ span.method != "GET" && span.method != "HEAD" }'],
  ['attribute-nil', '{ span.user = nil }'],
  ['attribute-not-nil', '{ .user != nil }'],
  ['attribute-any-scope', '{ .region = "eu" }'],
  ['quoted-name', '{ span."foo bar"."it\'s" = "a\\"b" }'],
  ['resource-attribute', '{ resource.k8s.namespace.name = "shop" }'],
  ['scope', '{ instrumentation:name = "http" && instrumentation.version >= 2 }'],
  ['event', '{ event:name = "exception" && event.exception.type = "Timeout" }'],
  ['event-time', '{ event:timeSinceStart > 10ms }'],
  ['link', '{ link:traceID != nil }'],
  ['negated', '{ !(status = error && kind = client) }'],
  ['arithmetic', '{ duration > 2 * span.budget + 1 }'],
  ['two-fields', '{ span.a != resource.a }'],
  ['parent', '{ parent.resource.service.name != resource.service.name }'],
  ['root', '{ nestedSetParent < 0 && duration > 100ms }'],
  ['whole-trace', '{ rootServiceName = "frontend" && traceDuration > 1s && span:childCount > 3 }'],
  ['ids', '{ trace:id = "0af7651916cd43dd8448eb211c80319c" && span:id = "b7ad6b7169203331" }'],
  ['child', '{ kind = server } > { kind = client }'],
  ['descendant', '{ resource.service.name = "frontend" } >> { status = error }'],
  ['not-sibling', '{ name = "a" } !~ { name = "b" }'],
  ['union-of-ancestors', '({ status = error } &<< { kind = server }) || ({ duration > 1s })'],
  ['pipeline', '{ status = error } | by(resource.service.name) | count() > 3 | avg(duration) > 1s | coalesce()'],
  ['scalars', '({ status = error } | count()) * 2 > ({ kind = client } | count())'],
] as const;

const metrics = [
  ['rate', '{ nestedSetParent < 0 } | rate() by(resource.service.name)'],
  ['rate-of-attribute', '{ span.http.status_code >= 500 } | rate() by(span.http.route, kind)'],
  ['avg-over-time', '{ kind = client } | avg_over_time(span.size) by(name)'],
  ['quantile', '{} | quantile_over_time(duration, 0.5, 0.99)'],
  ['exact-quantile', '{} | quantile_over_time(duration, 0.9) with(exact=true)'],
  ['histogram', '{ resource.service.name = "frontend" } | histogram_over_time(duration)'],
  ['rate-of-structure', '{ name = "pay" } >> { status = error } | rate()'],
  ['compare', '{ kind = server } | compare({ status = error }, 5)'],
  ['ratio', '({ status = error } | rate()) / ({} | rate()) > 0.1'],
] as const;

describe('the plan of a query in TraceQL', () => {
  const service = new TraceqlService(undefined as unknown as QueryDatabaseService);

  it.each(examples)('is that of statements/traceql/%s.sql', async (name, query) => {
    const plan = service.explain({ kind: 'search', query, ...range, limit: 20, spansPerSpanSet: 3 });
    await expect(documented(query, plan)).toMatchFileSnapshot(`../../../test/statements/traceql/${name}.sql`);
  });

  it.each(metrics)('is that of statements/traceql/%s.sql', async (name, query) => {
    const plan = service.explain({ kind: 'metrics', query, grid, exemplars: 0, maxSeries: 0 });
    await expect(documented(query, plan)).toMatchFileSnapshot(`../../../test/statements/traceql/${name}.sql`);
  });
});

function documented(query: string, { sql, parts }: ReturnType<TraceqlService['explain']>): string {
  const lines = parts.map(({ text, by }) => `-- ${by}: ${text}\n`);
  return `-- Query: ${query}\n${lines.join('')}${sql};\n`;
}
