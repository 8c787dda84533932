import { Link } from 'wouter';

/** Below every page: what programs use in the place of the console. */
export function Footer() {
  return (
    <footer className="bottom">
      <Link href="/docs">API</Link>
      <a href="/openapi.json">OpenAPI</a>
    </footer>
  );
}
