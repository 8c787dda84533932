import { errorKinds } from '../../errors/error-kinds.js';
import { TracestoreError } from '../../errors/tracestore-error.js';
import { limits } from '../../limits.js';
import type { TraceChunk } from '../../query/get-traces/trace-span.js';

/** Which relatives of matching spans are returned with them. */
export interface Relatives {
  /** Levels above a match; undefined for all. */
  readonly ancestors: number | undefined;
  /** Levels below a match; undefined for all. */
  readonly descendants: number | undefined;
}

/** Only the spans with these ids. */
export async function* onlySpans(
  chunks: AsyncIterable<TraceChunk>,
  spanIds: ReadonlySet<string>,
): AsyncGenerator<TraceChunk, void, undefined> {
  for await (const { traceId, spans } of chunks) {
    const kept = spans.filter(({ spanId }) => spanIds.has(spanId));
    if (kept.length > 0) yield { traceId, spans: kept };
  }
}

/**
 * Find matching spans and their relatives.
 *
 * @param chunks of the whole trace
 * @param matches ids of spans
 * @throws TracestoreError `responseTooLarge` for a trace with more spans than `limits.hierarchySpans`
 */
export async function withRelatives(
  chunks: AsyncIterable<TraceChunk>,
  matches: readonly string[],
  { ancestors, descendants }: Relatives,
): Promise<ReadonlySet<string>> {
  const parents = new Map<string, string>();
  for await (const { spans } of chunks) {
    for (const { spanId, parentSpanId } of spans) parents.set(spanId, parentSpanId);
    if (parents.size > limits.hierarchySpans.value) {
      throw new TracestoreError(
        errorKinds.responseTooLarge,
        `keep_hierarchy takes traces of at most ${limits.hierarchySpans.value} spans`,
      );
    }
  }
  const kept = new Set(matches);
  for (const match of matches) {
    let spanId = parents.get(match) ?? '';
    // A cycle of parents ends at a span that was seen.
    const seen = new Set([match]);
    for (let level = 0; spanId !== '' && !seen.has(spanId); level += 1) {
      if (ancestors !== undefined && level >= ancestors) break;
      seen.add(spanId);
      if (parents.has(spanId)) kept.add(spanId);
      spanId = parents.get(spanId) ?? '';
    }
  }
  if (descendants !== 0) addDescendants(kept, matches, parents, descendants);
  return kept;
}

function addDescendants(
  kept: Set<string>,
  matches: readonly string[],
  parents: ReadonlyMap<string, string>,
  levels: number | undefined,
): void {
  const children = Map.groupBy(parents.keys(), (spanId) => parents.get(spanId) ?? '');
  const seen = new Set(matches);
  let generation: readonly string[] = matches;
  for (let left = levels ?? Infinity; generation.length > 0 && left > 0; left -= 1) {
    const next: string[] = [];
    for (const child of generation.flatMap((spanId) => children.get(spanId) ?? [])) {
      if (seen.has(child)) continue;
      seen.add(child);
      kept.add(child);
      next.push(child);
    }
    generation = next;
  }
}
