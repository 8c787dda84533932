import { create } from '@bufbuild/protobuf';
import { attributeText } from '@spandrel/console-api';
import { attributesToJson } from '../storage/attribute-json.js';
import { type AnyValue, KeyValueSchema } from '../gen/opentelemetry/proto/common/v1/common_pb.js';
import { parseJson } from '../storage/json-source.js';

/**
 * Write a stored value of an attribute as the text that users see, and search for.
 *
 * @param json the value as it is stored: see attribute-json.ts
 */
export function textOfJson(json: string): string {
  return attributeText(parseJson(json, (_key, value) => value));
}

/** Write a value of an attribute as the text that users see, and search for. */
export function textOfValue(value: AnyValue | undefined): string {
  const json = attributesToJson([create(KeyValueSchema, { key: '', ...(value === undefined ? {} : { value }) })]);
  return textOfJson(json.slice('{"":'.length, -1));
}
