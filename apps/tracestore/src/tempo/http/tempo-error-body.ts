import type { ProblemDetails } from '@spandrel/service';
import { errorKinds } from '../../errors/error-kinds.js';

/**
 * The text of an error of Tempo's API. A trace that is not stored has an empty one.
 *
 * @returns undefined for a route outside of it
 */
export function tempoErrorText(route: string, { type, title, detail = title }: ProblemDetails): string | undefined {
  if (!route.startsWith('/tempo/')) return undefined;
  return type === `urn:spandrel:problem:${errorKinds.unknownTrace.code}` ? '' : detail;
}
