import { STATUS_CODES } from 'node:http';

/** What kind of fault a service answers with: a row of its error table. */
export interface ProblemKind {
  /** Stable and machine-readable, in kebab-case. */
  readonly code: string;
  readonly status: number;
  readonly title: string;
}

/** RFC 9457 problem details, with the trace in which the fault can be looked up. */
export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly instance?: string;
  /** The fields that a bad request is refused for. */
  readonly errors?: readonly string[];
  /** 32 hex digits. */
  readonly traceId?: string;
  /** What else a kind of problem has to say. */
  readonly [extension: string]: unknown;
}

/** An error that is meant for the client: its `detail` is shown, its cause is not. */
export class Problem extends Error {
  override readonly name = 'Problem';
  /** Members of the answer that only this kind has (RFC 9457, section 3.2). */
  readonly extensions: Readonly<Record<string, unknown>>;
  /** After how many seconds the same request may succeed, for `Retry-After`; undefined where a retry fails again. */
  readonly retryAfterS: number | undefined;

  constructor(
    readonly kind: ProblemKind,
    readonly detail: string,
    options: ErrorOptions & {
      readonly extensions?: Readonly<Record<string, unknown>>;
      readonly retryAfterS?: number;
    } = {},
  ) {
    super(detail, options);
    this.extensions = options.extensions ?? {};
    this.retryAfterS = options.retryAfterS;
  }

  /** The `type` member (RFC 9457, section 3.1.1): a name that is no locator. */
  get type(): string {
    return `urn:spandrel:problem:${this.kind.code}`;
  }
}

/** The reason phrase of an HTTP status, for the `title` of a problem that has no type of its own. */
export function statusTitle(status: number): string {
  return STATUS_CODES[status] ?? 'Error';
}
