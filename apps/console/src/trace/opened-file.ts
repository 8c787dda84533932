import { attributeText } from '@spandrel/console-api/attribute-text';
import { useSyncExternalStore } from 'react';
import type { SpanDetails } from '../api/types.ts';
import { isGenAi } from './gen-ai/gen-ai-spans.ts';
import type { FileTrace } from './file-trace.ts';
import { fileAttributeMatches, fileEvents } from './file-events.ts';
import type { TraceSource } from './trace-source.ts';

/** An opened file. It exists only in this page and is not stored. */
export interface OpenedFile {
  readonly name: string;
  readonly traces: readonly FileTrace[];
}

let opened: OpenedFile | undefined;
const listeners = new Set<() => void>();

export function useOpenedFile(): OpenedFile | undefined {
  return useSyncExternalStore(subscribe, () => opened);
}

export function setOpenedFile(file: OpenedFile): void {
  opened = file;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

let filesRead = 0;

/** The source of a trace from a file, which needs no requests. */
export function fileSource({ spans, waterfall }: FileTrace): TraceSource {
  filesRead += 1;
  const ids = waterfall.spans.id;
  return {
    key: `file ${filesRead}`,
    exportPath: undefined,
    details: (span) => Promise.resolve(spans.filter(({ spanId }) => spanId === ids[span])),
    matches: (text) => {
      const search = text.toLowerCase();
      return Promise.resolve(spans.filter((span) => hasText(span, search)).map(({ spanId }) => spanId));
    },
    // Asynchronous, so that an invalid condition rejects.
    withAttribute: async (condition) => fileAttributeMatches(spans, condition),
    events: (cursor) => Promise.resolve(fileEvents(spans, cursor)),
    links: undefined,
    genAi: () => Promise.resolve({ spans: spans.filter(({ attributes }) => isGenAi(attributes)), isCut: false }),
  };
}

function hasText(span: SpanDetails, search: string): boolean {
  const has = (text: string): boolean => text.toLowerCase().includes(search);
  return (
    span.spanId === search ||
    has(span.name) ||
    has(span.service) ||
    has(span.status.message) ||
    has(attributeText(span.attributes)) ||
    span.events.some(({ name, attributes }) => has(name) || has(attributeText(attributes)))
  );
}
