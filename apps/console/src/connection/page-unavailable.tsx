import { useEffect, useState } from 'react';
import { checkConnection, useConnection } from './connection.ts';

/** The code of a page could not be loaded. */
export class PageCodeError extends Error {
  override readonly name = 'PageCodeError';
}

const checkEveryMs = 2_000;

/**
 * In place of a page whose code could not be loaded. If tracestore is away, the page is loaded when it is back. Otherwise
 * tracestore has a newer console, whose files have other names: a reload gets them.
 */
export function PageUnavailable() {
  const { missing } = useConnection();
  const [wasMissing, setMissing] = useState(false);
  const [isChecked, setChecked] = useState(false);
  useEffect(() => {
    const check = (): void => void checkConnection().then(() => setChecked(true));
    check();
    const timer = setInterval(check, checkEveryMs);
    return () => clearInterval(timer);
  }, []);
  useEffect(() => {
    if (missing === 'tracestore') setMissing(true);
    // A browser does not load a style sheet again that has failed, so the whole document is loaded.
    else if (wasMissing && isChecked) location.reload();
  }, [missing, wasMissing, isChecked]);
  return (
    <section className="notice" role="alert">
      <h1>{missing === 'tracestore' ? 'tracestore is not reachable' : 'This page could not be loaded'}</h1>
      <p>
        {missing === 'tracestore'
          ? 'The page is loaded as soon as it is reachable again.'
          : 'tracestore may have been updated. A reload gets the new version of the console.'}
      </p>
      <p>
        <button type="button" onClick={() => location.reload()}>
          {missing === 'tracestore' ? 'Retry' : 'Reload'}
        </button>
      </p>
    </section>
  );
}
