/** A question that was not answered: what the API says of it. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    readonly title: string,
    message: string,
    /** All that the API says of it (RFC 9457). */
    readonly details: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/**
 * Asks the API.
 *
 * @param path behind `/api/`
 * @param signal gives the question up, at the database too
 * @throws ApiError
 */
export async function get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  return (await answerOf(await send(path, signal === undefined ? {} : { signal }))) as Answer;
}

/**
 * Tells the API something, or asks it what does not fit into an address.
 *
 * @throws ApiError
 */
export async function tell<Answer = void>(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Answer> {
  const response = await send(path, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  });
  return (await answerOf(response)) as Answer;
}

async function send(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(`/api/${path}`, init);
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, 'tracestore does not answer', 'It may have been stopped; the page goes on when it is back.');
  }
}

async function answerOf(response: Response): Promise<unknown> {
  if (response.status === 204) return undefined;
  const text = await response.text();
  if (response.ok) return parseAnswer(text);
  const problem = problemOf(text);
  throw new ApiError(response.status, problem.title ?? response.statusText, problem.detail ?? '', problem);
}

/** Whole numbers that JavaScript would round become bigints. */
function parseAnswer(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  const reviver = (_: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '')
      ? BigInt(context?.source ?? 0)
      : value;
  return JSON.parse(text, reviver);
}

function problemOf(text: string): {
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
