// Preloaded with `node --import`: moves the clock of this process CLOCK_SHIFT_DAYS ahead.
const RealDate = Date;
const shiftMs = Number(process.env.CLOCK_SHIFT_DAYS) * 86_400_000;

globalThis.Date = class Date extends RealDate {
  constructor(...values) {
    if (values.length === 0) super(RealDate.now() + shiftMs);
    else super(...values);
  }

  static now() {
    return RealDate.now() + shiftMs;
  }
};
