// The requests that Spandrel is tried with, described once. This file imports nothing, neither from Node nor
// from npm, so that k6 can load it as well.

/** Who a request goes to. */
export type Target = 'frontend' | 'generator';

/** One kind of request. */
export interface Scenario {
  readonly name: string;
  readonly target: Target;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Its share of all requests, relative to the other scenarios. */
  readonly weight: number;
  /** Whether an answer (its status, its parsed JSON body) is what one asked for. */
  readonly isGood: (status: number, body: unknown) => boolean;
  /** Statuses that an injected fault may answer with. */
  readonly faultStatuses: readonly number[];
}

const writeNumber: Scenario = {
  name: 'write a number',
  target: 'frontend',
  method: 'POST',
  path: '/numbers',
  weight: 2,
  isGood: (status, body) => status === 201 && hasNumber(body, 'value'),
  faultStatuses: [],
};

const readLatest: Scenario = {
  name: 'read the latest',
  target: 'frontend',
  method: 'GET',
  path: '/numbers?limit=100',
  weight: 2,
  isGood: (status, body) => status === 200 && Array.isArray(body) && body.every((row) => hasNumber(row, 'value')),
  faultStatuses: [],
};

// One password costs about twenty calls to the character services.
const generatePassword: Scenario = {
  name: 'generate a password',
  target: 'generator',
  method: 'GET',
  path: '/',
  weight: 1,
  isGood: (status, body) => status === 200 && /^.{8,25}$/s.test(String(property(body, 'password'))),
  faultStatuses: [500],
};

/** All of them. */
export const scenarios: readonly Scenario[] = [writeNumber, readLatest, generatePassword];

function hasNumber(body: unknown, name: string): boolean {
  return Number.isFinite(property(body, name));
}

function property(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>)[name] : undefined;
}
