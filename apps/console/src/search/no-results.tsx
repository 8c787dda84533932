import { Link } from 'wouter';
import type { UnknownName } from '../api/types.ts';

const namesOf: Readonly<Record<UnknownName['parameter'], string>> = {
  service: 'service named',
  operation: 'operation named',
  attribute: 'attribute with the key',
};

/** Says that nothing was found, and which names of the search no span in the range has. */
export function NoResults({
  rows,
  unknown,
}: {
  readonly rows: 'traces' | 'spans';
  readonly unknown: readonly UnknownName[];
}) {
  return (
    <div className="notice">
      <h2>No {rows} found</h2>
      {unknown.map(({ parameter, name }) => (
        <p key={`${parameter} ${name}`} role="status">
          No {namesOf[parameter]} <bdi className="code">{name}</bdi> was seen in this range.
        </p>
      ))}
      <p>
        {unknown.length > 0
          ? 'Check the spelling, or try a wider time range.'
          : 'Try a wider time range or fewer conditions.'}{' '}
        If the store is empty: <Link href="/connect">Send traces</Link>
      </p>
    </div>
  );
}
