import { formatNumber } from '../format/number.ts';
const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Format bytes in a suitable unit with three significant digits: `12.3 MiB`. */
export function formatBytes(bytes: number): string {
  const power = Math.min(Math.floor(Math.log2(Math.max(Math.abs(bytes), 1)) / 10), units.length - 1);
  return `${formatNumber(Number((bytes / 1024 ** power).toPrecision(3)))} ${units[power]}`;
}
