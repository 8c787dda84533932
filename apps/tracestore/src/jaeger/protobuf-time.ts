import type { Duration, Timestamp } from '@bufbuild/protobuf/wkt';

const nsPerSecond = 1_000_000_000n;

/** Go's zero time, the first second of the year 1. Jaeger's clients send it for an absent time. */
const goZeroSeconds = -62_135_596_800n;

/** @returns nanoseconds since 1970; undefined if the time is absent */
export function unixNanoOfTimestamp(time: Timestamp | undefined): bigint | undefined {
  if (time === undefined || time.seconds === goZeroSeconds) return undefined;
  return time.seconds * nsPerSecond + BigInt(time.nanos);
}

/** @returns nanoseconds; 0 if the duration is absent */
export function nanosecondsOfDuration(duration: Duration | undefined): bigint {
  return duration === undefined ? 0n : duration.seconds * nsPerSecond + BigInt(duration.nanos);
}

/** Returns seconds and nanoseconds for a time or duration of protobuf. @param nanoseconds since 1970, or of a duration */
export function secondsAndNanos(nanoseconds: bigint): { readonly seconds: bigint; readonly nanos: number } {
  const seconds = nanoseconds / nsPerSecond;
  return { seconds, nanos: Number(nanoseconds - seconds * nsPerSecond) };
}
