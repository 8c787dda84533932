/**
 * Makes the requests of scenarios.ts with k6: `k6 run load/k6.ts`. The exit status is 0 if every response was correct and
 * in time, otherwise 99. Environment variables:
 *
 * - `SCENARIO`: `numbers` writes and reads numbers, `passwords` generates passwords, `soak` does both. `spike` does both and
 *   raises the rate to ten times for a while.
 * - `RATE`: requests per second; 20 by default.
 * - `DURATION`: by default 1m, and 30m for `soak`.
 * - `FAULTS=off`: every failed response is an error. Otherwise a status that an injected fault causes is accepted.
 * - `LATENCY_FACTOR`: multiplies the maximum response times; 1 by default. For a machine that has other work.
 * - `FRONTEND_URL`, `GENERATOR_URL`: the addresses of the services.
 * - `OTEL_EXPORTER_OTLP_ENDPOINT`: receives a span per request over OTLP/HTTP.
 *
 * Every request starts a trace by its `traceparent` header. Its root is a span of the service `k6`, which is exported only
 * if an OTLP endpoint is set. Slow and failed requests are logged with their trace id.
 */
import { check, sleep } from 'k6';
import http, { type RefinedResponse, type ResponseType } from 'k6/http';
import type { Options, Scenario as Executor } from 'k6/options';
import { type Scenario, scenarios, type Target } from './scenarios.ts';

const plans = ['numbers', 'passwords', 'spike', 'soak'] as const;
type Plan = (typeof plans)[number];

const plan = (__ENV['SCENARIO'] || 'numbers') as Plan;
const ratePerSecond = Number(__ENV['RATE'] || 20);
const duration = __ENV['DURATION'] || (plan === 'soak' ? '30m' : '1m');
const faultsMayFail = __ENV['FAULTS'] !== 'off';
if (!plans.includes(plan)) throw new Error(`SCENARIO must be one of ${plans.join(', ')}, got ${plan}`);
if (!(ratePerSecond > 0)) throw new Error(`RATE must be a positive number, got ${__ENV['RATE']}`);

const latencyFactor = Number(__ENV['LATENCY_FACTOR'] || 1);
if (!(latencyFactor >= 1))
  throw new Error(`LATENCY_FACTOR must be a number of at least 1, got ${__ENV['LATENCY_FACTOR']}`);

const targets: Readonly<Record<Target, string>> = {
  frontend: __ENV['FRONTEND_URL'] || 'http://127.0.0.1:3001',
  generator: __ENV['GENERATOR_URL'] || 'http://127.0.0.1:5050',
};
const otlpEndpoint = __ENV['OTEL_EXPORTER_OTLP_ENDPOINT'];
const slowMs = 1_000;

/** How long setup waits for the services. After a first installation the cluster still pulls images. */
const readyTimeoutS = 600;

const wanted = scenarios.filter(({ target }) => {
  if (plan === 'numbers') return target === 'frontend';
  return plan === 'passwords' ? target === 'generator' : true;
});

export const options: Options = {
  setupTimeout: `${readyTimeoutS + 60}s`,
  scenarios: { [plan]: executor() },
  thresholds: {
    checks: ['rate==1'],
    // A spike may exceed the capacity. Then requests may wait, but no response may be wrong.
    ...(plan === 'spike'
      ? {}
      : {
          dropped_iterations: ['count==0'],
          'http_req_duration{target:frontend}': [`p(95)<${250 * latencyFactor}`, `p(99)<${1_000 * latencyFactor}`],
          'http_req_duration{target:generator}': [`p(95)<${2_000 * latencyFactor}`],
        }),
  },
  summaryTrendStats: ['avg', 'p(50)', 'p(95)', 'p(99)', 'max'],
};

/** Configures an open loop: requests start when they are due, whether or not earlier ones have a response. */
function executor(): Executor {
  const vus = { preAllocatedVUs: 20, maxVUs: 200 };
  if (plan !== 'spike') {
    return { executor: 'constant-arrival-rate', rate: ratePerSecond, timeUnit: '1s', duration, ...vus };
  }
  return {
    executor: 'ramping-arrival-rate',
    startRate: ratePerSecond,
    timeUnit: '1s',
    stages: [
      { target: ratePerSecond, duration: '20s' },
      { target: ratePerSecond * 10, duration: '5s' },
      { target: ratePerSecond * 10, duration },
      { target: ratePerSecond, duration: '5s' },
      { target: ratePerSecond, duration: '20s' },
    ],
    ...vus,
  };
}

