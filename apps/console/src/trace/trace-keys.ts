import type { Shortcuts } from '../keys/shortcuts.ts';

/** Of the page of a trace, unless the user types. */
export const traceKeys = {
  find: { keys: ['/'], meaning: 'Find in this trace' },
  nextMatch: { keys: ['n'], meaning: 'Next and previous match' },
  previousMatch: { keys: ['N'], meaning: 'Next and previous match' },
  closeSpan: { keys: ['Escape'], meaning: 'Close the span' },
  showKeys: { keys: ['?'], meaning: 'Show these keys' },
} as const satisfies Shortcuts;

/** Of the page of a trace that a search found. */
export const resultKeys = {
  previous: { keys: ['['], meaning: 'Previous and next trace of the search' },
  next: { keys: [']'], meaning: 'Previous and next trace of the search' },
} as const satisfies Shortcuts;

/** Of the box that finds spans. */
export const findKeys = {
  next: { keys: ['Enter'], meaning: 'Find; then the next and the previous match' },
  previous: { keys: ['Shift+Enter'], meaning: 'Find; then the next and the previous match' },
  leave: { keys: ['Escape'], meaning: 'Leave the box' },
} as const satisfies Shortcuts;

/** Of a tree of rows: spans, or compared operations. */
export const treeKeys = {
  next: { keys: ['ArrowDown'], meaning: 'Next and previous row' },
  previous: { keys: ['ArrowUp'], meaning: 'Next and previous row' },
  pageDown: { keys: ['PageDown'], meaning: 'One page down and up' },
  pageUp: { keys: ['PageUp'], meaning: 'One page down and up' },
  first: { keys: ['Home'], meaning: 'First and last row' },
  last: { keys: ['End'], meaning: 'First and last row' },
  open: { keys: ['ArrowRight'], meaning: 'Expand; then go to the first child' },
  close: { keys: ['ArrowLeft'], meaning: 'Collapse; then go to the parent' },
} as const satisfies Shortcuts;

/** Of the flame graph. */
export const flameKeys = {
  parent: { keys: ['ArrowUp'], meaning: 'Parent and first child' },
  child: { keys: ['ArrowDown'], meaning: 'Parent and first child' },
  before: { keys: ['ArrowLeft'], meaning: 'Neighbors of the same level' },
  after: { keys: ['ArrowRight'], meaning: 'Neighbors of the same level' },
  zoomToSpan: { keys: ['Enter'], meaning: 'Zoom to the span' },
  zoomIn: { keys: ['+', '='], meaning: 'Zoom in' },
  zoomOut: { keys: ['-'], meaning: 'Zoom out' },
  resetZoom: { keys: ['0'], meaning: 'Reset the zoom' },
} as const satisfies Shortcuts;

/** Of the line that resizes a column. */
export const separatorKeys = {
  left: { keys: ['ArrowLeft'], meaning: 'Move the line' },
  right: { keys: ['ArrowRight'], meaning: 'Move the line' },
  narrowest: { keys: ['Home'], meaning: 'Narrowest and widest column' },
  widest: { keys: ['End'], meaning: 'Narrowest and widest column' },
} as const satisfies Shortcuts;

/** All keys of the page, for the sheet of keys. */
export const keySections: readonly (readonly [title: string, ...shortcuts: readonly Shortcuts[]])[] = [
  ['Page', traceKeys, resultKeys],
  ['Find box', findKeys],
  ['Line between columns', separatorKeys],
  ['Waterfall', treeKeys],
  ['Flame graph', flameKeys],
];
