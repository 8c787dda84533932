import { ApiError, TitledError } from './api/client.ts';

/** Responses after which the same request may succeed later. Another 4xx needs another request. */
const retryableStatuses: ReadonlySet<number> = new Set([401, 408, 425, 429, 499]);

/** The message of an error, with a button to retry if that can help. */
export function Failure({ error, retry }: { readonly error: Error; readonly retry?: () => void }) {
  const canRetry =
    !(error instanceof ApiError) || error.status < 400 || error.status >= 500 || retryableStatuses.has(error.status);
  const title = error instanceof TitledError ? error.title : 'Something went wrong in the console';
  const reason = reasonOf(title, error.message);
  return (
    <div className="failure" role="alert">
      <strong>{title}</strong>
      {reason !== '' && <p>{reason}</p>}
      {retry !== undefined && canRetry && (
        <button type="button" onClick={retry}>
          Retry
        </button>
      )}
    </div>
  );
}

/** The message without the title, which some messages begin with, so that it does not stand there twice. */
function reasonOf(title: string, message: string): string {
  return message.startsWith(title) ? message.slice(title.length).replace(/^[\s:.]+/, '') : message;
}
