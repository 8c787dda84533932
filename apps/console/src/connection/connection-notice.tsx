import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { formatMoment } from '../format/time.ts';
import { checkConnection, currentConnection, useConnection } from './connection.ts';

/** The interval of the checks while tracestore or its database does not respond. */
const checkEveryMs = 2_000;

const texts = {
  tracestore: 'tracestore is not reachable',
  database: 'tracestore does not reach its database',
} as const;

/**
 * A line above every page while tracestore or its database does not respond. Pages keep what they show. When the outage
 * ends, their failed queries are repeated.
 */
export function ConnectionNotice() {
  const client = useQueryClient();
  const { missing, staleSinceMs } = useConnection();
  useEffect(() => {
    if (missing === undefined) return undefined;
    const timer = setInterval(() => {
      void checkConnection().then(() => {
        if (currentConnection().missing !== undefined) return;
        void client.refetchQueries({ type: 'active', predicate: ({ state }) => state.status === 'error' });
      });
    }, checkEveryMs);
    return () => clearInterval(timer);
  }, [missing, client]);
  return (
    <div role="status" className={missing === undefined ? 'visually-hidden' : 'connection-notice'}>
      {missing !== undefined && (
        <>
          {staleSinceMs === undefined ? '' : `Data stale since ${formatMoment(staleSinceMs)}; `}
          {texts[missing]}. Retrying…{' '}
          <button type="button" onClick={() => void checkConnection()}>
            Retry now
          </button>
        </>
      )}
    </div>
  );
}
