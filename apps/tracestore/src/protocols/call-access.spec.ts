import { describe, expect, it } from 'vitest';
import { TokenGuard } from '../access/token-guard.js';
import { readTracestoreConfig } from '../config/tracestore.config.js';
import { CallAccess } from './call-access.js';

const token = 'a-token-of-more-than-16-letters';
const withToken = { TRACESTORE_CONSOLE_TOKEN: token };
const proxy = { TRACESTORE_CONSOLE_ACCESS: 'proxy' };

function call(variables: Readonly<Record<string, string>>, metadata: Readonly<Record<string, string>>): void {
  new CallAccess(readTracestoreConfig(variables), new TokenGuard()).require(metadata, '127.0.0.1');
}

describe('a call that reads traces', () => {
  it.each([
    [withToken, { authorization: `Bearer ${token}` }],
    [proxy, { 'x-forwarded-user': 'jaeger' }],
    [{ ...proxy, TRACESTORE_CONSOLE_USER_HEADER: 'X-User' }, { 'x-user': 'jaeger' }],
    [{ TRACESTORE_CONSOLE_ACCESS: 'none' }, {}],
    [{ ...withToken, TRACESTORE_JAEGER_GRPC_ACCESS: 'none' }, {}],
  ])('is admitted with %j and the metadata %j', (variables, metadata) => {
    expect(() => call(variables, metadata)).not.toThrow();
  });

  it.each([
    [withToken, {}],
    [withToken, { authorization: `Bearer ${token}x` }],
    [withToken, { authorization: token }],
    [withToken, { 'x-forwarded-user': 'jaeger' }],
    [withToken, { cookie: `spandrel_session=${token}` }],
    [proxy, {}],
    [proxy, { 'x-forwarded-user': '' }],
  ])('is not admitted with %j and the metadata %j', (variables, metadata) => {
    expect(() => call(variables, metadata)).toThrow(/Send the/);
  });
});

const basic = (userAndPassword: string): string => `Basic ${Buffer.from(userAndPassword).toString('base64')}`;

function callOfTempo(variables: Readonly<Record<string, string>>, metadata: Readonly<Record<string, string>>): void {
  new CallAccess(readTracestoreConfig(variables), new TokenGuard()).requireTempo(metadata, '127.0.0.1');
}

describe("a call of Tempo's API", () => {
  it.each([
    [withToken, { authorization: `bearer ${token}` }],
    [withToken, { authorization: basic(`grafana:${token}`) }],
    [withToken, { authorization: basic(`:${token}`) }],
    [withToken, { 'x-tracestore-token': token }],
    [withToken, { 'x-tracestore-token': token, authorization: basic('user:of an ingress') }],
    [proxy, { 'x-forwarded-user': 'grafana' }],
    [{ TRACESTORE_CONSOLE_ACCESS: 'none' }, {}],
    [{ ...withToken, TRACESTORE_TEMPO_ACCESS: 'none' }, {}],
  ])('is admitted with %j and the metadata %j', (variables, metadata) => {
    expect(() => callOfTempo(variables, metadata)).not.toThrow();
  });

  it.each([
    [withToken, {}],
    [withToken, { authorization: basic(token) }],
    [withToken, { authorization: basic(`${token}:`) }],
    [withToken, { authorization: `Basic ${token}` }],
    [withToken, { authorization: basic(`grafana:${token}x`) }],
    [withToken, { 'x-tracestore-token': `${token}x`, authorization: `Bearer ${token}` }],
    [{ ...withToken, TRACESTORE_JAEGER_GRPC_ACCESS: 'none' }, {}],
    [proxy, { authorization: basic(`grafana:${token}`) }],
  ])('is not admitted with %j and the metadata %j', (variables, metadata) => {
    expect(() => callOfTempo(variables, metadata)).toThrow(/Send the/);
  });
});
