import { parseArgs } from 'node:util';
import { sendRecording, startOfRecording } from './send.ts';

const usage = `npm run workshop -- [--to URL]

Sends the recording of the workshop, shifted so that it has just ended, to an OTLP/HTTP endpoint.

  --to URL    the address of the endpoint without a path (default: http://localhost:4318)

npm start -- --workshop starts a store of its own with the recording.
`;

process.exitCode = await run();

/** @returns the exit code: 0, 1 for a failure, 2 for a usage error */
async function run(): Promise<number> {
  let endpoint: string;
  try {
    const { values } = parseArgs({
      options: {
        to: { type: 'string', default: 'http://localhost:4318' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(usage);
      return 0;
    }
    if (!/^https?:\/\/[^/]+\/?$/.test(values.to))
      throw new Error(`--to must be an http or https URL without a path, got ${values.to}`);
    endpoint = values.to.replace(/\/$/, '');
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  try {
    const { spanCount, start, end } = await sendRecording(endpoint, startOfRecording(Date.now()));
    process.stdout.write(`Sent ${spanCount} spans from ${start.toISOString()} to ${end.toISOString()}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return 1;
  }
}
