import type { ReactNode } from 'react';
import './charts.css';

/** What a chart or a table has in its place if there is nothing to draw: axes without data would show made-up values. */
export function NoData({ children = 'No data in this time range.' }: { readonly children?: ReactNode }) {
  return <p className="panel-empty quiet">{children}</p>;
}
