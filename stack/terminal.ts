const onTerminal = process.stdout.isTTY === true;
const coloured = onTerminal && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';

// A terminal that was closed must not keep us from ending what we started.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

export type Colour = 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'dim' | 'bold';

const codes: Readonly<Record<Colour, readonly [open: number, close: number]>> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
  dim: [2, 22],
  bold: [1, 22],
};

/** Colours a text if standard output is a terminal that wants colours (NO_COLOR is respected). */
export function paint(colour: Colour, text: string): string {
  const [open, close] = codes[colour];
  return coloured ? `\u001B[${open}m${text}\u001B[${close}m` : text;
}

let unfinished = '';

/** Writes a line, above the step that is under way if there is one. */
export function print(line = ''): void {
  process.stdout.write(unfinished === '' ? `${line}\n` : `\r\u001B[K${line}\n${unfinished}`);
}

/** Shows what is under way, on the last line of a terminal, or takes it away (''). */
function showUnfinished(line: string): void {
  if (!onTerminal || line === unfinished) return;
  process.stdout.write(`\r\u001B[K${line}`);
  unfinished = line;
}

const running = new Map<string, number>();
let ticker: NodeJS.Timeout | undefined;

function tick(): void {
  const [first] = running;
  showUnfinished(
    first === undefined ? '' : `  … ${[...running.keys()].join(', ').padEnd(12)} ${seconds(Date.now() - first[1])}`,
  );
}

function seconds(elapsedMs: number): string {
  return `${(elapsedMs / 1_000).toFixed(1)} s`.padStart(7);
}

/**
 * Does one step of a longer work and says so in one line with the seconds that it took.
 *
 * @param work returns what is worth adding to the line ('' for nothing)
 * @throws what the work throws, after marking the step as failed
 */
export async function step(name: string, work: () => Promise<string> | string): Promise<void> {
  const startedAt = Date.now();
  running.set(name, startedAt);
  ticker ??= setInterval(tick, 500).unref();
  tick();
  const finish = (mark: string, detail: string): void => {
    running.delete(name);
    if (running.size === 0) {
      clearInterval(ticker);
      ticker = undefined;
    }
    showUnfinished('');
    print(`  ${mark} ${name.padEnd(12)} ${seconds(Date.now() - startedAt)}  ${paint('dim', detail)}`.trimEnd());
    tick();
  };
  try {
    finish(paint('green', '✓'), await work());
  } catch (error) {
    finish(paint('red', '✗'), '');
    throw error;
  }
}
