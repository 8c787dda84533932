import { type DescMessage, type MessageShape, toBinary } from '@bufbuild/protobuf';
import type { Implementation } from '@spandrel/grpc';
import {
  QueryInstantResponseSchema,
  QueryRangeResponseSchema,
  SearchResponseSchema,
  type StreamingQuerier,
} from '../gen/tempopb/tempo_pb.js';
import type { TempoService } from './tempo.service.js';

/** Clients accept messages of 4 MiB by default. A single trace or series can add to this. */
const targetBytes = 1024 * 1024;

/** Implements `tempopb.StreamingQuerier`. A response of several messages has each trace, or series, in one of them. */
export function streamingQuerier(tempo: TempoService): Implementation<typeof StreamingQuerier> {
  return {
    search: async function* (request, signal) {
      const { message } = await tempo.search(request, signal);
      yield* inParts(SearchResponseSchema, message, 'traces');
    },
    searchTags: async function* (request, signal) {
      yield await tempo.tagNames(request, signal);
    },
    searchTagsV2: async function* (request, signal) {
      yield await tempo.tagNamesByScope(request, signal);
    },
    searchTagValues: async function* (request, signal) {
      yield await tempo.tagValues(request, signal);
    },
    searchTagValuesV2: async function* (request, signal) {
      yield await tempo.typedTagValues(request, signal);
    },
    metricsQueryRange: async function* (request, signal) {
      const { message } = await tempo.metricsRange(request, signal);
      yield* inParts(QueryRangeResponseSchema, message, 'series');
    },
    metricsQueryInstant: async function* (request, signal) {
      const { message } = await tempo.metricsInstant(request, signal);
      yield* inParts(QueryInstantResponseSchema, message, 'series');
    },
  };
}

/** Divides a response into messages of about `targetBytes`. Each has all fields besides the list. */
function* inParts<Schema extends DescMessage>(
  schema: Schema,
  message: MessageShape<Schema>,
  list: keyof MessageShape<Schema>,
): Generator<MessageShape<Schema>, void, undefined> {
  const items = message[list] as readonly unknown[];
  const part = (own: readonly unknown[]): MessageShape<Schema> => ({ ...message, [list]: own });
  const bytesOf = (item: unknown): number => toBinary(schema, part([item])).length;
  let batch: unknown[] = [];
  let bytes = 0;
  for (const item of items) {
    const itemBytes = bytesOf(item);
    if (batch.length > 0 && bytes + itemBytes > targetBytes) {
      yield part(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += itemBytes;
  }
  yield part(batch);
}
