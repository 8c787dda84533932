import { spanStatuses } from '@spandrel/traceql';
import type { SearchRequest } from '../gen/tempopb/tempo_pb.js';

/*
 * Searches by tags and durations, which Tempo had before TraceQL: a tag is a part of a text, in any case.
 */

const statuses: ReadonlySet<string> = new Set(spanStatuses);

const intrinsics: ReadonlyMap<string, string> = new Map([
  ['name', 'name'],
  ['root.name', 'rootName'],
  ['root.service.name', 'rootServiceName'],
]);

/**
 * The query that a search by tags stands for.
 *
 * @returns undefined for a request without tags and durations
 */
export function queryOfTags({
  Tags: tags,
  MinDurationMs: minMs,
  MaxDurationMs: maxMs,
}: Pick<SearchRequest, 'Tags' | 'MinDurationMs' | 'MaxDurationMs'>): string | undefined {
  const conditions = [
    ...Object.entries(tags).map(([key, value]) => conditionOf(key, value)),
    ...(minMs === 0 ? [] : [`traceDuration >= ${minMs}ms`]),
    ...(maxMs === 0 ? [] : [`traceDuration <= ${maxMs}ms`]),
  ];
  return conditions.length === 0 ? undefined : `{ ${conditions.join(' && ')} }`;
}

function conditionOf(key: string, value: string): string {
  if ((key === 'status' || key === 'status.code') && statuses.has(value)) return `status = ${value}`;
  if (key === 'error') return value === 'true' ? 'status = error' : 'status != error';
  const intrinsic = intrinsics.get(key);
  const field = intrinsic ?? `.${quotedName(key)}`;
  const texts = `${field} =~ ${JSON.stringify(`(?i).*${escaped(value.toWellFormed())}.*`)}`;
  if (intrinsic !== undefined) return texts;
  const isNumber = /^-?(?:\d{1,18}|\d{1,18}\.\d{1,18})$/.test(value);
  // Tempo finds texts alone. Users search for `http.status_code=500`, which is a number.
  return isNumber || value === 'true' || value === 'false' ? `(${texts} || ${field} = ${value})` : texts;
}

/** The quoted part of a name, which has two escapes. */
function quotedName(name: string): string {
  return `"${name.toWellFormed().replaceAll(/["\\]/g, (character) => `\\${character}`)}"`;
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, (character) => `\\${character}`);
}

/**
 * Parse tags in the form of logfmt: `service.name=web error=true path="a b"`.
 *
 * @returns undefined if the text is malformed
 */
export function parseLogfmt(text: string): Readonly<Record<string, string>> | undefined {
  const tags = new Map<string, string>();
  let rest = text.trim();
  while (rest !== '') {
    const [whole, key = '', quotedValue, value = ''] =
      /^([^\s="]{1,1000})(?:=(?:"((?:[^"\\]|\\.){0,10000})"|([^\s"]{0,10000})))?(?:\s+|$)/s.exec(rest) ?? [];
    if (whole === undefined) return undefined;
    tags.set(key, quotedValue === undefined ? value : quotedValue.replaceAll(/\\(.)/gs, '$1'));
    rest = rest.slice(whole.length);
  }
  return Object.fromEntries(tags);
}
