// The requests of every load: of `npm start`, `npm run load`, k6 and the tests. This file imports nothing, so that k6 can
// load it.

/** The service that a request is sent to. */
export type Target = 'frontend' | 'generator';

/** One kind of request. */
export interface Scenario {
  readonly name: string;
  readonly target: Target;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** The share of all requests, relative to the weights of the other scenarios. */
  readonly weight: number;
  /** Whether a response with this status and parsed JSON body is correct. */
  readonly isGood: (status: number, body: unknown) => boolean;
  /** Statuses that an injected fault can cause. */
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

// One password takes about 20 calls to the character services.
const generatePassword: Scenario = {
  name: 'generate a password',
  target: 'generator',
  method: 'GET',
  path: '/',
  weight: 1,
  isGood: (status, body) => status === 200 && /^.{8,25}$/s.test(String(property(body, 'password'))),
  faultStatuses: [500],
};

/** All scenarios. */
export const scenarios: readonly Scenario[] = [writeNumber, readLatest, generatePassword];

function hasNumber(body: unknown, name: string): boolean {
  return Number.isFinite(property(body, name));
}

function property(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>)[name] : undefined;
}
