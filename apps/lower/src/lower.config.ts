import { characterUrl, type FaultConfig, faultVariables, upstreamVariables } from '@spandrel/characters';
import { ports, type ServiceConfig, serviceVariables } from '@spandrel/service';

/** Configuration of lower. */
export interface LowerConfig extends ServiceConfig, FaultConfig {
  readonly DIGIT_URL: string;
  /** Time within which digit must respond, in ms. */
  readonly UPSTREAM_TIMEOUT_MS: number;
}

export const lowerVariables = {
  ...serviceVariables(ports.lower),
  ...faultVariables(),
  ...upstreamVariables(),
  DIGIT_URL: characterUrl('digit', ports.digit),
};
