import type { LinkPattern } from '../../api/types.ts';

/** What a link pattern can name of a span. */
export interface LinkContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly service: string;
  readonly operation: string;
  readonly startUnixMs: string;
  readonly endUnixMs: string;
  /** The text of an attribute of the span or of its resource; undefined if it has none. */
  readonly attribute: (key: string) => string | undefined;
}

/** Longer addresses are refused by servers. */
const maxUrlLength = 8_000;

/**
 * Fill the placeholders of a link pattern. Values are percent-encoded, so they cannot change the structure of the address.
 *
 * @param value of the attribute at which the link is; undefined for a link of the span
 * @returns undefined if the span lacks a value that the pattern names, or the address is not a usable http or https URL
 */
export function linkUrl({ url }: LinkPattern, context: LinkContext, value: string | undefined): string | undefined {
  let isComplete = true;
  const { traceId, spanId, service, operation, startUnixMs, endUnixMs } = context;
  const known = new Map<string, string | undefined>(
    Object.entries({ traceId, spanId, service, operation, startUnixMs, endUnixMs, value }),
  );
  const filled = url.replaceAll(/\{([^{}]+)\}/g, (_, name: string) => {
    const text = name.startsWith('attribute:') ? context.attribute(name.slice('attribute:'.length)) : known.get(name);
    if (text === undefined) isComplete = false;
    // A lone surrogate cannot be encoded.
    return encodeURIComponent((text ?? '').toWellFormed());
  });
  if (!isComplete || filled.length > maxUrlLength || !URL.canParse(filled)) return undefined;
  return ['http:', 'https:'].includes(new URL(filled).protocol) ? filled : undefined;
}
