import { Link } from 'wouter';

/** The footer of every page, with links to the API. */
export function Footer() {
  return (
    <footer className="bottom">
      <Link href="/docs">API</Link>
      <a href="/openapi.json">OpenAPI</a>
    </footer>
  );
}
