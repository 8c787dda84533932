import { characterUrl, type FaultConfig, faultVariables, upstreamVariables } from '@spandrel/characters';
import { ports, type ServiceConfig, serviceVariables } from '@spandrel/service';

/** The configuration of lower. */
export interface LowerConfig extends ServiceConfig, FaultConfig {
  readonly DIGIT_URL: string;
  /** Timeout of a call of digit, in ms. */
  readonly UPSTREAM_TIMEOUT_MS: number;
}

export const lowerVariables = {
  ...serviceVariables(ports.lower),
  ...faultVariables(),
  ...upstreamVariables(),
  DIGIT_URL: characterUrl(ports.digit),
};
