import { describe, expect, it } from 'vitest';
import { encodeJson, encodeProtobuf } from '../../test/otlp-client.js';
import { RandomRequests } from '../../test/random-request.js';
import { attribute, fullRequest, goodSpan, requestOf, type SpanInit } from '../../test/requests.js';
import { decodeRequest } from './decode.js';
import { Refusal } from './refusal.js';

describe('decoding', () => {
  it('yields the same of protobuf and JSON', () => {
    const random = new RandomRequests(1);
    for (const request of [fullRequest(), ...Array.from({ length: 50 }, () => random.next())]) {
      expect(decodeRequest(new Uint8Array(encodeProtobuf(request)), 'protobuf')).toEqual(request);
      expect(decodeRequest(Buffer.from(encodeJson(request)), 'json')).toEqual(request);
    }
  });

  it('never throws anything but a Refusal, however a message is damaged', () => {
    const message = encodeProtobuf(fullRequest());
    const errors: unknown[] = [];
    for (let n = 0; n < 3_000; n += 1) {
      const damaged = Buffer.from(message);
      damaged[(n * 7919) % damaged.length] = (n * 104_729) % 256;
      try {
        decodeRequest(damaged.subarray(0, n % 2 === 0 ? undefined : (n * 31) % damaged.length), 'protobuf');
      } catch (error) {
        errors.push(error);
      }
    }
    expect(errors.length).toBeGreaterThan(100);
    expect(errors.filter((error) => !(error instanceof Refusal))).toEqual([]);
  });

  it('takes deep nesting, so that too deep a span can be refused alone, but not without bounds', () => {
    const nested = (levels: number): SpanInit =>
      goodSpan({
        attributes: [
          Array.from({ length: levels }).reduce<ReturnType<typeof attribute>>(
            (inner) => attribute('a', { case: 'kvlistValue', value: { values: [inner] } }),
            attribute('a', { case: 'boolValue', value: true }),
          ),
        ],
      });
    expect(() => decodeRequest(encodeProtobuf(requestOf([nested(300)])), 'protobuf')).not.toThrow();
    expect(() => decodeRequest(encodeProtobuf(requestOf([nested(400)])), 'protobuf')).toThrow(Refusal);
  });

  it('makes no objects of JSON that would be too many, and counts none in its texts', () => {
    const json = (value: string): Buffer => Buffer.from(`{"unknown":${value}}`);
    const many = `[${'{},'.repeat(600_000)}{}]`;
    expect(() => decodeRequest(json(many), 'json')).toThrow(/values in its JSON/);
    expect(() => decodeRequest(json(JSON.stringify(`\\"${many}`)), 'json')).not.toThrow();
    expect(() => decodeRequest(json(`"${'a'.repeat(16 * 1024 * 1024)}"`), 'json')).toThrow(/bytes of JSON/);
  });
});
