import { spawn } from 'node:child_process';

/** Opens a page in the browser where a person sits at a terminal; where there is no browser, nothing happens. */
export async function openBrowser(url: string): Promise<void> {
  if (process.stdout.isTTY !== true || process.env['CI'] || !(await isPage(url))) return;
  const hasDisplay = process.platform === 'darwin' || process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY'];
  if (!hasDisplay) return;
  const browser = spawn(process.platform === 'darwin' ? 'open' : 'xdg-open', [url], {
    stdio: 'ignore',
    detached: true,
  });
  browser.once('error', () => {});
  browser.unref();
}

async function isPage(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.ok && (response.headers.get('content-type') ?? '').startsWith('text/html');
  } catch {
    return false;
  }
}
