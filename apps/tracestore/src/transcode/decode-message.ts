import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import { configureTextEncoding, getTextEncoding } from '@bufbuild/protobuf/wire';
import { decodeText } from './text.js';
import { BadSpanError } from './reference-transcode.js';
import { recursionLimit, requireWellFormed } from './well-formed.js';

// Invalid UTF-8 affects one text, not the whole message: such bytes become U+FFFD.
configureTextEncoding({ ...getTextEncoding(), decodeUtf8: decodeText });

/**
 * Decodes a message of a request into objects, without unknown fields.
 *
 * @param maxFields at all levels
 * @param path of the message in its request, for error messages
 * @throws BadSpanError when the bytes are not such a message, or have too many fields
 */
export function decodeMessage<Schema extends DescMessage>(
  schema: Schema,
  bytes: Uint8Array,
  maxFields: number,
  path: string,
): MessageShape<Schema> {
  let fields: number;
  try {
    fields = requireWellFormed(schema, bytes, maxFields);
    if (fields <= maxFields) return fromBinary(schema, bytes, { readUnknownFields: false, recursionLimit });
  } catch (cause) {
    throw new BadSpanError(`${path} is malformed: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
  throw new BadSpanError(`${path} has more than ${maxFields} fields`);
}
