import { expect, it } from 'vitest';
import { canShowBrowser } from './open-browser.ts';

it.each([
  [{ DISPLAY: ':0' }, true, 'linux', true],
  [{ WAYLAND_DISPLAY: 'wayland-0' }, true, 'linux', true],
  [{}, true, 'darwin', true],
  [{}, true, 'linux', false],
  [{ DISPLAY: ':0' }, false, 'linux', false],
  [{ DISPLAY: ':0', CI: 'true' }, true, 'linux', false],
  [{ DISPLAY: 'localhost:10.0', SSH_CONNECTION: '::1 1 ::1 22' }, true, 'linux', false],
])('canShowBrowser with %j, terminal %s, on %s is %s', (environment, isTerminal, platform, can) => {
  expect(canShowBrowser(environment, isTerminal, platform)).toBe(can);
});
