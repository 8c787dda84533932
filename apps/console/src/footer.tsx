import { Link, useLocation } from 'wouter';

/** Pages that use the whole height of the window have no footer. */
const pagesWithoutFooter = /^\/(?:trace|compare)\//;

/** The footer of most pages, with links to how to send traces, and to the API. */
export function Footer() {
  const [path] = useLocation();
  if (pagesWithoutFooter.test(path)) return undefined;
  return (
    <footer className="bottom">
      <Link href="/connect">Send traces</Link>
      <Link href="/docs">API</Link>
      <a href="/openapi.json">OpenAPI</a>
    </footer>
  );
}
