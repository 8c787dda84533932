import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf';
import { configureTextEncoding, getTextEncoding } from '@bufbuild/protobuf/wire';
import { decodeText } from './text.js';
import { BadSpanError } from './reference-transcode.js';
import { recursionLimit, requireWellFormed } from './well-formed.js';

// Text that isn't UTF-8 is a fault of one attribute, and not of the message: such bytes become U+FFFD.
configureTextEncoding({ ...getTextEncoding(), decodeUtf8: decodeText });

/**
 * Decodes a message of a request into objects. Unknown fields are left out.
 *
 * @param path of the message in its request, for what is thrown
 * @throws BadSpanError when the bytes are no such message, or have more fields at all levels than they may
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
