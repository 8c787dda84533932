import { parseJson } from '@spandrel/trace-files';
import { missingIn, noteMissing, noteResponse } from '../connection/connection.ts';

/** Responses that may mean that something is missing. */
const unavailableStatuses: ReadonlySet<number> = new Set([502, 503, 504]);

/** Titles of responses that have no title of their own but the reason phrase of HTTP. */
const plainTitles: ReadonlyMap<number, string> = new Map([
  [400, 'The request is not valid'],
  [403, 'This is not allowed'],
  [404, 'There is nothing at this address'],
  [413, 'The request is too large'],
  [429, 'Too many requests'],
  [500, 'Something went wrong in tracestore'],
  [502, 'tracestore is not reachable'],
  [503, 'tracestore is busy'],
  [504, 'tracestore is not reachable'],
]);

/** An error for the user: what failed, and in the message the reason, which may be empty. */
export class TitledError extends Error {
  constructor(
    readonly title: string,
    message: string,
  ) {
    super(message);
  }
}

/** A failed request. */
export class ApiError extends TitledError {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    title: string,
    message: string,
    /** All members of the problem details (RFC 9457). */
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(title, message);
  }
}

/** Whether a request failed because tracestore or its database does not respond: the same request succeeds later. */
export function isOutage(error: Error): boolean {
  if (!(error instanceof ApiError)) return false;
  return error.status === 0 || missingIn(error.status, String(error.details['type'])) !== undefined;
}

/**
 * Send a GET request to the API.
 *
 * @param path the path after `/api/`
 * @param signal cancels the request, and its query in the database
 * @throws ApiError if the request failed
 */
export async function get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  return (await bodyOf(await request(path, signal === undefined ? {} : { signal }))) as Answer;
}

/**
 * Send a request with a body to the API.
 *
 * @param path the path after `/api/`
 * @throws ApiError if the request failed
 */
export async function send<Answer = void>(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Answer> {
  const response = await request(path, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  return (await bodyOf(response)) as Answer;
}

async function request(path: string, init: RequestInit): Promise<Response> {
  try {
    const response = await fetch(`/api/${path}`, init);
    if (!unavailableStatuses.has(response.status)) noteResponse();
    return response;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    noteMissing('tracestore');
    throw new ApiError(0, 'tracestore is not reachable', 'It may be stopped or restarting.');
  }
}

async function bodyOf(response: Response): Promise<unknown> {
  if (response.status === 204) return undefined;
  const text = await response.text();
  if (response.ok) return parseJson(text);
  const problem = problemOf(text);
  const missing = missingIn(response.status, problem.type);
  if (missing !== undefined) noteMissing(missing);
  const title = plainTitles.get(response.status);
  const isPlain = problem.title === undefined || problem.type === 'about:blank';
  throw new ApiError(
    response.status,
    (isPlain ? title : undefined) ?? problem.title ?? response.statusText,
    problem.detail ?? '',
    problem,
  );
}

function problemOf(text: string): {
  readonly type?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly [member: string]: unknown;
} {
  try {
    return JSON.parse(text) as ReturnType<typeof problemOf>;
  } catch {
    return {};
  }
}
