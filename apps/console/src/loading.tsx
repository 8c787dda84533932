import { type QueryKey, useQueryClient } from '@tanstack/react-query';
import { shownAfterMs, useElapsedMs } from './use-elapsed-ms.ts';

/**
 * A placeholder while a query runs. A slow query shows its elapsed time and a button that cancels it, in the database too.
 *
 * @param what the activity: `Loading trace`
 * @param queryKey the key of the query to cancel
 * @param isFetching false after the query was cancelled
 */
export function Loading(props: {
  readonly what: string;
  readonly queryKey: QueryKey;
  readonly isFetching: boolean;
  readonly retry: () => void;
  readonly className?: string;
}) {
  const client = useQueryClient();
  const elapsedMs = useElapsedMs(props.isFetching);
  return (
    <div
      className={`skeleton ${props.className ?? ''} ${props.isFetching ? '' : 'still'}`}
      role="status"
      aria-label={props.isFetching ? props.what : 'Cancelled'}
    >
      {!props.isFetching && (
        <p className="row">
          Cancelled.{' '}
          <button type="button" onClick={props.retry}>
            Retry
          </button>
        </p>
      )}
      {props.isFetching && elapsedMs >= shownAfterMs && (
        <p className="row">
          <span aria-hidden="true">
            {props.what}: {(elapsedMs / 1000).toFixed(1)} s
          </span>
          <button type="button" onClick={() => void client.cancelQueries({ queryKey: props.queryKey })}>
            Cancel
          </button>
        </p>
      )}
    </div>
  );
}
