import { Link } from 'wouter';
import { isoOf, type TimeRange, widen } from '../range/time-range.ts';
import type { SearchParameters } from '../search/search-parameters.ts';
import { differencesAddress, type Selection } from './differences-address.ts';

/**
 * Links from a search to comparisons: of its failed, its slowest and, where it selects durations or a time, its selected traces
 * with all others.
 */
export function DifferencesLinks({ search, range }: { readonly search: SearchParameters; readonly range: TimeRange }) {
  const { order: _, ...conditions } = search;
  const { min, max, status } = search;
  const anyDuration = { ...conditions, min: '', max: '' };
  const hasArea = min !== '' || max !== '' || range.kind === 'absolute';
  const time = range.kind === 'absolute' ? { from: isoOf(range.fromMs), to: isoOf(range.toMs) } : { from: '', to: '' };
  const links: readonly (readonly [label: string, address: string])[] = [
    ...(hasArea && status === ''
      ? [
          [
            'Selected traces',
            differencesAddress(anyDuration, range.kind === 'absolute' ? widen(range, Date.now()) : range, {
              kind: 'area',
              min,
              max,
              ...time,
            } satisfies Selection),
          ] as const,
        ]
      : []),
    ['Failed traces', differencesAddress({ ...anyDuration, status: '' }, range, { kind: 'errors' })],
    ['Slowest 5 %', differencesAddress(anyDuration, range, { kind: 'slowest' })],
  ];
  return (
    <nav className="row" aria-label="What is different?">
      <span className="quiet">What is different?</span>
      {links.map(([label, address]) => (
        <Link key={label} className="button" href={address}>
          {label}
        </Link>
      ))}
    </nav>
  );
}
