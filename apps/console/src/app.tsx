import { useQuery } from '@tanstack/react-query';
import { type ComponentType, useState } from 'react';
import { Link, Route, Switch, useLocation } from 'wouter';
import type { SessionResponse } from './api/types.ts';
import { get } from './api/client.ts';
import { Failure } from './failure.tsx';
import { Footer } from './footer.tsx';
import { lazyComponent } from './lazy-component.tsx';
import { PageBoundary } from './page-boundary.tsx';
import { SessionState, SignIn } from './session/session.tsx';
import { applyTheme, savedTheme, type Theme, themes } from './theme.ts';
import { FileDrop } from './trace/file-drop.tsx';

// Each page is a chunk of its own, which keeps the first load small.
function page<Props extends object>(importPage: () => Promise<ComponentType<Props>>) {
  return lazyComponent('Loading page', importPage);
}

const OverviewPage = page(async () => (await import('./overview/overview-page.tsx')).OverviewPage);
const DashboardsPage = page(async () => (await import('./dashboards/dashboards-page.tsx')).DashboardsPage);
const DashboardPage = page(async () => (await import('./dashboards/dashboard-page.tsx')).DashboardPage);
const SearchPage = page(async () => (await import('./search/search-page.tsx')).SearchPage);
const TracePage = page(async () => (await import('./trace/trace-page.tsx')).TracePage);
const FileTracePage = page(async () => (await import('./trace/trace-page.tsx')).FileTracePage);
const ComparePage = page(async () => (await import('./compare/compare-page.tsx')).ComparePage);
const DifferencesPage = page(async () => (await import('./differences/differences-page.tsx')).DifferencesPage);
const SqlPage = page(async () => (await import('./sql/sql-page.tsx')).SqlPage);
const SystemPage = page(async () => (await import('./system/system-page.tsx')).SystemPage);
const ApiDocsPage = page(async () => (await import('./api-docs/api-docs-page.tsx')).ApiDocsPage);

// Load the start page while the session is still being checked.
if (location.pathname === '/') OverviewPage.load().catch(() => undefined);

/** The frame of all pages. It shows the sign-in form instead of a page if the user is not signed in. */
export function App() {
  const session = useQuery({
    queryKey: ['session'],
    queryFn: ({ signal }) => get<SessionResponse>('session', signal),
  });
  return (
    <>
      <a className="skip" href="#content">
        Skip to main content
      </a>
      <Header session={session.data} />
      <main id="content" tabIndex={-1}>
        {session.isError && <Failure error={session.error} retry={() => void session.refetch()} />}
        {session.data?.isSignedIn === false && <SignIn access={session.data.access} />}
        {session.data?.isSignedIn === true && <Pages />}
        <FileDrop />
      </main>
      <Footer />
    </>
  );
}

function Pages() {
  const [path] = useLocation();
  return (
    <PageBoundary key={path}>
      <Routes />
    </PageBoundary>
  );
}

/** All pages of the console by path. */
function Routes() {
  return (
    <Switch>
      <Route path="/">
        <OverviewPage />
      </Route>
      <Route path="/dashboards">
        <DashboardsPage />
      </Route>
      <Route path="/dashboards/:uid">{({ uid }) => <DashboardPage key={uid} uid={uid} />}</Route>
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
      <Route path="/differences">
        <DifferencesPage />
      </Route>
      <Route path="/sql">
        <SqlPage />
      </Route>
      <Route path="/system">
        <SystemPage />
      </Route>
      <Route path="/docs">
        <ApiDocsPage />
      </Route>
      <Route>
        <section className="notice">
          <h1>Page not found</h1>
          <p>
            <Link href="/search">Search for traces</Link>
          </p>
        </section>
      </Route>
    </Switch>
  );
}

function Header({ session }: { readonly session: SessionResponse | undefined }) {
  const [theme, setTheme] = useState(savedTheme);
  const select = (next: Theme): void => {
    setTheme(next);
    applyTheme(next);
  };
  return (
    <header className="top">
      <Link href="/" className="brand">
        <img src="/favicon.svg" alt="" width="20" height="20" />
        Spandrel
      </Link>
      <nav aria-label="Pages">
        <Link href="/" className={(isActive) => (isActive ? 'active' : '')}>
          Overview
        </Link>
        <Link href="/dashboards" className={(isActive) => (isActive ? 'active' : '')}>
          Dashboards
        </Link>
        <Link href="/search" className={(isActive) => (isActive ? 'active' : '')}>
          Search
        </Link>
        <Link href="/sql" className={(isActive) => (isActive ? 'active' : '')}>
          SQL
        </Link>
        <Link href="/system" className={(isActive) => (isActive ? 'active' : '')}>
          System
        </Link>
      </nav>
      <SessionState session={session} />
      <label className="theme">
        <span>Theme</span>
        <select
          value={theme}
          onChange={(event) => select(themes.find((each) => each === event.target.value) ?? 'auto')}
        >
          {themes.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </label>
    </header>
  );
}
