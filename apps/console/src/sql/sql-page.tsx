import { useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';
import { ApiError, get, tell } from '../api/client.ts';
import type {
  CatalogueAnswer,
  PlanAnswer,
  SqlAnswer,
  SqlLimits,
  SqlQuestion,
  WrongSqlPosition,
} from '../api/answers.ts';
import { putIntoClipboard, thanksMs } from '../clipboard.ts';
import { Failure } from '../failure.tsx';
import { formatDuration } from '../format/duration.ts';
import { loaded } from '../loaded.tsx';
import { useAddress } from '../use-address.ts';
import { ElapsedTime } from './elapsed-time.tsx';
import { exampleGroups } from './examples.ts';
import { PlanTree } from './plan-tree.tsx';
import { csvOf, download, jsonRowsOf, tabbedOf } from './result-file.ts';
import { ResultTable } from './result-table.tsx';
import { SqlEditor, type SqlEditorHandle } from './sql-editor.tsx';
import { StatementLists } from './statement-lists.tsx';
import './sql-page.css';

const ResultChart = loaded('The chart is loading', async () => (await import('./result-chart.tsx')).ResultChart);

const draftKey = 'spandrel-sql-draft';
/** An address that is longer, servers and proxies refuse. */
const maxAddressCharacters = 6_000;

const views = ['table', 'chart'] as const;
type View = (typeof views)[number];

interface Asked {
  readonly sql: string;
  readonly explain: SqlQuestion['explain'];
  readonly signal: AbortSignal;
}

interface Answer {
  readonly asked: Asked;
  /** Until all of it was here, in ms. */
  readonly tookMs: number;
  readonly rows: SqlAnswer | undefined;
  readonly plan: unknown;
}

/** Any question, in SQL. */
export function SqlPage() {
  const { parameters, change } = useAddress();
  const query = parameters.get('query');
  const view = views.find((each) => each === parameters.get('view')) ?? 'table';
  const [text, setText] = useState(() => query ?? sessionStorage.getItem(draftKey) ?? firstStatement());
  const editor = useRef<SqlEditorHandle>(null);
  /** What was put into the address by a run: whoever types on must not get it back. */
  const ownQuery = useRef<string>(undefined);
  const patience = useRef<AbortController>(undefined);

  const catalogue = useQuery({
    queryKey: ['sql-catalogue'],
    queryFn: ({ signal }) => get<CatalogueAnswer>('sql/catalogue', signal),
    staleTime: Infinity,
  });
  const limits = useQuery({
    queryKey: ['sql-limits'],
    queryFn: ({ signal }) => get<SqlLimits>('sql/limits', signal),
    staleTime: Infinity,
  });
  const asking = useMutation({ mutationFn: ask, retry: false });

  const run = (explain: Asked['explain']): void => {
    if (text.trim() === '') return;
    patience.current?.abort();
    patience.current = new AbortController();
    asking.mutate({ sql: text, explain, signal: patience.current.signal });
    if (text !== query && encodeURIComponent(text).length <= maxAddressCharacters) {
      ownQuery.current = text;
      change({ query: text }, 'push');
    }
  };
  const cancel = (): void => patience.current?.abort();
  const take = (sql: string): void => {
    editor.current?.replace(sql);
    editor.current?.focus();
  };

  useEffect(() => {
    document.title = 'SQL · Spandrel';
    editor.current?.focus();
    // Whoever leaves does not wait for an answer.
    return () => patience.current?.abort();
  }, []);
  useEffect(() => sessionStorage.setItem(draftKey, text), [text]);
  useEffect(() => {
    // Another address has another statement, which does not run by itself.
    if (query !== null && query !== ownQuery.current) editor.current?.replace(query);
    ownQuery.current = undefined;
  }, [query]);

  const { data, error, isPending } = asking;
  const isCancelled = error instanceof DOMException;
  const isOfText = asking.variables?.sql === text;
  const fault = useMemo(() => (isOfText ? faultOf(error) : undefined), [error, isOfText]);
  return (
    <div className="sql-page">
      <StatementLists
        catalogue={catalogue.data}
        catalogueError={catalogue.error}
        onRetryCatalogue={() => void catalogue.refetch()}
        text={text}
        onTake={take}
        onInsert={(inserted) => editor.current?.insert(inserted)}
      />
      <section className="sql-main" aria-label="Statement and answer">
        <h1 className="only-heard">SQL</h1>
        <SqlEditor
          handle={editor}
          initialText={text}
          fault={fault}
          catalogue={catalogue.data}
          onChange={setText}
          onRun={() => run('no')}
        />
        <div className="sql-bar">
          {isPending ? (
            <button type="button" className="primary" onClick={cancel}>
              Cancel
            </button>
          ) : (
            <button type="button" className="primary" title="Ctrl-Enter" onClick={() => run('no')}>
              Run
            </button>
          )}
          <button type="button" disabled={isPending} title="The plan; runs nothing" onClick={() => run('plan')}>
            Explain
          </button>
          <button
            type="button"
            disabled={isPending}
            title="Runs the statement, and says how its plan went"
            onClick={() => run('analyze')}
          >
            Explain and run
          </button>
          <span className="sql-state" role="status">
            {isPending && <ElapsedTime />}
            {!isPending && data !== undefined && <Summary answer={data} maxRows={limits.data?.maxRows} />}
          </span>
          {limits.data !== undefined && <Limits limits={limits.data} />}
        </div>
        <div className="sql-answer">
          {isPending && <div className="skeleton" aria-hidden="true" />}
          {!isPending && isCancelled && (
            <p className="notice quiet">Cancelled: the database has stopped working on it.</p>
          )}
          {!isPending && error !== null && !isCancelled && <Failure error={error} />}
          {!isPending && error === null && data === undefined && <Start />}
          {!isPending && data?.plan !== undefined && <PlanTree plan={data.plan} />}
          {!isPending && data?.rows !== undefined && (
            <Rows answer={data.rows} view={view} onView={(next) => change({ view: next === 'table' ? '' : next })} />
          )}
        </div>
      </section>
    </div>
  );
}

function Rows(props: { readonly answer: SqlAnswer; readonly view: View; readonly onView: (view: View) => void }) {
  const { answer, view } = props;
  const [isCopied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    setCopied(await putIntoClipboard(tabbedOf(answer)));
    setTimeout(() => setCopied(false), thanksMs);
  };
  return (
    <>
      <div className="row result-bar">
        <div className="tabs" role="tablist" aria-label="How the rows are shown">
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
          <button type="button" onClick={() => download('spandrel.csv', 'text/csv', csvOf(answer))}>
            CSV
          </button>
          <button type="button" onClick={() => download('spandrel.json', 'application/json', jsonRowsOf(answer))}>
            JSON
          </button>
        </span>
      </div>
      {answer.rows.length === 0 ? (
        <p className="notice quiet">No rows: the statement is right, and nothing is like that.</p>
      ) : view === 'chart' ? (
        <ResultChart answer={answer} />
      ) : (
        <ResultTable key={answer.durationMs} answer={answer} />
      )}
    </>
  );
}

function Summary({ answer, maxRows }: { readonly answer: Answer; readonly maxRows: number | undefined }) {
  const { rows, tookMs } = answer;
  const took = `in ${formatDuration(Math.round(tookMs) * 1e6)}`;
  if (rows === undefined) return <>Plan, {took}</>;
  const count = rows.rows.length;
  if (!rows.isTruncated) {
    return (
      <>
        {count.toLocaleString()} {count === 1 ? 'row' : 'rows'}, {took}
      </>
    );
  }
  return (
    <strong className="warn">
      The first {count.toLocaleString()} rows, {took}: there are more, and{' '}
      {count === maxRows ? 'an answer has no more rows' : 'an answer has no more bytes'}
    </strong>
  );
}

function Limits({ limits }: { readonly limits: SqlLimits }) {
  const { timeoutMs, maxRows, maxBytes, perMinute } = limits;
  return (
    <span className="quiet sql-limits">
      Reads only, as ps_trace_reader · up to {formatDuration(timeoutMs * 1e6)}, {maxRows.toLocaleString()} rows,{' '}
      {Math.round(maxBytes / 1024 / 1024)} MiB · {perMinute} a minute
    </span>
  );
}

function Start() {
  return (
    <p className="notice quiet">
      Ctrl-Enter runs the statement, Ctrl-Space proposes what could stand at the cursor. Examples to start from are in
      the list.
    </p>
  );
}

async function ask(asked: Asked): Promise<Answer> {
  const { sql, explain, signal } = asked;
  const startedAt = performance.now();
  const answer = await tell<SqlAnswer | PlanAnswer>('POST', 'sql', { sql, explain }, signal);
  const tookMs = performance.now() - startedAt;
  return 'plan' in answer
    ? { asked, tookMs, rows: undefined, plan: answer.plan }
    : { asked, tookMs, rows: answer, plan: undefined };
}

function faultOf(error: Error | null) {
  if (!(error instanceof ApiError)) return undefined;
  const position = error.details['position'] as WrongSqlPosition | undefined;
  return position === undefined ? undefined : { message: error.message, position };
}

function firstStatement(): string {
  return exampleGroups[0]?.examples[1]?.sql ?? '';
}
