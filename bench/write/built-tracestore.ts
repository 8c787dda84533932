/*
 * The parts of tracestore that the benchmark holds in its hands. They run as they were built, since a class with
 * decorators cannot be run from its source; their types come from the sources, so that nothing has to be built for a
 * type check. This file and ingest-path.ts are all that know tracestore from inside.
 */
type Decode = typeof import('../../apps/tracestore/src/otlp/decode.ts');
type Transcode = typeof import('../../apps/tracestore/src/otlp/reference-transcode.ts');

/** Imports a module of the built tracestore, by its path below `src`. */
export async function importBuilt<Module>(module: string): Promise<Module> {
  return (await import(new URL(`../../dist/apps/tracestore/${module}.js`, import.meta.url).href)) as Module;
}

/** A row as the reference decoder makes it: values by the camel-case names of their columns. */
export type ReferenceRow = Readonly<Record<string, unknown>>;

/** The tables that grow with the spans, in the order in which a transaction writes them. */
export const spanTables = ['span', 'event', 'link'] as const;
export type SpanTable = (typeof spanTables)[number];

/**
 * Turns a request into rows by way of the reference decoder.
 *
 * @param firstInstance another number for each request
 */
export type ReadReferenceRows = (
  body: Uint8Array,
  firstInstance: number,
) => Readonly<Record<SpanTable, readonly ReferenceRow[]>>;

export async function loadReferenceDecoder(): Promise<ReadReferenceRows> {
  const { decodeRequest } = await importBuilt<Decode>('otlp/decode');
  const { transcodeReference } = await importBuilt<Transcode>('otlp/reference-transcode');
  return (body, firstInstance) => {
    const { rows, rejectedSpans, errorMessage } = transcodeReference(decodeRequest(body, 'protobuf'), firstInstance);
    if (rejectedSpans > 0) throw new Error(`the corpus has bad spans: ${errorMessage}`);
    const plain = (row: object): ReferenceRow => ({ ...row });
    return { span: rows.spans.map(plain), event: rows.events.map(plain), link: rows.links.map(plain) };
  };
}
