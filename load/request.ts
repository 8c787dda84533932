import { Agent, request as httpRequest } from 'node:http';
import type { Scenario, Target } from './scenarios.ts';

/** Base URLs without a trailing slash. */
export type Targets = Readonly<Record<Target, string>>;

/** The outcome of one request. */
export interface Outcome {
  readonly scenario: Scenario;
  /** `good`: the expected response; `bad`: another response; `none`: no response. */
  readonly kind: 'good' | 'bad' | 'none';
  /** The status of the response, or why there is none, for example `ECONNREFUSED` or `timeout`. */
  readonly status: number | string;
  readonly durationMs: number;
  /** 32 hex digits from the `traceresponse` header; undefined without it. */
  readonly traceId: string | undefined;
}

/** Creates an agent that keeps connections open for further requests. */
export function createAgent(): Agent {
  return new Agent({ keepAlive: true });
}

/** Makes one request. Never rejects: a missing response is an outcome. */
export function performRequest(
  scenario: Scenario,
  targets: Targets,
  agent: Agent,
  timeoutMs: number,
): Promise<Outcome> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const finish = (kind: Outcome['kind'], status: Outcome['status'], traceId?: string): void =>
      resolve({ scenario, kind, status, durationMs: performance.now() - startedAt, traceId });
    const outgoing = httpRequest(
      targets[scenario.target] + scenario.path,
      { method: scenario.method, agent, signal: AbortSignal.timeout(timeoutMs) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', (error) => finish('none', reasonOf(error)));
        response.on('end', () => {
          const status = response.statusCode ?? 0;
          const isGood = scenario.isGood(status, parseJson(Buffer.concat(chunks).toString()));
          finish(isGood ? 'good' : 'bad', status, traceIdOf(response.headers['traceresponse']));
        });
      },
    );
    outgoing.on('error', (error) => finish('none', reasonOf(error)));
    outgoing.end();
  });
}

function reasonOf(error: NodeJS.ErrnoException): string {
  const abort = error.name === 'AbortError' || error.name === 'TimeoutError';
  return abort ? 'timeout' : (error.code ?? error.message);
}

/** Reads `00-<trace id>-<span id>-<flags>` as in the draft of W3C Trace Context Level 2. */
function traceIdOf(header: string | readonly string[] | undefined): string | undefined {
  return /^[\da-f]{2}-([\da-f]{32})-/.exec(String(header))?.[1];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
