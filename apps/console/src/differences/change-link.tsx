import { Link } from 'wouter';
import './change-link.css';
import { differencesOfChange } from './differences-address.ts';

/** A link to the comparison that explains a change. @param traces the URL of a search for the traces of the change */
export function ChangeLink({ name, traces }: { readonly name: string; readonly traces: string }) {
  return (
    <Link className="change-link" href={differencesOfChange(traces)} aria-label={`What is different? ${name}`}>
      What is different?
    </Link>
  );
}
