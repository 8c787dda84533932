import path from 'node:path';
import { packageChart } from './chart-package.ts';

/** Packages the chart and prints where: `node release/package-chart.ts REPOSITORY FOLDER`. */
const [registry, folder] = process.argv.slice(2);
if (registry === undefined || folder === undefined) {
  throw new Error('usage: node release/package-chart.ts ghcr.io/OWNER/REPOSITORY FOLDER');
}
process.stdout.write(`${packageChart(path.dirname(import.meta.dirname), registry, folder)}\n`);
