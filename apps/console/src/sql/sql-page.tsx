import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useEffect, useMemo, useRef, useState } from 'react';
import { ApiError, get, send } from '../api/client.ts';
import type {
  CatalogueResponse,
  PlanResponse,
  SqlResponse,
  SqlLimits,
  SqlQuery,
  WrongSqlPosition,
} from '../api/types.ts';
import { copiedShownMs, copyText } from '../clipboard.ts';
import { Failure } from '../failure.tsx';
import { formatDuration } from '../format/duration.ts';
import { counted, formatNumber } from '../format/number.ts';
import { lazyComponent } from '../lazy-component.tsx';
import { useAddress } from '../use-address.ts';
import { ElapsedTime } from './elapsed-time.tsx';
import { exampleGroups } from './examples.ts';
import { PlanTree } from './plan-tree.tsx';
import { csvOf, download, jsonRowsOf, tabbedOf } from './result-file.ts';
import { isChart } from './result-series.ts';
import { ResultTable } from './result-table.tsx';
import { useSavedStatements } from './saved-statements.ts';
import { RunNotes } from './run-notes.tsx';
import { SqlEditor, type SqlEditorHandle } from './sql-editor.tsx';
import { useStatementHistory } from './statement-history.ts';
import { StatementLists } from './statement-lists.tsx';
import './sql-page.css';

const ResultChart = lazyComponent('Loading chart', async () => (await import('./result-chart.tsx')).ResultChart);

const draftKey = 'spandrel-sql-draft';
/** Servers and proxies reject longer URLs. */
const maxUrlCharacters = 6_000;

const views = ['table', 'chart'] as const;
type View = (typeof views)[number];

/** A statement that was submitted. */
interface Run {
  readonly sql: string;
  /** The whole text of the editor, and where the statement starts in it if it was selected. */
  readonly text: string;
  readonly start: WrongSqlPosition;
  readonly explain: SqlQuery['explain'];
  readonly signal: AbortSignal;
}

/** The result of a run. */
interface RunResult {
  /** Time from the request to the complete response. */
  readonly elapsedMs: number;
  readonly rows: SqlResponse | undefined;
  readonly plan: unknown;
  readonly notes: Pick<SqlResponse, 'foldedTimes' | 'hints'>;
}

