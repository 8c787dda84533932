import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import packedChromium, { inflate } from '@sparticuz/chromium';
import { type Browser, chromium } from 'playwright-core';

const root = path.dirname(path.dirname(import.meta.dirname));

const fontsConfiguration = 'fonts.conf';

const installed = [
  process.env['CHROMIUM'] ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
].find((file) => existsSync(file));

/** Whether a browser is available: an installed one, or that of the npm package, which runs on Linux x64. */
export const hasChromium = installed !== undefined || (process.platform === 'linux' && process.arch === 'x64');

/**
 * Launch Chromium headless, also as root. It is the one of the variable CHROMIUM, an installed one, or that of the npm package.
 *
 * @param options additional command line options
 */
export async function launchChromium(options: readonly string[] = []): Promise<Browser> {
  const args = ['--no-sandbox', ...options];
  // With a POSIX locale, Chromium reports a language that Intl rejects, which breaks uPlot.
  const env = { ...process.env, LC_ALL: 'en_US.UTF-8' };
  if (installed !== undefined) return chromium.launch({ executablePath: installed, args, env });
  const folder = await unpackChromium();
  return chromium.launch({
    executablePath: path.join(folder, 'chromium'),
    args,
    // A server may have neither NSS nor fonts, without which Chromium crashes.
    env: {
      ...env,
      LD_LIBRARY_PATH: path.join(folder, 'al2023/lib'),
      FONTCONFIG_FILE: path.join(folder, fontsConfiguration),
    },
  });
}

/** Unpack the files of the npm package, once per version. @returns their folder */
async function unpackChromium(): Promise<string> {
  const packageFolder = path.dirname(path.dirname(fileURLToPath(import.meta.resolve('@sparticuz/chromium'))));
  const { version } = JSON.parse(await readFile(path.join(packageFolder, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  const folder = path.join(root, '.spandrel/chromium', version);
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  const { TMPDIR } = process.env;
  // The package unpacks into the temporary folder of the system.
  process.env['TMPDIR'] = unfinished;
  try {
    await packedChromium.executablePath();
    await inflate(path.join(packageFolder, 'bin/al2023.tar.br'));
    // The configuration of the package has the font folders of AWS Lambda.
    await writeFile(
      path.join(unfinished, fontsConfiguration),
      `<?xml version="1.0"?>
<fontconfig>
  <dir>${path.join(folder, 'fonts')}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${path.join(folder, 'fonts-cache')}</cachedir>
</fontconfig>
`,
    );
    renameSync(unfinished, folder);
  } catch (error) {
    // Another process may have been faster.
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
    if (TMPDIR === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = TMPDIR;
  }
  return folder;
}
