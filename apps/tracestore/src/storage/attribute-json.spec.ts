import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { attribute, text } from '@spandrel/testing/requests';
import { limits } from '../limits.js';
import { attributesFromJson, attributesToJson, doubleToJson } from './attribute-json.js';
import { type KeyValue, KeyValueSchema } from '../gen/opentelemetry/proto/common/v1/common_pb.js';

type Attribute = ReturnType<typeof attribute>;

function messages(...attributes: readonly Attribute[]): readonly KeyValue[] {
  return attributes.map((one) => create(KeyValueSchema, one));
}

const kvlist = (key: string, ...values: readonly Attribute[]): Attribute =>
  attribute(key, { case: 'kvlistValue', value: { values: [...values] } });
const bytes = new Uint8Array([0, 255]);

describe('attributes as JSON', () => {
  it.each<readonly [string, readonly Attribute[], string]>([
    ['no attributes', [], '{}'],
    ['text', [text('a', 'b"\\\n')], String.raw`{"a":"b\"\\\n"}`],
    ['booleans', [attribute('a', { case: 'boolValue', value: false })], '{"a":false}'],
    ['integers', [attribute('a', { case: 'intValue', value: -(2n ** 63n) })], '{"a":-9223372036854775808}'],
    ['doubles', [attribute('a', { case: 'doubleValue', value: 5 })], '{"a":5.0}'],
    ['bytes', [attribute('a', { case: 'bytesValue', value: bytes })], '{"a":{"bytesValue":"AP8="}}'],
    ['no value', [{ key: 'a' }], '{"a":null}'],
    ['an empty value', [{ key: 'a', value: {} }], '{"a":null}'],
    ["a profile's reference", [attribute('a', { case: 'stringValueStrindex', value: 3 })], '{"a":null}'],
    ['an array', [attribute('a', { case: 'arrayValue', value: { values: [{}, {}] } })], '{"a":[null,null]}'],
    ['a list of keys and values', [kvlist('a', text('c', 'd'), text('b', ''))], '{"a":{"b":"","c":"d"}}'],
    [
      'a list that looks like bytes',
      [kvlist('a', text('bytesValue', 'AA=='))],
      '{"a":{"kvlistValue":{"bytesValue":"AA=="}}}',
    ],
    ['a list that looks wrapped', [kvlist('a', kvlist('kvlistValue'))], '{"a":{"kvlistValue":{"kvlistValue":{}}}}'],
    [
      'a list that looks like bytes and more',
      [kvlist('a', text('bytesValue', 'AA=='), text('b', ''))],
      '{"a":{"b":"","bytesValue":"AA=="}}',
    ],
    [
      'a list that looks like bytes without its repeated keys',
      [kvlist('a', text('doubleValue', 'NaN'), text('doubleValue', 'Infinity'))],
      '{"a":{"kvlistValue":{"doubleValue":"Infinity"}}}',
    ],
    ['a set that looks like bytes, which needs no wrapping', [text('bytesValue', 'AA==')], '{"bytesValue":"AA=="}'],
    ['the last of equal keys', [text('a', '1'), text('b', '2'), text('a', '3')], '{"a":"3","b":"2"}'],
    ['keys in order of code units', [text('ä', ''), text('b', ''), text('B', '')], '{"B":"","b":"","ä":""}'],
    ['NUL', [text('k\0', 'v\0')], '{"k\uFFFD":"v\uFFFD"}'],
    ['a lone surrogate', [text('a', '\uD83D!')], '{"a":"\uFFFD!"}'],
  ])('have %s', (_what, attributes, expected) => {
    expect(attributesToJson(messages(...attributes))).toBe(expected);
  });

  it('are equal for equal sets in any order', () => {
    const attributes = messages(text('a', '1'), text('b', '2'), kvlist('c', text('d', ''), text('e', '')));
    expect(attributesToJson(attributes.toReversed())).toBe(attributesToJson(attributes));
  });

  it('can be as deep as the limit, but no deeper', () => {
    const nested = (levels: number): Attribute =>
      Array.from({ length: levels }).reduce<Attribute>((inner) => kvlist('a', inner), text('a', ''));
    expect(attributesToJson(messages(nested(limits.attributeDepth.value)))).toContain('"a":""');
    expect(() => attributesToJson(messages(nested(limits.attributeDepth.value + 1)))).toThrow(
      'nested more than 64 levels deep',
    );
  });

  it('can be as long as the limit, but no longer', () => {
    const room = limits.attributesJsonBytes.value - '{"a":""}'.length;
    expect(attributesToJson(messages(text('a', 'x'.repeat(room))))).toHaveLength(limits.attributesJsonBytes.value);
    expect(() => attributesToJson(messages(text('a', 'x'.repeat(room + 1))))).toThrow('longer than');
    expect(() => attributesToJson(messages(text('a', '\u0001'.repeat(room / 2))))).toThrow('longer than');
  });
});

describe('a double as JSON', () => {
  it.each([
    [0, '0.0'],
    [5, '5.0'],
    [-5, '-5.0'],
    [0.1, '0.1'],
    [1e21, '1000000000000000000000.0'],
    [-1.5e21, '-1500000000000000000000.0'],
    [1e-7, '0.0000001'],
    [-1.25e-9, '-0.00000000125'],
    [NaN, '{"doubleValue":"NaN"}'],
    [Infinity, '{"doubleValue":"Infinity"}'],
    [-Infinity, '{"doubleValue":"-Infinity"}'],
    [-0, '{"doubleValue":"-0"}'],
  ])('%d is %s', (value, expected) => {
    expect(doubleToJson(value)).toBe(expected);
  });

  it.each([
    Number.MIN_VALUE,
    Number.MAX_VALUE,
    -Number.MAX_VALUE,
    Number.EPSILON,
    2 ** 53,
    1.7976931348623155e308,
    4.35e-300,
  ])('of %d is read as the same number, and has no exponent', (value) => {
    expect(doubleToJson(value)).toMatch(/^-?\d+\.\d+$/);
    expect(Number(doubleToJson(value))).toBe(value);
  });
});

describe('attributes from JSON', () => {
  it('equal those that the JSON was made from', () => {
    const attributes = messages(
      text('a', '5.0'),
      attribute('b', { case: 'intValue', value: 2n ** 63n - 1n }),
      attribute('c', { case: 'doubleValue', value: 5 }),
      attribute('d', { case: 'doubleValue', value: -0 }),
      attribute('e', { case: 'bytesValue', value: bytes }),
      kvlist('f', kvlist('kvlistValue', text('bytesValue', ''))),
      { key: 'g', value: {} },
    );
    expect(attributesFromJson(attributesToJson(attributes))).toEqual(attributes);
  });

  it('can have the white space that PostgreSQL adds', () => {
    expect(attributesFromJson('{"a": [1, 1.0, {"bytesValue": "AP8="}]}')).toEqual(
      messages(
        attribute('a', {
          case: 'arrayValue',
          value: {
            values: [
              { value: { case: 'intValue', value: 1n } },
              { value: { case: 'doubleValue', value: 1 } },
              { value: { case: 'bytesValue', value: bytes } },
            ],
          },
        }),
      ),
    );
  });

  it.each(['[]', '5', 'null', '"a"'])('cannot be %s', (json) => {
    expect(() => attributesFromJson(json)).toThrow(TypeError);
  });
});
