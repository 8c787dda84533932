import { RandomRequests } from '@spandrel/testing/random-request';
import { describe, expect, it } from 'vitest';
import { attributesToJson } from '../../storage/attribute-json.js';
import { flatAttributes } from './flat-attributes.js';
import { modelTagsOf } from './model-span.js';
import { attributesAsTags, tagsJson } from './ui-json.js';

/** The tags by way of OTLP's messages. */
function reference(attributesJson: string): { readonly tags: string; readonly hasEvent: boolean } {
  const tags = modelTagsOf(attributesJson);
  return { tags: tagsJson(tags), hasEvent: tags.some(({ key }) => key === 'event') };
}

describe('attributesAsTags', () => {
  it.each([
    '{}',
    '{"a": ""}',
    '{"b": 1, "aa": true, "ccc": null}',
    // jsonb orders keys by length.
    '{"z": 1, "aa": 2, "B": 3, "é": 4, "😀": 5, "\ufffd": 6}',
    '{"1": "x", "10": "y", "2": "z", "__proto__": "p", "": "empty"}',
    '{"n": 9007199254740991, "o": 9007199254740992, "p": -9223372036854775808, "q": 0}',
    String.raw`{"s": "\"", "t": "\\", "u": "\\\"", "v": "a\\\\", "w": "\b\f\n\r\t\u0001\u001f", "x": "</script>"}`,
    '{"s": "\u2028\u2029\u007f, {}[]: \' \u00e9"}',
    '{"d": 5.0, "e": 0.1, "f": -1.5, "g": 0.00000001, "h": 123456789012345680000000.0, "i": 0.0}',
    '{"event": "of attributes", "x": 1}',
    String.raw`{"ev\u0001": 1, "a": "b"}`,
    '{"list": [1, "a", {"k": null}], "a": 1}',
    '{"bytes": {"bytesValue": "AAEC"}, "none": {"bytesValue": ""}, "nan": {"doubleValue": "NaN"}, "minus": {"doubleValue": "-0"}}',
  ])('writes %s as by way of messages', (attributesJson) => {
    expect(attributesAsTags(attributesJson)).toEqual(reference(attributesJson));
  });

  it('writes a number that is too large for a double as by way of messages', () => {
    const attributesJson = `{"big": ${'9'.repeat(400)}.0}`;
    expect(attributesAsTags(attributesJson)).toEqual(reference(attributesJson));
  });

  it.each([1, 2, 3])('writes random attributes as by way of messages (seed %i)', (seed) => {
    const requests = new RandomRequests(seed);
    let flat = 0;
    for (let n = 0; n < 10; n += 1) {
      for (const { scopeSpans } of requests.next().resourceSpans) {
        for (const { attributes } of scopeSpans.flatMap(({ spans }) => spans)) {
          const json = attributesToJson(attributes);
          if (flatAttributes(json) !== undefined) flat += 1;
          expect(attributesAsTags(json)).toEqual(reference(json));
        }
      }
    }
    expect(flat).toBeGreaterThan(0);
  });
});