/** The SQL page: an editor, the result of the last statement, and lists of statements. */
export function SqlPage() {
  const { parameters, change } = useAddress();
  const query = parameters.get('query');
  const chosenView = views.find((each) => each === parameters.get('view'));
  const [hasSelection, setHasSelection] = useState(false);
  const { saved, save, remove } = useSavedStatements();
  const history = useStatementHistory();
  const [text, setText] = useState(() => query ?? sessionStorage.getItem(draftKey) ?? firstStatement());
  const editor = useRef<SqlEditorHandle>(null);
  /** The statement that a run put into the URL. It must not overwrite later edits. */
  const ownQuery = useRef<string>(undefined);
  const abort = useRef<AbortController>(undefined);

  const catalogue = useQuery({
    queryKey: ['sql-catalogue'],
    queryFn: ({ signal }) => get<CatalogueResponse>('sql/catalogue', signal),
    staleTime: Infinity,
  });
  const limits = useQuery({
    queryKey: ['sql-limits'],
    queryFn: ({ signal }) => get<SqlLimits>('sql/limits', signal),
    staleTime: Infinity,
  });
  const execution = useMutation({ mutationFn: execute, retry: false });

  const run = (explain: Run['explain']): void => {
    const selection = editor.current?.selection();
    const { text: sql, start } =
      selection === undefined || selection.text.trim() === '' ? { text, start: { line: 1, column: 1 } } : selection;
    if (sql.trim() === '') return;
    abort.current?.abort();
    abort.current = new AbortController();
    const { signal } = abort.current;
    const atMs = Date.now();
    execution.mutate(
      { sql, text, start, explain, signal },
      {
        onSettled: (result, failure) => {
          if (failure instanceof DOMException) return;
          history.add({
            sql,
            atMs,
            elapsedMs: result?.elapsedMs ?? Date.now() - atMs,
            rows: result?.rows?.rows.length,
            error: failure === null ? undefined : failure.message,
          });
        },
      },
    );
    const isNew = text !== query && encodeURIComponent(text).length <= maxUrlCharacters;
    // A choice of the view lasts for its statement.
    const isOther = sql !== (execution.variables?.sql ?? query);
    if (isNew) ownQuery.current = text;
    if (isNew || isOther) {
      change({ ...(isNew ? { query: text } : {}), ...(isOther ? { view: '' } : {}) }, isNew ? 'push' : 'replace');
    }
  };
  const cancel = (): void => abort.current?.abort();
  const load = (sql: string): void => {
    editor.current?.replace(sql);
    editor.current?.focus();
  };

  useEffect(() => {
    document.title = 'SQL · Spandrel';
    editor.current?.focus();
    // Cancel the statement when the user leaves the page.
    return () => abort.current?.abort();
  }, []);
  useEffect(() => sessionStorage.setItem(draftKey, text), [text]);
  useEffect(() => {
    // A URL with another statement loads it, but does not run it.
    if (query !== null && query !== ownQuery.current) editor.current?.replace(query);
    ownQuery.current = undefined;
  }, [query]);

  const { data, error, isPending } = execution;
  const isCancelled = error instanceof DOMException;
  const { variables } = execution;
  const sqlError = useMemo(
    () => (variables?.text === text ? sqlErrorOf(error, variables.start) : undefined),
    [error, variables, text],
  );
  return (
    <div className="sql-page">
      <StatementLists
        catalogue={catalogue.data}
        catalogueError={catalogue.error}
        onRetryCatalogue={() => void catalogue.refetch()}
        saved={saved}
        onRemove={remove}
        history={history.entries}
        onClearHistory={history.clear}
        onLoad={load}
        onInsert={(inserted) => editor.current?.insert(inserted)}
      />
      <section className="sql-main" aria-label="Statement and result">
        <h1 className="visually-hidden">SQL</h1>
        <SqlEditor
          handle={editor}
          initialText={text}
          sqlError={sqlError}
          catalogue={catalogue.data}
          onChange={setText}
          onRun={() => run('no')}
          onSelect={setHasSelection}
        />
        <div className="sql-bar">
          {isPending ? (
            <button type="button" className="primary" onClick={cancel}>
              Cancel
            </button>
          ) : (
            <button type="button" className="primary" title="Ctrl-Enter" onClick={() => run('no')}>
              {hasSelection ? 'Run selection' : 'Run'}
            </button>
          )}
          <button
            type="button"
            disabled={isPending}
            title="Show the plan without running the statement"
            onClick={() => run('plan')}
          >
            Explain
          </button>
          <button
            type="button"
            disabled={isPending}
            title="Run the statement and show its plan with actual times"
            onClick={() => run('analyze')}
          >
            Explain analyze
          </button>
          <SaveForm text={text} onSave={(name) => save({ name, sql: text })} />
          <span className="sql-state" role="status">
            {isPending && <ElapsedTime />}
            {!isPending && data !== undefined && <Summary result={data} maxRows={limits.data?.maxRows} />}
          </span>
          {limits.data !== undefined && <Limits limits={limits.data} />}
        </div>
        <div className="sql-result">
          {isPending && <div className="skeleton" aria-hidden="true" />}
          {!isPending && isCancelled && <p className="notice quiet">Cancelled. The database stopped the statement.</p>}
          {!isPending && error !== null && !isCancelled && <Failure error={error} />}
          {!isPending && error === null && data === undefined && <Start />}
          {!isPending && error === null && data !== undefined && <RunNotes {...data.notes} />}
          {!isPending && data?.plan !== undefined && <PlanTree plan={data.plan} />}
          {!isPending && data?.rows !== undefined && (
            <Rows
              result={data.rows}
              view={chosenView ?? (isChart(data.rows) ? 'chart' : 'table')}
              onView={(next) => change({ view: next })}
            />
          )}
        </div>
      </section>
    </div>
  );
}

