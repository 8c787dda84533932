import { Agent, request as httpRequest } from 'node:http';
import type { Scenario, Target } from './scenarios.ts';

/** Base URLs, without a slash at the end. */
export type Targets = Readonly<Record<Target, string>>;

/** What came of one request. */
export interface Outcome {
  readonly scenario: Scenario;
  /** `good`: what was asked for; `bad`: another answer; `none`: no answer at all. */
  readonly kind: 'good' | 'bad' | 'none';
  /** Of the answer, or why there is none, as in `ECONNREFUSED` or `timeout`. */
  readonly status: number | string;
  readonly durationMs: number;
  /** 32 hex digits, from the `traceresponse` header; undefined if there was none. */
  readonly traceId: string | undefined;
}

/** Connections that are kept and used again. */
export function createAgent(): Agent {
  return new Agent({ keepAlive: true });
}

/** Makes one request. Never rejects: that there is no answer is an outcome. */
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

/** W3C Trace Context, level 2 draft: `00-<trace id>-<span id>-<flags>`. */
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
