/** Generates OTLP requests in JSON, valid in all spellings or with damaged values or bytes, and the spans to be stored. */
import { type MessageShape, toJson } from '@bufbuild/protobuf';
import type { SeededRandom } from '../../bench/corpus/random.ts';
import { awkwardTexts, logUniform } from './awkward.ts';
import { decodeIndependently, expectedSpans } from './expected-spans.ts';
import { hostileScale } from './hostile-protobuf.ts';
import { type Json, JsonObject, RawJson, readJson, writeJson } from './json-tree.ts';
import { indexOfTraceId, otlpRequest, type RequestOrigin, SpanModel, witnessResource } from './otlp-model.ts';
import { type Damage, expectationsOf as expectationsOfProtobuf } from './protobuf-content.ts';
import type { OtlpContent, SpanExpectations } from './requests.ts';
import { ExportTraceServiceRequestSchema } from './schemas.ts';
import { markOf, type SpanMark } from './compare-spans.ts';
import { mutateBytes } from './wire-mutations.ts';
import { encodeTree } from './wire-tree.ts';

const idKeys: ReadonlySet<string> = new Set(['traceId', 'spanId', 'parentSpanId']);

/** Generates the bytes of a request and the expected outcome of its spans. */
export function jsonContent(origin: RequestOrigin, damage: Damage): OtlpContent {
  const { random } = origin;
  const kind = damage === 'none' ? 0 : random.below(1_000);
  if (damage === 'any' && kind >= 990) return hostileJson(origin);
  const valid = encodeTree(otlpRequest(origin));
  const request = decodeIndependently(valid);
  if (request === undefined) throw new Error('a valid request cannot be decoded');
  const spelling = random.pick(['camel', 'snake', 'mixed'] as const);
  const tree = spelled(random, toJson(ExportTraceServiceRequestSchema, request, { enumAsInteger: true }), spelling, '');
  if (kind < 300) {
    return {
      title: `valid, ${spelling}`,
      bytes: Buffer.from(writeJson(tree)),
      expectations: () => expectationsOfProtobuf(valid, valid),
    };
  }
  const before = spansOf(tree);
  const done: string[] = [spelling];
  for (let count = kind < 900 ? 1 + random.below(3) : random.below(2); count > 0; count--)
    done.push(mutate(random, tree));
  let bytes = Buffer.from(writeJson(tree));
  if (kind >= 850) {
    const changed = mutateBytes(random, bytes, 1 + random.below(2));
    bytes = Buffer.from(changed.bytes);
    done.push(...changed.done);
  }
  return {
    title: done.join(', '),
    bytes,
    expectations: () => expectationsOf(origin, request, before, spansOf(readJson(bytes.toString()))),
  };
}

/** Converts the JSON of protobuf-es to OTLP JSON: ids in hex, keys in the given spelling. */
function spelled(random: SeededRandom, value: unknown, spelling: 'camel' | 'snake' | 'mixed', key: string): Json {
  if (Array.isArray(value)) return value.map((element) => spelled(random, element, spelling, key));
  if (typeof value === 'object' && value !== null) {
    return new JsonObject(
      Object.entries(value).map(([name, content]) => {
        const isSnake = spelling === 'snake' || (spelling === 'mixed' && random.chance(0.5));
        return [isSnake ? snakeCase(name) : name, spelled(random, content, spelling, name)];
      }),
    );
  }
  // JSON.stringify writes -0 as 0.
  if (Object.is(value, -0)) return new RawJson('-0');
  if (typeof value !== 'string') return value as number | boolean | null;
  if (idKeys.has(key)) {
    const hex = Buffer.from(value, 'base64').toString('hex');
    return random.chance(0.2) ? hex.toUpperCase() : hex;
  }
  // 64-bit integers may be numbers or strings.
  if (/^(startTimeUnixNano|endTimeUnixNano|timeUnixNano|intValue)$/.test(key) && random.chance(0.3)) {
    return new RawJson(value);
  }
  return value;
}

