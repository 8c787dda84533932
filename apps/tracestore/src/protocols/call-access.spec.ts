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
