import { chartSbom } from './chart-sbom.ts';

/** Prints the images of a packaged chart as SPDX: `node release/write-chart-sbom.ts FILE`. */
const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('usage: node release/write-chart-sbom.ts spandrel-VERSION.tgz');
process.stdout.write(`${JSON.stringify(chartSbom(file, new Date()), undefined, 2)}\n`);