function snakeCase(name: string): string {
  return respelled(snakeCases, name, (text) => text.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

function camelCase(name: string): string {
  return respelled(camelCases, name, (text) =>
    text.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
  );
}

const snakeCases = new Map<string, string>();
const camelCases = new Map<string, string>();
const maxKnownNames = 1_000;

function respelled(known: Map<string, string>, name: string, respell: (name: string) => string): string {
  let made = known.get(name);
  if (made === undefined) {
    made = respell(name);
    if (known.size < maxKnownNames) known.set(name, made);
  }
  return made;
}

/** A value in its parent, which can be replaced or removed. */
interface Position {
  readonly value: Json;
  readonly key: string;
  readonly replace: (value: Json) => void;
  readonly remove: () => void;
  readonly parent: JsonObject | Json[];
}

function positionsOf(value: Json): Position[] {
  const positions: Position[] = [];
  const visit = (parent: Json): void => {
    if (parent instanceof JsonObject) {
      for (const entry of parent.entries) {
        const remove = (): void => void (parent.entries = parent.entries.filter((other) => other !== entry));
        positions.push({ parent, key: entry[0], value: entry[1], replace: (made) => void (entry[1] = made), remove });
        visit(entry[1]);
      }
    } else if (Array.isArray(parent)) {
      for (const [index, element] of parent.entries()) {
        const remove = (): void => void parent.splice(index, 1);
        positions.push({ parent, key: '', value: element, replace: (made) => void (parent[index] = made), remove });
        visit(element);
      }
    }
  };
  visit(value);
  return positions;
}

const rawValues: readonly string[] = [
  '1e400',
  '-1e400',
  '1E5',
  '0.5',
  '-0',
  '-1',
  '4294967296',
  '9223372036854775808',
  '18446744073709551616',
  '1.0',
  '007',
  'NaN',
  'Infinity',
  'undefined',
  "'x'",
  '"\\ud800"',
  '"\\udc00x"',
  '"\\u0000"',
  '"\\x"',
  '"\\ufeff"',
  '{"__proto__":{"polluted":1}}',
  '{"a":1,"a":2}',
  'true',
  'null',
  '[]',
  '{}',
  '""',
  '"AAAA"',
  '"zz"',
  '"0"',
  '"SPAN_KIND_SERVER"',
  '"STATUS_CODE_ERROR"',
  '"1e3"',
  '" 5"',
  '"0x10"',
  '[[[[[[]]]]]]',
];

type Mutation = (random: SeededRandom, position: Position, positions: readonly Position[]) => void;

const mutations: Readonly<Record<string, Mutation>> = {
  drop: (_random, { remove }) => remove(),
  raw: (random, { replace }) => replace(new RawJson(random.pick(rawValues))),
  digits: (random, { replace }) => replace(new RawJson('9'.repeat(logUniform(random, 2_000)))),
  text: (random, { replace }) => replace(random.pick(awkwardTexts)),
  longText: (random, { replace }) => replace('x'.repeat(logUniform(random, 100_000))),
  wrongType: (random, { value, replace }) =>
    replace(
      random.pick<Json>([[value], new JsonObject([['value', value]]), 1, true, null, 'x', [], new JsonObject([])]),
    ),
  respell: (_random, { parent, key }) => {
    if (!(parent instanceof JsonObject)) return;
    for (const entry of parent.entries)
      if (entry[0] === key) entry[0] = key.includes('_') ? camelCase(key) : snakeCase(key);
  },
  twice: (random, { parent, key, value }) => {
    if (parent instanceof JsonObject)
      parent.entries.push([key, random.chance(0.5) ? value : new RawJson(random.pick(rawValues))]);
    else parent.push(value);
  },
  bothSpellings: (_random, { parent, key, value }) => {
    if (parent instanceof JsonObject) parent.entries.push([key.includes('_') ? camelCase(key) : snakeCase(key), value]);
  },
  unknown: (random, { parent }, positions) => {
    // As text, since a value that contains itself cannot be written.
    const value = new RawJson(writeJson(random.pick(positions).value));
    const entry: [string, Json] = [random.pick(['unknown', '__proto__', 'constructor', '', 'x-y', '\0']), value];
    if (parent instanceof JsonObject) parent.entries.unshift(entry);
  },
  move: (random, position, positions) => {
    const other = random.pick(positions);
    other.replace(new RawJson(writeJson(position.value)));
  },
  nest: (random, { value, replace }) => {
    const levels = logUniform(random, 300);
    replace(new RawJson(`${'['.repeat(levels)}${writeJson(value)}${']'.repeat(levels)}`));
  },
  nestValue: (random, { replace }) => {
    const levels = logUniform(random, 200);
    const [open, close] = ['{"arrayValue":{"values":[', ']}}'];
    replace(new RawJson(`${open.repeat(levels)}{"intValue":"1"}${close.repeat(levels)}`));
  },
};

const mutationNames = Object.keys(mutations);

function mutate(random: SeededRandom, tree: Json): string {
  const positions = positionsOf(tree);
  if (positions.length === 0) return 'nothing left';
  const position = random.pick(positions);
  const name = random.pick(mutationNames);
  mutations[name]?.(random, position, positions);
  return `${name} ${position.key}`;
}

/** Expects the spans that did not change, including their resource and scope. */
function expectationsOf(
  origin: RequestOrigin,
  request: MessageShape<typeof ExportTraceServiceRequestSchema>,
  before: readonly JsonSpan[] | undefined,
  after: readonly JsonSpan[] | undefined,
): SpanExpectations {
  const unknown = {
    requiredSpans: [],
    possibleSpans: undefined,
    sentSpans: undefined,
    foreignSpans: 0,
    isDecodable: false,
  };
  if (after === undefined || before === undefined) return unknown;
  const marks = expectedSpans(request).map((span) => (span?.isRequired === true ? markOf(span) : undefined));
  const unchanged = new Map<string, SpanMark[]>();
  for (const [nr, { text }] of before.entries()) {
    const mark = marks[nr];
    if (mark !== undefined) unchanged.set(text, [...(unchanged.get(text) ?? []), mark]);
  }
  return {
    requiredSpans: after.map(({ text }) => unchanged.get(text)?.pop()).filter((mark) => mark !== undefined),
    possibleSpans: undefined,
    sentSpans: after.length,
    foreignSpans: after.filter(({ traceId }) => indexOfTraceId(origin.seed, traceId) !== origin.index).length,
    isDecodable: true,
  };
}

interface JsonSpan {
  readonly traceId: string;
  /** The span with its resource and scope, independent of the order and spelling of keys. */
  readonly text: string;
}

/** Returns all spans of a document; undefined if its structure is invalid. */
export function spansOf(root: Json | undefined): readonly JsonSpan[] | undefined {
  const spans: JsonSpan[] = [];
  try {
    for (const resourceSpans of listOf(root, 'resourceSpans')) {
      const resource = membersBut(resourceSpans, 'scopeSpans');
      for (const scopeSpans of listOf(resourceSpans, 'scopeSpans')) {
        const around = `${resource} ${membersBut(scopeSpans, 'spans')}`;
        for (const span of listOf(scopeSpans, 'spans')) {
          const traceId = entriesOf(span).findLast(([key]) => camelCase(key) === 'traceId')?.[1];
          spans.push({
            traceId: typeof traceId === 'string' ? traceId.toLowerCase() : '',
            text: `${around} ${canonical(span)}`,
          });
        }
      }
    }
    return spans;
  } catch (error) {
    if (error instanceof NotSpans) return undefined;
    throw error;
  }
}

class NotSpans extends Error {}

/** Returns a list. tracestore concatenates the lists of duplicate keys, in either spelling. */
function listOf(parent: Json | undefined, key: string): readonly Json[] {
  const lists = entriesOf(parent).filter(([name]) => camelCase(name) === key);
  return lists.flatMap(([, list]) => {
    if (!Array.isArray(list)) throw new NotSpans();
    return list;
  });
}

/** Returns all members of an object except a list. */
function membersBut(value: Json, list: string): string {
  return canonical(new JsonObject(entriesOf(value).filter(([name]) => camelCase(name) !== list)));
}

function entriesOf(value: Json | undefined): readonly [string, Json][] {
  if (!(value instanceof JsonObject)) throw new NotSpans();
  return value.entries;
}

/** Returns the same text for the same content. Numbers keep their digits, since different times may be equal as doubles. */
function canonical(value: Json): string {
  if (value instanceof RawJson) return value.text;
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (!(value instanceof JsonObject)) return JSON.stringify(value);
  const members = value.entries.map(([key, content]) => `${camelCase(key)}:${canonical(content)}`);
  return `{${members.toSorted().join()}}`;
}

const resourceOf = (spans: string, attributes = ''): string =>
  `{"resource":{"attributes":[${attributes}]},"scopeSpans":[{"spans":[${spans}]}]}`;

/** Hostile requests by name. `scale` is the approximate size in bytes. */
const hostile: Readonly<Record<string, (span: string, scale: number) => string>> = {
  'empty spans': (_span, scale) => resourceOf('{},'.repeat(scale / 3) + '{}'),
  'empty resources': (_span, scale) => `${'{},'.repeat(scale / 3)}{}`,
  'empty attributes': (span, scale) => resourceOf(span.replace('{', `{"attributes":[${'{},'.repeat(scale / 3)}{}],`)),
  'empty resource attributes': (span, scale) => resourceOf(span, `${'{},'.repeat(scale / 3)}{}`),
  'nulls as spans': (_span, scale) => resourceOf(`${'null,'.repeat(scale / 5)}{}`),
  'empty events': (span, scale) => resourceOf(span.replace('{', `{"events":[${'{},'.repeat(scale / 3)}{}],`)),
  'empty links': (span, scale) => resourceOf(span.replace('{', `{"links":[${'{},'.repeat(scale / 3)}{}],`)),
  'deep lists unknown': (span, scale) =>
    resourceOf(span.replace('{', `{"unknown":${'['.repeat(scale / 2)}${']'.repeat(scale / 2)},`)),
  'deep objects unknown': (span, scale) =>
    resourceOf(span.replace('{', `{"unknown":${'{"a":'.repeat(scale / 6)}1${'}'.repeat(scale / 6)},`)),
  'deep values': (span, scale) =>
    resourceOf(
      span.replace(
        '{',
        `{"attributes":[{"key":"deep","value":${'{"arrayValue":{"values":['.repeat(scale / 30)}{}${']}}'.repeat(scale / 30)}}],`,
      ),
    ),
  'a number of many digits': (span, scale) => resourceOf(span.replace('{', `{"flags":${'9'.repeat(scale)},`)),
  'a time of many digits': (span, scale) =>
    resourceOf(span.replace(/"startTimeUnixNano":"\d+"/, `"startTimeUnixNano":"${'9'.repeat(scale)}"`)),
  'a whole value of many digits': (span, scale) =>
    resourceOf(span.replace('{', `{"attributes":[{"key":"big","value":{"intValue":"${'9'.repeat(scale)}"}}],`)),
  'a long text': (span, scale) => resourceOf(span.replace('{', `{"traceState":"${'\\u0000'.repeat(scale / 6)}",`)),
  'a long id': (span, scale) => resourceOf(span.replace('{', `{"parentSpanId":"${'a'.repeat(scale)}",`)),
  'many keys unknown': (span, scale) =>
    resourceOf(span.replace('{', `{${Array.from({ length: scale / 14 }, (_, nr) => `"k${nr}":0,`).join('')}`)),
  blanks: (span, scale) => resourceOf(`${' '.repeat(scale)}${span}`),
  'long service name and many operations': (span, scale) =>
    resourceOf(
      Array.from({ length: Math.sqrt(scale) }, (_, nr) =>
        span.replace('"name":"span"', `"name":"operation ${nr}"`),
      ).join(','),
      `{"key":"service.name","value":{"stringValue":"${'s'.repeat(Math.sqrt(scale) * 20)}"}}`,
    ),
};

const hostileNames = Object.keys(hostile);

/** Generates a request that costs more than its size suggests, with a valid span in addition. */
function hostileJson(origin: RequestOrigin): OtlpContent {
  const { random, timeUnixNano, index, seed } = origin;
  const name = random.pick(hostileNames);
  const scale = Math.min(hostileScale(random), 8 * 1024 * 1024);
  const witness = encodeTree([witnessResource(new SpanModel(origin))]);
  const request = decodeIndependently(witness);
  if (request === undefined) throw new Error('a valid request cannot be decoded');
  const document = writeJson(
    spelled(random, toJson(ExportTraceServiceRequestSchema, request, { enumAsInteger: true }), 'camel', ''),
  );
  const ids = `"traceId":"f5${(seed & 0xff_ffff).toString(16).padStart(6, '0')}${index.toString(16).padStart(12, '0')}00010001","spanId":"0101010101010101"`;
  const span = `{${ids},"name":"span","startTimeUnixNano":"${timeUnixNano}","endTimeUnixNano":"${timeUnixNano}"}`;
  const costly = hostile[name]?.(span, Math.floor(scale)) ?? '';
  const bytes = Buffer.from(document.replace('{"resourceSpans":[', `{"resourceSpans":[${costly},`));
  return {
    title: `hostile: ${name}, ${bytes.length} bytes`,
    bytes,
    expectations: () => ({
      requiredSpans: expectedSpans(request)
        .filter((made) => made !== undefined)
        .map(markOf),
      possibleSpans: undefined,
      sentSpans: undefined,
      foreignSpans: 0,
      isDecodable: false,
    }),
  };
}
