import { describe, expect, it } from 'vitest';
import { readTracestoreConfig } from './tracestore.config.js';

const patternsOf = (text: string) => readTracestoreConfig({ TRACESTORE_LINK_PATTERNS: text }).console.linkPatterns;
const withUrl = (url: string) => JSON.stringify([{ title: 'Logs', url }]);

describe('TRACESTORE_LINK_PATTERNS', () => {
  it('is a JSON list of patterns', () => {
    const patterns = [
      { attribute: 'http.route', title: 'Runbook', url: 'https://wiki.example/runbooks?q={value}' },
      {
        title: 'Explore',
        url: 'http://127.0.0.1:3000/explore?trace={traceId}&pod={attribute:k8s.pod.name}#{startUnixMs}',
      },
    ];
    expect(patternsOf(JSON.stringify(patterns))).toEqual(patterns);
    expect(patternsOf('')).toEqual([]);
  });

  it.each([
    ['{', 'must be a JSON list of at most 100 link patterns'],
    ['{}', 'must be a JSON list'],
    ['[{"title":"Logs"}]', '0.url'],
    ['[{"title":"Logs","url":"https://x/","other":1}]', 'other'],
    [JSON.stringify(Array.from({ length: 101 }, () => ({ title: 'Logs', url: 'https://x/' }))), 'at most 100'],
    [withUrl('javascript:alert({value})'), '0.url must be an http or https URL'],
    [withUrl('https://{value}/'), '0.url must be an http or https URL without a placeholder in its host'],
    [withUrl('https://logs.{service}.example/'), '0.url must be'],
    [withUrl('https://logs.example{value}'), '0.url must be'],
    [withUrl('https://logs.example\\@evil/{value}'), '0.url must be'],
    [withUrl('https://logs.example/{nothing}'), '0.url must be'],
    [withUrl('https://logs.example/{value'), '0.url must be'],
  ])('is refused at the start if it is %s', (text, message) => {
    expect(() => patternsOf(text)).toThrow(message);
  });
});
