import { Link } from 'wouter';

/** The footer of every page, with links to how to send traces, and to the API. */
export function Footer() {
  return (
    <footer className="bottom">
      <Link href="/connect">Send traces</Link>
      <Link href="/docs">API</Link>
      <a href="/openapi.json">OpenAPI</a>
    </footer>
  );
}
