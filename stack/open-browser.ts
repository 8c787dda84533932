import open from 'open';

/** Whether a user can see a browser: standard output is a terminal of a local desktop. */
export function canShowBrowser(
  environment: Readonly<Record<string, string | undefined>>,
  isTerminal = process.stdout.isTTY === true,
  platform: string = process.platform,
): boolean {
  const has = (name: string): boolean => (environment[name] ?? '') !== '';
  if (!isTerminal || has('CI') || has('SSH_CONNECTION')) return false;
  return platform !== 'linux' || has('DISPLAY') || has('WAYLAND_DISPLAY') || has('WSL_DISTRO_NAME');
}

/** Opens a page in the default browser. A failure is ignored, since the address is on the terminal. */
export function openBrowser(url: string): void {
  open(url).then(
    (browser) => browser.on('error', () => {}),
    () => {},
  );
}
