/** The console's pages: every one is the same document. */
export const pageRoutes = [
  '/',
  '/search',
  '/trace/:traceId',
  '/compare/:left/:right',
  '/dashboards',
  '/dashboards/:uid',
  '/sql',
  '/system',
  '/docs',
] as const;

/** All routes of files that are the same for every user. */
export const webRoutes = [...pageRoutes, '/assets/:name', '/favicon.svg'] as const;
