import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiError, isOutage } from './api/client.ts';
import { App } from './app.tsx';
import { applyTheme, savedTheme } from './theme.ts';
import './styles.css';

/** The pause between two attempts of a query in an outage. */
const outageRetryMs = 2_000;

applyTheme(savedTheme());

// The session ended: the token was changed, or another tab signed out. Show the sign-in form again.
const onError = (error: Error): void => {
  if (error instanceof ApiError && error.status === 401) void queries.invalidateQueries({ queryKey: ['session'] });
};

const queries = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: {
    queries: {
      refetchOnWindowFocus: false,
      staleTime: 30_000,
      // A request that a busy tracestore refused is repeated twice. Other errors would repeat.
      retry: (count, error) => isOutage(error) || (count < 2 && error instanceof ApiError && error.status === 503),
      // In an outage, a query waits for its end, and the page keeps what it shows. ConnectionNotice says so.
      retryDelay: (count, error) => (isOutage(error) ? outageRetryMs : 1_000 * 2 ** count),
      // tracestore may run on this machine, which needs no network.
      networkMode: 'always',
    },
  },
});

const root = document.querySelector('#root');
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <App />
      </QueryClientProvider>
    </StrictMode>,
  );
}
