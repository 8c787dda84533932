import { useState } from 'react';
import type { CatalogueResponse } from '../api/types.ts';
import { Failure } from '../failure.tsx';
import { counted } from '../format/number.ts';
import { exampleGroups } from './examples.ts';
import { formatMoment } from '../format/time.ts';
import { formatDuration } from '../format/duration.ts';
import type { SavedStatement } from './saved-statements.ts';
import { type HistoryEntry, matchingEntries } from './statement-history.ts';

const lists = ['Examples', 'History', 'Saved', 'Schema'] as const;
type List = (typeof lists)[number];

/** Examples, the statements that were run or saved, and the schema of the database. */
export function StatementLists(props: {
  readonly catalogue: CatalogueResponse | undefined;
  /** The error of the catalogue request. */
  readonly catalogueError: Error | null;
  readonly onRetryCatalogue: () => void;
  readonly saved: readonly SavedStatement[];
  readonly onRemove: (name: string) => void;
  readonly history: readonly HistoryEntry[];
  readonly onClearHistory: () => void;
  readonly onLoad: (sql: string) => void;
  readonly onInsert: (text: string) => void;
}) {
  const [list, setList] = useState<List>('Examples');
  const [isOpen, setOpen] = useState(false);
  return (
    <aside
      className={isOpen ? 'sql-lists open' : 'sql-lists'}
      aria-label="Examples, history, saved statements and schema"
    >
      <div className="tabs" role="tablist" aria-label="Lists">
        {lists.map((each) => (
          <button
            key={each}
            type="button"
            role="tab"
            aria-selected={list === each}
            onClick={() => {
              setOpen(list !== each || !isOpen);
              setList(each);
            }}
          >
            {each}
          </button>
        ))}
      </div>
      <div className="sql-list" role="tabpanel" aria-label={list}>
        {list === 'Examples' && <Examples onLoad={props.onLoad} />}
        {list === 'History' && <History entries={props.history} onLoad={props.onLoad} onClear={props.onClearHistory} />}
        {list === 'Saved' && <Saved saved={props.saved} onLoad={props.onLoad} onRemove={props.onRemove} />}
        {list === 'Schema' && (
          <Schema
            catalogue={props.catalogue}
            error={props.catalogueError}
            onRetry={props.onRetryCatalogue}
            onInsert={props.onInsert}
          />
        )}
      </div>
    </aside>
  );
}

function Examples({ onLoad }: { readonly onLoad: (sql: string) => void }) {
  return exampleGroups.map(({ name, examples }) => (
    <section key={name}>
      <h2>{name}</h2>
      <ul>
        {examples.map(({ title, sql }) => (
          <li key={title}>
            <button type="button" className="as-link" onClick={() => onLoad(sql)}>
              {title}
            </button>
          </li>
        ))}
      </ul>
    </section>
  ));
}

function History({
  entries,
  onLoad,
  onClear,
}: {
  readonly entries: readonly HistoryEntry[];
  readonly onLoad: (sql: string) => void;
  readonly onClear: () => void;
}) {
  const [text, setText] = useState('');
  const found = matchingEntries(entries, text);
  return (
    <section>
      <input
        type="search"
        placeholder="Find in history"
        aria-label="Find in history"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {found.length === 0 && (
        <p className="quiet">
          {entries.length === 0 ? 'Statements that you run are listed here, in this browser only.' : 'No match'}
        </p>
      )}
      <ul className="sql-history">
        {found.map(({ sql, atMs, elapsedMs, rows, error }) => (
          <li key={sql}>
            <button type="button" className="as-link" title={sql.slice(0, 2_000)} onClick={() => onLoad(sql)}>
              <code>{sql.trim().slice(0, 200)}</code>
            </button>
            <small className={error === undefined ? 'quiet' : 'quiet history-failed'} title={error}>
              {formatMoment(atMs)} · {formatDuration(Math.round(elapsedMs) * 1e6)} ·{' '}
              {error !== undefined ? 'failed' : rows === undefined ? 'plan' : counted(rows, 'row')}
            </small>
          </li>
        ))}
      </ul>
      {entries.length > 0 && (
        <button type="button" onClick={onClear}>
          Clear history
        </button>
      )}
    </section>
  );
}

function Saved({
  saved,
  onLoad,
  onRemove,
}: {
  readonly saved: readonly SavedStatement[];
  readonly onLoad: (sql: string) => void;
  readonly onRemove: (name: string) => void;
}) {
  return (
    <section>
      {saved.length === 0 && (
        <p className="quiet">
          Save a statement with the button beside Run. It stays in this browser. To share one, share the URL of the
          page.
        </p>
      )}
      <ul>
        {saved.map(({ name, sql }) => (
          <li key={name} className="row spread">
            <button type="button" className="as-link" onClick={() => onLoad(sql)}>
              <bdi>{name}</bdi>
            </button>
            <button
              type="button"
              className="as-link quiet"
              aria-label={`Remove ${name}`}
              onClick={() => onRemove(name)}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Schema(props: {
  readonly catalogue: CatalogueResponse | undefined;
  readonly error: Error | null;
  readonly onRetry: () => void;
  readonly onInsert: (text: string) => void;
}) {
  const [filter, setFilter] = useState('');
  if (props.catalogue === undefined && props.error !== null) {
    return <Failure error={props.error} retry={props.onRetry} />;
  }
  if (props.catalogue === undefined) {
    return <div className="skeleton small" role="status" aria-label="Loading schema" />;
  }
  const search = filter.toLowerCase();
  const relations = props.catalogue.relations.filter(
    ({ name, columns }) => name.includes(search) || columns.some((column) => column.name.includes(search)),
  );
  const functions = props.catalogue.functions.filter(({ name }) => name.includes(search));
  return (
    <>
      <input
        type="search"
        placeholder="View, column or function"
        aria-label="Filter the schema"
        value={filter}
        onChange={(event) => setFilter(event.target.value)}
      />
      <section>
        <h2>Views</h2>
        {relations.map(({ schema, name, comment, columns }) => (
          <details key={name} open={search !== '' && relations.length <= 3}>
            <summary title={comment ?? ''}>
              {schema}.{name}
            </summary>
            {comment !== null && <p className="quiet">{comment}</p>}
            <ul>
              {columns
                .filter((column) => name.includes(search) || column.name.includes(search))
                .map((column) => (
                  <li key={column.name}>
                    <button
                      type="button"
                      className="as-link"
                      title={column.comment ?? ''}
                      onClick={() => props.onInsert(column.name)}
                    >
                      {column.name}
                    </button>{' '}
                    <small className="quiet">{column.type}</small>
                  </li>
                ))}
            </ul>
          </details>
        ))}
      </section>
      <section>
        <h2>Functions</h2>
        {functions.map((each) => (
          <details key={`${each.name}(${each.arguments})`}>
            <summary title={each.comment ?? ''}>{each.name}</summary>
            {each.comment !== null && <p className="quiet">{each.comment}</p>}
            <p>
              <button type="button" className="as-link" onClick={() => props.onInsert(`${each.schema}.${each.name}(`)}>
                {each.name}({each.arguments})
              </button>
            </p>
            <p className="quiet">returns {each.result}</p>
          </details>
        ))}
      </section>
    </>
  );
}