function Rows(props: { readonly result: SqlResponse; readonly view: View; readonly onView: (view: View) => void }) {
  const { result, view } = props;
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    setCopied(await copyText(tabbedOf(result)));
    setTimeout(() => setCopied(false), copiedShownMs);
  };
  return (
    <>
      <div className="row result-bar">
        <div className="tabs" role="tablist" aria-label="Result view">
          {views.map((each) => (
            <button
              key={each}
              type="button"
              role="tab"
              aria-selected={view === each}
              onClick={() => props.onView(each)}
            >
              {each === 'table' ? 'Table' : 'Chart'}
            </button>
          ))}
        </div>
        <span className="row">
          <button type="button" onClick={() => void copy()}>
            {isCopied ? 'Copied' : 'Copy'}
          </button>
          <button type="button" onClick={() => download('spandrel.csv', 'text/csv', csvOf(result))}>
            CSV
          </button>
          <button type="button" onClick={() => download('spandrel.json', 'application/json', jsonRowsOf(result))}>
            JSON
          </button>
        </span>
      </div>
      {result.rows.length === 0 ? (
        <p className="notice quiet">Query succeeded; 0 rows</p>
      ) : view === 'chart' ? (
        <ResultChart result={result} />
      ) : (
        <ResultTable key={result.durationMs} result={result} />
      )}
    </>
  );
}

/** A button that opens a field for the name of the statement. */
function SaveForm({ text, onSave }: { readonly text: string; readonly onSave: (name: string) => void }) {
  const [isOpen, setOpen] = useState(false);
  const [savedName, setSavedName] = useState<string>();
  useEffect(() => setSavedName(undefined), [text]);
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get('name') ?? '').trim();
    if (name === '' || text.trim() === '') return;
    onSave(name);
    setSavedName(name);
    setOpen(false);
  };
  if (!isOpen) {
    return (
      <>
        <button type="button" title="Save the statement in this browser" onClick={() => setOpen(true)}>
          Save…
        </button>
        <span role="status" className="visually-hidden">
          {savedName !== undefined && `Saved as ${savedName}`}
        </span>
      </>
    );
  }
  return (
    <form className="row" onSubmit={submit} onKeyDown={(event) => event.key === 'Escape' && setOpen(false)}>
      {/* oxlint-disable-next-line jsx-a11y/no-autofocus -- the user has just opened this field */}
      <input name="name" aria-label="Name of the statement" placeholder="Name" required maxLength={100} autoFocus />
      <button type="submit">Save</button>
      <button type="button" onClick={() => setOpen(false)}>
        Cancel saving
      </button>
    </form>
  );
}

function Summary({ result, maxRows }: { readonly result: RunResult; readonly maxRows: number | undefined }) {
  const { rows, elapsedMs } = result;
  const elapsed = `in ${formatDuration(Math.round(elapsedMs) * 1e6)}`;
  if (rows === undefined) return <>Plan, {elapsed}</>;
  const count = rows.rows.length;
  if (!rows.isTruncated) {
    return (
      <>
        {counted(count, 'row')}, {elapsed}
      </>
    );
  }
  return (
    <strong className="warn">
      First {formatNumber(count)} rows, {elapsed}; cut at the {count === maxRows ? 'row limit' : 'size limit'}
    </strong>
  );
}

function Limits({ limits }: { readonly limits: SqlLimits }) {
  const { timeoutMs, maxRows, maxBytes, perMinute } = limits;
  return (
    <span className="quiet sql-limits">
      Read-only as ps_trace_reader · at most {formatDuration(timeoutMs * 1e6)}, {formatNumber(maxRows)} rows,{' '}
      {Math.round(maxBytes / 1024 / 1024)} MiB · {formatNumber(perMinute)} statements per minute
    </span>
  );
}

function Start() {
  return (
    <p className="notice quiet">
      Ctrl-Enter runs the statement, or the selected part of it. Ctrl-Space completes at the cursor. The tab Examples
      has statements to start with.
    </p>
  );
}

async function execute({ sql, explain, signal }: Run): Promise<RunResult> {
  const startedAt = performance.now();
  const result = await send<SqlResponse | PlanResponse>('POST', 'sql', { sql, explain }, signal);
  const elapsedMs = performance.now() - startedAt;
  const { foldedTimes, hints } = result;
  const notes = { foldedTimes, hints };
  return 'plan' in result
    ? { elapsedMs, rows: undefined, plan: result.plan, notes }
    : { elapsedMs, rows: result, plan: undefined, notes };
}

/** @param start where the statement starts in the text */
function sqlErrorOf(error: Error | null, start: WrongSqlPosition) {
  if (!(error instanceof ApiError)) return undefined;
  const position = error.details['position'] as WrongSqlPosition | undefined;
  if (position === undefined) return undefined;
  const { line, column } = position;
  return {
    message: error.message,
    position: { line: start.line + line - 1, column: line === 1 ? start.column + column - 1 : column },
  };
}

function firstStatement(): string {
  return exampleGroups[0]?.examples[1]?.sql ?? '';
}
