/** Durations and floats as Go writes and reads them. */

const unitNs: Readonly<Record<string, bigint>> = {
  y: 365n * 86_400_000_000_000n,
  w: 7n * 86_400_000_000_000n,
  d: 86_400_000_000_000n,
  h: 3_600_000_000_000n,
  m: 60_000_000_000n,
  s: 1_000_000_000n,
  ms: 1_000_000n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ns: 1n,
};

const maxInt64 = 2n ** 63n - 1n;

const prometheusDuration = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;
const prometheusUnits = ['y', 'w', 'd', 'h', 'm', 's', 'ms'];
const goDuration = /^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/;

/**
 * Reads a duration of Prometheus (`1d12h`: integers, units from long to short) or of Go (`1h30.5s`: fractions, no days).
 *
 * @returns nanoseconds, or undefined if the text is no duration or is longer than 64 bits hold
 */
export function parseDuration(text: string): bigint | undefined {
  if (!/[a-zµμ]/.test(text)) return undefined;
  const parts = prometheusDuration.exec(text);
  let total = 0n;
  if (parts) {
    for (const [index, unit] of prometheusUnits.entries())
      total += BigInt(parts[index + 1] ?? 0) * (unitNs[unit] ?? 0n);
  } else {
    if (!goDuration.test(text)) return undefined;
    for (const [, whole = '', fraction = '', unit = ''] of text.matchAll(/(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g)) {
      const ns = unitNs[unit] ?? 0n;
      total += BigInt(whole || '0') * ns + (BigInt(fraction || '0') * ns) / 10n ** BigInt(fraction.length);
    }
  }
  return total <= maxInt64 ? total : undefined;
}

/** Writes nanoseconds as Go does: `1h0m1.5s`, `100ms`, `0s`. */
export function formatDuration(nanoseconds: bigint): string {
  const sign = nanoseconds < 0n ? '-' : '';
  const ns = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  if (ns === 0n) return '0s';
  if (ns < 1000n) return `${sign}${ns}ns`;
  if (ns < 1_000_000n) return `${sign}${decimal(ns, 1000n)}µs`;
  if (ns < 1_000_000_000n) return `${sign}${decimal(ns, 1_000_000n)}ms`;
  const minutes = ns / 60_000_000_000n;
  const seconds = `${decimal(ns % 60_000_000_000n, 1_000_000_000n)}s`;
  if (minutes === 0n) return `${sign}${seconds}`;
  const hours = minutes / 60n;
  return `${sign}${hours === 0n ? '' : `${hours}h`}${minutes % 60n}m${seconds}`;
}

/** Writes a float as Go does with `%g`: `5e+08`, `0.5`, `NaN`, `+Inf`. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value < 0 ? '-Inf' : '+Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

function decimal(value: bigint, unit: bigint): string {
  const fraction = String(value % unit)
    .padStart(String(unit).length - 1, '0')
    .replace(/0+$/, '');
  return `${value / unit}${fraction === '' ? '' : `.${fraction}`}`;
}
