import { expect, it } from 'vitest';
import { shownTitle } from './shown-title.ts';

it.each([
  ['04 Service Dependencies', 'Service dependencies'],
  ['Request Duration (p95)', 'Request duration (p95)'],
  ['SQL and GenAI Tokens', 'SQL and GenAI tokens'],
  ['p95', 'p95'],
])('shownTitle writes %s as %s', (title, shown) => {
  expect(shownTitle(title)).toBe(shown);
});
