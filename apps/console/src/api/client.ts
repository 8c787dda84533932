/** A question that was not answered: what the API says of it. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    readonly title: string,
    message: string,
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

/** Signs in for as long as the browser runs. @throws ApiError */
export async function signIn(token: string): Promise<void> {
  await answerOf(
    await send('session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    }),
  );
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
  throw new ApiError(response.status, problem.title ?? response.statusText, problem.detail ?? '');
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

function problemOf(text: string): { readonly title?: string; readonly detail?: string } {
  try {
    return JSON.parse(text) as { readonly title?: string; readonly detail?: string };
  } catch {
    return {};
  }
}
