import { useQuery } from '@tanstack/react-query';
import { type ComponentType, useState } from 'react';
import { Link, Route, Switch, useLocation } from 'wouter';
import type { SessionResponse } from './api/types.ts';
import { get } from './api/client.ts';
import { ConnectionNotice } from './connection/connection-notice.tsx';
import { Failure } from './failure.tsx';
import { Footer } from './footer.tsx';
import { selectTimeZone, timeZones, useTimeZone } from './format/time.ts';
import { lazyComponent } from './lazy-component.tsx';
import { PageBoundary } from './page-boundary.tsx';
import { withRange } from './range/time-range.ts';
import { useKeptRange } from './range/use-kept-range.ts';
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
const MapPage = page(async () => (await import('./map/map-page.tsx')).MapPage);
const SearchPage = page(async () => (await import('./search/search-page.tsx')).SearchPage);
const TracePage = page(async () => (await import('./trace/trace-page.tsx')).TracePage);
const FileTracePage = page(async () => (await import('./trace/trace-page.tsx')).FileTracePage);
const ComparePage = page(async () => (await import('./compare/compare-page.tsx')).ComparePage);
const ServicePage = page(async () => (await import('./services/service-page.tsx')).ServicePage);
const DifferencesPage = page(async () => (await import('./differences/differences-page.tsx')).DifferencesPage);
const SqlPage = page(async () => (await import('./sql/sql-page.tsx')).SqlPage);
const ConnectPage = page(async () => (await import('./connect/connect-page.tsx')).ConnectPage);
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
      <ConnectionNotice />
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
  // A page is rendered again with the times of another zone, its charts too.
  const timeZone = useTimeZone();
  return (
    <PageBoundary key={`${path} ${timeZone}`}>
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
      <Route path="/map">
        <MapPage />
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
      <Route path="/connect">
        <ConnectPage />
      </Route>
      <Route path="/services/:name?">
        <ServicePage />
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
  const timeZone = useTimeZone();
  const range = useKeptRange();
  const select = (next: Theme): void => {
    setTheme(next);
    applyTheme(next);
  };
  return (
    <header className="top">
      <Link href={withRange('/', range)} className="brand">
        <img src="/favicon.svg" alt="" width="20" height="20" />
        Spandrel
      </Link>
      <nav aria-label="Pages">
        <NavLink href={withRange('/', range)} pages={/^\/(?:$|services)/} title="Overview" />
        <NavLink href={withRange('/dashboards', range)} pages={/^\/dashboards/} title="Dashboards" />
        <NavLink href={withRange('/map', range)} pages={/^\/map/} title="Map" />
        <NavLink href={withRange('/search', range)} pages={/^\/search/} title="Search" />
        <NavLink href="/sql" pages={/^\/sql/} title="SQL" />
        <NavLink href="/system" pages={/^\/system/} title="System" />
      </nav>
      <SessionState session={session} />
      <label className="theme">
        <span>Times</span>
        <select
          aria-label="Time zone"
          value={timeZone}
          onChange={(event) => selectTimeZone(timeZones.find((each) => each === event.target.value) ?? 'local')}
        >
          <option value="local">local</option>
          <option value="utc">UTC</option>
        </select>
      </label>
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

/** A link of the header. @param pages the paths of the pages on which it is marked */
function NavLink({ href, pages, title }: { readonly href: string; readonly pages: RegExp; readonly title: string }) {
  const [path] = useLocation();
  const isHere = pages.test(path);
  return (
    <Link href={href} className={isHere ? 'active' : ''} {...(isHere ? { 'aria-current': 'page' as const } : {})}>
      {title}
    </Link>
  );
}
