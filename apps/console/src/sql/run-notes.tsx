import type { SqlResponse } from '../api/types.ts';

/** What tracestore says about a run: which times it replaced by literals, and whether the statement reads everything. */
export function RunNotes({ foldedTimes, hints }: Pick<SqlResponse, 'foldedTimes' | 'hints'>) {
  if (foldedTimes.length === 0 && hints.length === 0) return null;
  return (
    <div className="run-notes">
      {hints.map((hint) => (
        <p key={hint} className="warn">
          {hint}
        </p>
      ))}
      {foldedTimes.length > 0 && (
        <details className="quiet">
          <summary>
            {foldedTimes.length === 1 ? '1 time expression was' : `${foldedTimes.length} time expressions were`}{' '}
            replaced by a literal
          </summary>
          <p>The result is the same, and PostgreSQL plans only the partitions of that time.</p>
          <ul>
            {foldedTimes.map(({ expression, value }) => (
              <li key={expression}>
                <code>{expression}</code> is <time dateTime={value}>{value}</time>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}
