import open from 'open';

/**
 * Whether there is somebody who would see a browser: a terminal, and a desktop.
 *
 * @param isTerminal whether somebody reads what is printed
 */
export function canShowBrowser(
  environment: Readonly<Record<string, string | undefined>>,
  isTerminal = process.stdout.isTTY === true,
  platform: string = process.platform,
): boolean {
  const has = (name: string): boolean => (environment[name] ?? '') !== '';
  // Over SSH the desktop is somewhere else.
  if (!isTerminal || has('CI') || has('SSH_CONNECTION')) return false;
  return platform !== 'linux' || has('DISPLAY') || has('WAYLAND_DISPLAY') || has('WSL_DISTRO_NAME');
}

/** Shows a page in the browser that this machine's user likes. Where that fails, the address is on the terminal. */
export function openBrowser(url: string): void {
  open(url).then(
    (browser) => browser.on('error', () => undefined),
    () => undefined,
  );
}
