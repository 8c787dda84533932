/** The kinds of spans, as the public views call them; where they stand is OTLP's number. */
export const spanKinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
export type SpanKind = (typeof spanKinds)[number];

/** How spans may end, as the public views call it; where they stand is OTLP's number. */
export const statusCodes = ['unset', 'ok', 'error'] as const;
export type StatusCode = (typeof statusCodes)[number];

/** The word for a number of OTLP; one that OTLP does not know is unspecified. */
export function spanKindOf(number: number): SpanKind {
  return spanKinds[number] ?? 'unspecified';
}

/** The word for a number of OTLP; one that OTLP does not know is unset. */
export function statusCodeOf(number: number): StatusCode {
  return statusCodes[number] ?? 'unset';
}
