/** The flags that turn the services' faults on and off: one for each fault, on unless told otherwise. */
export const faultFlags = [
  'digit-minute-wave',
  'digit-extra-work',
  'digit-extra-process',
  'digit-render-spike',
  'lower-extra-process',
  'lower-extra-extra-process',
  'special-extra-process',
  'special-failure',
  'upper-drift',
  'upper-extra-work',
  'upper-extra-process',
  'upper-failure',
] as const;

export type FaultFlag = (typeof faultFlags)[number];

/** Says of every fault whether it may strike now. */
export abstract class FaultSwitches {
  /** Asked several times a request, so it answers from memory. */
  abstract isOn(flag: FaultFlag): boolean;
}
