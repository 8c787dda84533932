import { fromBinary, fromJson, type JsonValue } from '@bufbuild/protobuf';
import { configureTextEncoding, getTextEncoding } from '@bufbuild/protobuf/wire';
import {
  type ExportTraceServiceRequest,
  ExportTraceServiceRequestSchema,
} from './gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { JsonNumber, parseJson } from './json-source.js';
import { Refusal, refusals } from './refusal.js';
import { recursionLimit, requireWellFormed } from './well-formed.js';

/** How a request's body and its answer are written. */
export type Encoding = 'protobuf' | 'json';

// Text that isn't UTF-8 is a fault of one attribute of one span. Strict decoding would refuse the whole request for it;
// so such bytes become U+FFFD.
const textDecoder = new TextDecoder('utf-8', { ignoreBOM: true });
configureTextEncoding({ ...getTextEncoding(), decodeUtf8: decodeText });

/** Text as it is kept: U+FFFD for bytes that are no UTF-8; a byte order mark is a character like any other. */
export function decodeText(bytes: Uint8Array): string {
  return textDecoder.decode(bytes);
}

/**
 * Decodes an ExportTraceServiceRequest. Unknown fields are left out. Whether its spans make sense is not looked at.
 *
 * @param body the whole message, decompressed; not kept, except that byte fields of the result may point into it
 * @throws Refusal `undecodable`, saying why; `too-large` for JSON that would take many times its size in memory
 */
export function decodeRequest(body: Uint8Array, encoding: Encoding): ExportTraceServiceRequest {
  try {
    if (encoding === 'json') return decodeJson(body);
    requireWellFormed(ExportTraceServiceRequestSchema, body);
    return fromBinary(ExportTraceServiceRequestSchema, body, { readUnknownFields: false, recursionLimit });
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    throw new Refusal(refusals.undecodable, cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** Ids are in hex, which is where OTLP's JSON leaves the JSON mapping of protobuf (OTLP specification, "JSON Protobuf Encoding"). */
const idFields: ReadonlySet<string> = new Set(['traceId', 'spanId', 'parentSpanId']);

/** Objects are made of JSON before anything is known of them: of three bytes, hundreds. Protobuf knows no such limits. */
const maxJsonBytes = 16 * 1024 * 1024;
const maxJsonValues = 1_000_000;

function decodeJson(body: Uint8Array): ExportTraceServiceRequest {
  if (body.length > maxJsonBytes) throw new Refusal(refusals.tooLarge, `more than ${maxJsonBytes} bytes of JSON`);
  requireFewValues(body);
  const text = new TextDecoder().decode(body);
  const json = parseJson(text, (key, value) => {
    if (value instanceof JsonNumber) return numberFor(value.source);
    if (typeof value !== 'string') return value;
    // Half a surrogate pair can be written in JSON, but is no text.
    return idFields.has(key) ? base64OfHex(key, value) : value.toWellFormed();
  });
  return fromJson(ExportTraceServiceRequestSchema, json as JsonValue, { ignoreUnknownFields: true, recursionLimit });
}

/** Counts what may stand before a value; in JSON that is none, it doesn't matter what is counted. */
function requireFewValues(json: Uint8Array): void {
  let values = 0;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === 0x22) {
      for (at++; at < json.length && json[at] !== 0x22; at++) if (json[at] === 0x5c) at++;
    } else if (byte === 0x7b || byte === 0x5b || byte === 0x2c) {
      values++;
    }
  }
  if (values > maxJsonValues) throw new Refusal(refusals.tooLarge, `more than ${maxJsonValues} values in its JSON`);
}

/** Protobuf's mapping takes a 64-bit integer as text, too; that is where JavaScript's number would round it. */
function numberFor(source: string): number | string {
  const value = Number(source);
  return Number.isSafeInteger(value) || !/^-?\d+$/.test(source) ? value : source;
}

function base64OfHex(field: string, hex: string): string {
  if (!/^(?:[\da-f]{2})*$/i.test(hex))
    throw new TypeError(`${field} should be hex, but is ${JSON.stringify(hex.slice(0, 40))}`);
  return Buffer.from(hex, 'hex').toString('base64');
}
