import { ApiError } from './api/client.ts';

/** What went wrong, in the API's words, and what to do next. */
export function Failure({ error, retry }: { readonly error: Error; readonly retry?: () => void }) {
  return (
    <div className="failure" role="alert">
      <strong>{error instanceof ApiError ? error.title : 'Something went wrong in the console'}</strong>
      <p>{error.message}</p>
      {retry !== undefined && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}
