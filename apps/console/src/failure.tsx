import { ApiError } from './api/client.ts';

/** The message of an error, with a button to retry if that can help. */
export function Failure({ error, retry }: { readonly error: Error; readonly retry?: () => void }) {
  const title = error instanceof ApiError ? error.title : 'Something went wrong in the console';
  return (
    <div className="failure" role="alert">
      <strong>{title}</strong>
      {error.message !== '' && error.message !== title && <p>{error.message}</p>}
      {retry !== undefined && (
        <button type="button" onClick={retry}>
          Retry
        </button>
      )}
    </div>
  );
}
