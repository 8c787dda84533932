import { type QueryKey, useQueryClient } from '@tanstack/react-query';
import { patienceMs, usePassedMs } from './use-passed-ms.ts';

/**
 * In the place of what is not here yet. After a while it says for how long, and lets one give up: at the database too.
 *
 * @param what is waited for, as a sentence: `The trace is loading`
 * @param queryKey of the question
 * @param isAsking false when it was given up
 */
export function Waiting(props: {
  readonly what: string;
  readonly queryKey: QueryKey;
  readonly isAsking: boolean;
  readonly retry: () => void;
  readonly className?: string;
}) {
  const client = useQueryClient();
  const passedMs = usePassedMs(props.isAsking);
  return (
    <div
      className={`skeleton ${props.className ?? ''} ${props.isAsking ? '' : 'still'}`}
      role="status"
      aria-label={props.isAsking ? props.what : 'Given up'}
    >
      {!props.isAsking && (
        <p className="row">
          Given up.{' '}
          <button type="button" onClick={props.retry}>
            Ask again
          </button>
        </p>
      )}
      {props.isAsking && passedMs >= patienceMs && (
        <p className="row">
          <span aria-hidden="true">
            {props.what}: {(passedMs / 1000).toFixed(1)} s
          </span>
          <button type="button" onClick={() => void client.cancelQueries({ queryKey: props.queryKey })}>
            Give up
          </button>
        </p>
      )}
    </div>
  );
}