/**
 * Waits until every kind of request works, because a cluster starts this load together with the services, and frontend is
 * ready before backend has a database. These requests are not sampled, so they leave no trace.
 */
export function setup(): void {
  const deadline = Date.now() + readyTimeoutS * 1_000;
  for (const scenario of wanted) {
    while (!isGood(scenario, send(scenario, `00-${randomHex(16)}-${randomHex(8)}-00`, 'none'))) {
      if (Date.now() > deadline) throw new Error(`${scenario.name}: no correct response within ${readyTimeoutS} s`);
      sleep(1);
    }
  }
}

/** Makes one request and checks the response. */
export function oneRequest(): void {
  const scenario = choose();
  const [traceId, spanId] = [randomHex(16), randomHex(8)];
  const startedAtMs = Date.now();
  const response = send(scenario, `00-${traceId}-${spanId}-01`, scenario.target);
  const passed = check(
    response,
    { [scenario.name]: (checked) => isGood(scenario, checked) },
    { target: scenario.target },
  );
  if (!passed || response.timings.duration > slowMs) {
    const what = passed ? 'slow' : `failed (${response.status || response.error})`;
    console.warn(`${scenario.name}: ${what}, ${Math.round(response.timings.duration)} ms, trace ${traceId}`);
  }
  if (otlpEndpoint) exportSpan(scenario, response, { traceId, spanId, startedAtMs, endedAtMs: Date.now() });
}

/** @param targetTag the tag by which the thresholds select requests */
function send(
  { method, target, path, name }: Scenario,
  traceparent: string,
  targetTag: string,
): RefinedResponse<ResponseType | undefined> {
  return http.request(method, targets[target] + path, null, {
    headers: { traceparent },
    tags: { name, target: targetTag },
    timeout: '30s',
  });
}

function isGood(scenario: Scenario, { status, body }: RefinedResponse<ResponseType | undefined>): boolean {
  return (faultsMayFail && scenario.faultStatuses.includes(status)) || scenario.isGood(status, parse(body));
}

/** Exports the client span of a request, whose duration includes the network. */
function exportSpan(
  { method, path, target }: Scenario,
  { status, error }: RefinedResponse<ResponseType | undefined>,
  span: { readonly traceId: string; readonly spanId: string; readonly startedAtMs: number; readonly endedAtMs: number },
): void {
  const isError = status === 0 || status >= 400;
  const [template = path] = path.split('?', 1);
  const body = {
    resourceSpans: [
      {
        resource: { attributes: [text('service.name', 'k6'), text('service.namespace', 'spandrel')] },
        scopeSpans: [
          {
            scope: { name: 'load/k6.ts' },
            spans: [
              {
                traceId: span.traceId,
                spanId: span.spanId,
                name: `${method} ${template}`,
                kind: 3,
                startTimeUnixNano: `${span.startedAtMs}000000`,
                endTimeUnixNano: `${span.endedAtMs}000000`,
                attributes: [
                  text('http.request.method', method),
                  text('url.full', targets[target] + path),
                  text('url.template', template),
                  ...(status === 0 ? [] : [{ key: 'http.response.status_code', value: { intValue: String(status) } }]),
                ],
                status: isError ? { code: 2, message: error } : {},
              },
            ],
          },
        ],
      },
    ],
  };
  http.post(`${otlpEndpoint}/v1/traces`, JSON.stringify(body), {
    headers: { 'content-type': 'application/json' },
    tags: { name: 'span', target: 'none' },
    timeout: '5s',
  });
}

function text(key: string, value: string): object {
  return { key, value: { stringValue: value } };
}

function choose(): Scenario {
  let left = Math.random() * wanted.reduce((sum, { weight }) => sum + weight, 0);
  const chosen = wanted.find(({ weight }) => (left -= weight) < 0) ?? wanted[0];
  if (chosen === undefined) throw new Error('no scenario matches SCENARIO');
  return chosen;
}

function parse(body: unknown): unknown {
  try {
    return JSON.parse(String(body)) as unknown;
  } catch {
    return undefined;
  }
}

function randomHex(bytes: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, '0')).join(
    '',
  );
}

// k6 runs the default export.
// oxlint-disable-next-line import/no-default-export
export default oneRequest;
