import { describe, expect, it } from 'vitest';
import { linkUrl } from './link-url.ts';

const context = {
  traceId: 'a'.repeat(32),
  spanId: 'b'.repeat(16),
  service: 'shop & co',
  operation: 'GET /',
  startUnixMs: '1000',
  endUnixMs: '2000',
  attribute: (key: string) => (key === 'k8s.pod.name' ? 'pod-1' : undefined),
};
const urlOf = (url: string, value?: string) => linkUrl({ title: 'Logs', url }, context, value);

describe('linkUrl', () => {
  it('fills all placeholders, percent-encoded', () => {
    expect(
      urlOf('https://logs/{attribute:k8s.pod.name}?q={service}%20{value}&from={startUnixMs}#{traceId}', '"/?#'),
    ).toBe(`https://logs/pod-1?q=shop%20%26%20co%20%22%2F%3F%23&from=1000#${'a'.repeat(32)}`);
  });

  it('has no link without one of its values', () => {
    expect(urlOf('https://logs/{attribute:host.name}')).toBeUndefined();
    expect(urlOf('https://logs/{value}')).toBeUndefined();
    expect(urlOf('https://logs/{unknown}', 'x')).toBeUndefined();
  });

  it.each(['javascript:alert({value})', 'data:text/html,{value}', '{value}', '//evil/{value}'])(
    'has no link for %s',
    (url) => {
      expect(urlOf(url, 'https://evil/')).toBeUndefined();
    },
  );

  it('encodes a value with a lone surrogate', () => {
    expect(urlOf('https://logs/{value}', '\ud800')).toBe('https://logs/%EF%BF%BD');
  });
});
