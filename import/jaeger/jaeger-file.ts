import { parseJson } from '@spandrel/trace-files';
import { readFiles } from '../files/file-position.ts';
import { readJsonRecords } from '../files/json-records.ts';
import type { ImportSource, SourceItem } from '../run-import.ts';
import { tracesOf } from './jaeger-traces.ts';

const mebibyte = 1024 * 1024;
const options = { listName: 'data', maxDocumentBytes: 0, maxElementBytes: 64 * mebibyte } as const;

/** Files of traces in Jaeger's JSON, as its UI downloads them or its API returns them. */
export class JaegerFileSource implements ImportSource {
  place = '';

  private readonly files: readonly string[];

  constructor(files: readonly string[]) {
    this.files = files;
  }

  read(position: unknown): AsyncIterable<SourceItem> {
    return readFiles(this.files, position, itemsOf, (place) => (this.place = place));
  }
}

async function* itemsOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<SourceItem> {
  for await (const { text } of readJsonRecords(chunks, options)) {
    for (const { items } of tracesOf(parseJson(text))) yield* items;
  }
}
