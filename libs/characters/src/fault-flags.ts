import { type FaultFlag, services } from '@spandrel/service/services';

export type { FaultFlag };

/** The flags of all injected faults, one per fault. A fault is on unless its flag turns it off. */
export const faultFlags: readonly FaultFlag[] = services.flatMap(({ faults }) => faults);

/** Tells which injected faults are on. */
export abstract class FaultSwitches {
  /** Called several times per request, so it answers from memory. */
  abstract isOn(flag: FaultFlag): boolean;
}
