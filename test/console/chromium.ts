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

/** Whether there is a browser: one that is installed, or the one of the npm registry, which is for Linux on x64. */
export const hasChromium = installed !== undefined || (process.platform === 'linux' && process.arch === 'x64');

/**
 * A Chromium without a window, for root too: that of the variable CHROMIUM, of the machine, or of the npm registry.
 *
 * @param options more options of its command line
 */
export async function launchChromium(options: readonly string[] = []): Promise<Browser> {
  const args = ['--no-sandbox', ...options];
  // Of a POSIX locale Chromium makes a language that Intl does not know, and uPlot asks it at once.
  const env = { ...process.env, LC_ALL: 'en_US.UTF-8' };
  if (installed !== undefined) return chromium.launch({ executablePath: installed, args, env });
  const folder = await unpackChromium();
  return chromium.launch({
    executablePath: path.join(folder, 'chromium'),
    args,
    // A machine without a desktop may have neither NSS nor fonts, without any of which a button ends the browser.
    env: {
      ...env,
      LD_LIBRARY_PATH: path.join(folder, 'al2023/lib'),
      FONTCONFIG_FILE: path.join(folder, fontsConfiguration),
    },
  });
}

/** Unpacks the package's files, once for each version of it. @returns the folder that has them */
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
  // The package unpacks into the folder for temporary files, wherever that is.
  process.env['TMPDIR'] = unfinished;
  try {
    await packedChromium.executablePath();
    await inflate(path.join(packageFolder, 'bin/al2023.tar.br'));
    // The package's own looks for its fonts where they would be on AWS.
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
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
    if (TMPDIR === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = TMPDIR;
  }
  return folder;
}
