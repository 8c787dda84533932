/* What the API answers, as far as pages need it: docs/console.md and /openapi.json say more. */

export interface SessionAnswer {
  readonly access: 'none' | 'token' | 'proxy';
  readonly isSignedIn: boolean;
  readonly user: string | null;
}

export interface TraceSummary {
  readonly traceId: string;
  readonly root: { readonly service: string; readonly operation: string } | null;
  readonly startTimeUnixNano: string;
  readonly durationNs: number;
  readonly spans: number;
  readonly errors: number;
  readonly orphans: number;
  readonly services: readonly { readonly name: string; readonly spans: number; readonly errors: number }[];
}

export interface SearchAnswer {
  readonly traces: readonly TraceSummary[];
  readonly nextCursor: string | null;
}

export interface Waterfall {
  readonly traceId: string;
  readonly startTimeUnixNano: string;
  readonly durationNs: number;
  /** Service, name, OTLP's number of the kind. */
  readonly operations: readonly (readonly [string, string, number])[];
  readonly spans: {
    readonly id: readonly string[];
    readonly parentId: readonly (string | null)[];
    readonly operation: readonly number[];
    readonly startNs: readonly number[];
    readonly durationNs: readonly number[];
    readonly status: readonly number[];
    readonly events: readonly number[];
  };
}

export type Attributes = Readonly<Record<string, unknown>>;

export interface SpanDetails {
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly service: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly traceState: string;
  readonly status: { readonly code: number; readonly message: string };
  readonly attributes: Attributes;
  readonly droppedAttributes: number;
  readonly events: readonly {
    readonly timeUnixNano: string;
    readonly name: string;
    readonly attributes: Attributes;
  }[];
  readonly droppedEvents: number;
  readonly links: readonly { readonly traceId: string; readonly spanId: string; readonly attributes: Attributes }[];
  readonly droppedLinks: number;
  readonly resource: { readonly attributes: Attributes };
  readonly scope: { readonly name: string; readonly version: string; readonly attributes: Attributes };
}
