import { describe, expect, it } from 'vitest';
import { endpointsOf, snippetsFor } from './snippets.ts';

const receivers = {
  isLoopback: true,
  otlpHttp: { port: 14318, url: null },
  otlpGrpc: { port: 14317, url: null },
};

describe('snippets', () => {
  it('have the ports on which tracestore listens, at the host of the console', () => {
    expect(endpointsOf(receivers, '[::1]')).toEqual({ http: 'http://[::1]:14318', grpc: 'http://[::1]:14317' });
  });

  it('have the configured addresses instead', () => {
    const configured = { ...receivers, otlpHttp: { port: 4318, url: 'https://otlp.example' } };
    expect(endpointsOf(configured, 'localhost')).toEqual({ http: 'https://otlp.example', grpc: undefined });
  });

  it.each(snippetsFor('http://localhost:14318').map((snippet) => [snippet.title, snippet] as const))(
    'name the address and no other port: %s',
    (_, { text }) => {
      expect(text).toContain('http://localhost:14318');
      expect(text).not.toMatch(/\b431[78]\b/);
    },
  );
});
