import { type TimeRange, writeRange } from '../range/time-range.ts';

/** Browsers resolve these parts of a path, or drop them. */
const unwritable: ReadonlySet<string> = new Set(['', '.', '..']);

/** The URL of the page of a service. @param range of the page with the link */
export function serviceAddress(service: string, range: TimeRange): string {
  const query = new URLSearchParams(unwritable.has(service) ? { name: service } : {});
  for (const [name, value] of Object.entries(writeRange(range, ''))) if (value !== '') query.set(name, value);
  const path = unwritable.has(service) ? '' : `/${encodeURIComponent(service.toWellFormed())}`;
  return `/services${path}?${query.toString()}`;
}

/**
 * The service that an address names.
 *
 * @param path as the browser has it, still encoded
 * @returns undefined if it names none
 */
export function serviceOfAddress(path: string, parameters: URLSearchParams): string | undefined {
  const [, encoded] = /^\/services\/([^/]+)\/?$/.exec(path) ?? [];
  if (encoded === undefined) return parameters.get('name') ?? undefined;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}
