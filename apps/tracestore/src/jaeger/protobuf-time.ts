import type { Duration, Timestamp } from '@bufbuild/protobuf/wkt';

const nsPerSecond = 1_000_000_000n;

/** Go's zero time, by which Jaeger's clients say that there is none: the first second of the year 1. */
const goZeroSeconds = -62_135_596_800n;

/** Nanoseconds since 1970; undefined where no time is said. */
export function unixNanoOfTimestamp(time: Timestamp | undefined): bigint | undefined {
  if (time === undefined || time.seconds === goZeroSeconds) return undefined;
  return time.seconds * nsPerSecond + BigInt(time.nanos);
}

/** Nanoseconds; 0 where no duration is said. */
export function nanosecondsOfDuration(duration: Duration | undefined): bigint {
  return duration === undefined ? 0n : duration.seconds * nsPerSecond + BigInt(duration.nanos);
}

/** Seconds and nanoseconds, as protobuf has times and durations. @param nanoseconds since 1970, or of a duration */
export function secondsAndNanos(nanoseconds: bigint): { readonly seconds: bigint; readonly nanos: number } {
  const seconds = nanoseconds / nsPerSecond;
  return { seconds, nanos: Number(nanoseconds - seconds * nsPerSecond) };
}
