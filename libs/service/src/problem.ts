import { STATUS_CODES } from 'node:http';

/** A kind of error that a service responds with: an entry of its error table. */
export interface ProblemKind {
  /** Stable and machine-readable, in kebab-case. */
  readonly code: string;
  readonly status: number;
  readonly title: string;
  /** After how many seconds the same request may succeed, for `Retry-After`; undefined where a retry fails again. */
  readonly retryAfterS?: number;
}

/** RFC 9457 problem details, with the id of the trace that shows the error. */
export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly instance?: string;
  /** The fields of the request that are invalid. */
  readonly errors?: readonly string[];
  /** 32 hex digits. */
  readonly traceId?: string;
  /** More members of some kinds. */
  readonly [extension: string]: unknown;
}

/** An error for the client: the response has its `detail`, but not its cause. */
export class Problem extends Error {
  override readonly name: string = 'Problem';
  readonly detail: string;
  /** Members of the response that only this kind has (RFC 9457, section 3.2). */
  readonly extensions: Readonly<Record<string, unknown>>;
  /** As in the kind, unless this problem has a time of its own. */
  readonly retryAfterS: number | undefined;

  /** @param detail the invalid part of this request; by default the title of the kind */
  constructor(
    readonly kind: ProblemKind,
    detail: string = kind.title,
    options: ErrorOptions & {
      readonly extensions?: Readonly<Record<string, unknown>>;
      readonly retryAfterS?: number;
    } = {},
  ) {
    super(detail, options);
    this.detail = detail;
    this.extensions = options.extensions ?? {};
    this.retryAfterS = options.retryAfterS ?? kind.retryAfterS;
  }

  /** The `type` member (RFC 9457, section 3.1.1): a URN, not a locator. */
  get type(): string {
    return `urn:spandrel:problem:${this.kind.code}`;
  }
}

/** The reason phrase of an HTTP status, for the `title` of a problem without a type. */
export function statusTitle(status: number): string {
  return STATUS_CODES[status] ?? 'Error';
}
