/** The kinds of spans, as the public views call them. The position is OTLP's number. */
export const spanKinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
export type SpanKind = (typeof spanKinds)[number];

/** The status codes of spans, as the public views call them. The position is OTLP's number. */
export const statusCodes = ['unset', 'ok', 'error'] as const;
export type StatusCode = (typeof statusCodes)[number];

/** The kind with a number of OTLP; `unspecified` for an unknown number. */
export function spanKindOf(number: number): SpanKind {
  return spanKinds[number] ?? 'unspecified';
}

/** The status code with a number of OTLP; `unset` for an unknown number. */
export function statusCodeOf(number: number): StatusCode {
  return statusCodes[number] ?? 'unset';
}
