import { useQuery } from '@tanstack/react-query';
import { type FormEvent, lazy, Suspense, useState } from 'react';
import { Link, Redirect, Route, Switch, useLocation } from 'wouter';
import type { SessionAnswer } from './api/answers.ts';
import { get, signIn } from './api/client.ts';
import { Failure } from './failure.tsx';
import { PageBoundary } from './page-boundary.tsx';
import { applyTheme, savedTheme, type Theme, themes } from './theme.ts';
import { FileDrop } from './trace/file-drop.tsx';

// Each page is loaded when it is gone to, so that the first one comes soon.
const SearchPage = lazy(async () => ({ default: (await import('./search/search-page.tsx')).SearchPage }));
const TracePage = lazy(async () => ({ default: (await import('./trace/trace-page.tsx')).TracePage }));
const FileTracePage = lazy(async () => ({ default: (await import('./trace/trace-page.tsx')).FileTracePage }));
const ComparePage = lazy(async () => ({ default: (await import('./compare/compare-page.tsx')).ComparePage }));

/** The frame of all pages; before it, signing in where that is asked for. */
export function App() {
  const session = useQuery({
    queryKey: ['session'],
    queryFn: ({ signal }) => get<SessionAnswer>('session', signal),
  });
  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <Header />
      <main id="content" tabIndex={-1}>
        {session.isError && <Failure error={session.error} retry={() => void session.refetch()} />}
        {session.data?.isSignedIn === false && (
          <SignIn access={session.data.access} onSignedIn={() => void session.refetch()} />
        )}
        {session.data?.isSignedIn === true && <Pages />}
        <FileDrop />
      </main>
    </>
  );
}

function Pages() {
  const [path] = useLocation();
  return (
    <PageBoundary key={path}>
      <Suspense fallback={<div className="skeleton" role="status" aria-label="The page is loading" />}>
        <Routes />
      </Suspense>
    </PageBoundary>
  );
}

function Routes() {
  return (
    <Switch>
      <Route path="/">
        <Redirect to="/search" replace />
      </Route>
      <Route path="/search">
        <SearchPage />
      </Route>
      <Route path="/trace/file">
        <FileTracePage />
      </Route>
      <Route path="/trace/:traceId">
        {({ traceId }) => <TracePage key={traceId} traceId={traceId.toLowerCase()} />}
      </Route>
      <Route path="/compare/:left/:right">
        {({ left, right }) => <ComparePage traceIds={[left.toLowerCase(), right.toLowerCase()]} />}
      </Route>
      <Route>
        <section className="notice">
          <h1>There is no such page</h1>
          <p>
            <Link href="/search">Search for traces</Link>
          </p>
        </section>
      </Route>
    </Switch>
  );
}

function Header() {
  const [theme, setTheme] = useState(savedTheme);
  const choose = (chosen: Theme): void => {
    setTheme(chosen);
    applyTheme(chosen);
  };
  return (
    <header className="top">
      <Link href="/search" className="brand">
        <img src="/favicon.svg" alt="" width="20" height="20" />
        Spandrel
      </Link>
      <nav aria-label="Pages">
        <Link href="/search" className={(isActive) => (isActive ? 'active' : '')}>
          Search
        </Link>
      </nav>
      <label className="theme">
        <span>Theme</span>
        <select
          value={theme}
          onChange={(event) => choose(themes.find((each) => each === event.target.value) ?? 'auto')}
        >
          {themes.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </label>
    </header>
  );
}

function SignIn({ access, onSignedIn }: { readonly access: SessionAnswer['access']; readonly onSignedIn: () => void }) {
  const [failure, setFailure] = useState<Error>();
  if (access === 'proxy') {
    return (
      <section className="notice">
        <h1>Nobody is signed in</h1>
        <p>A proxy has to say who you are. Open the console by its address, not by that of tracestore.</p>
      </section>
    );
  }
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const token = new FormData(event.currentTarget).get('token');
    try {
      await signIn(typeof token === 'string' ? token : '');
      onSignedIn();
    } catch (error) {
      setFailure(error instanceof Error ? error : new Error(String(error)));
    }
  };
  return (
    <section className="notice">
      <h1>Sign in</h1>
      <p>This store asks for its token: whoever installed it has set it as TRACESTORE_CONSOLE_TOKEN.</p>
      <form className="row" onSubmit={(event) => void submit(event)}>
        <label>
          Token <input name="token" type="password" autoComplete="current-password" required />
        </label>
        <button type="submit">Sign in</button>
      </form>
      {failure !== undefined && <Failure error={failure} />}
    </section>
  );
}
