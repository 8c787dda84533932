import { characterUrl, upstreamVariables } from '@spandrel/characters';
import { ports, serviceVariables } from '@spandrel/service';

/** The addresses of the services that generator calls. */
export interface UpstreamConfig {
  readonly UPPER_URL: string;
  readonly LOWER_URL: string;
  readonly DIGIT_URL: string;
  readonly SPECIAL_URL: string;
  /** Time within which each of them must respond, in ms. */
  readonly UPSTREAM_TIMEOUT_MS: number;
}

export const generatorVariables = {
  ...serviceVariables(ports.generator),
  ...upstreamVariables(),
  UPPER_URL: characterUrl('upper', ports.upper),
  LOWER_URL: characterUrl('lower', ports.lower),
  DIGIT_URL: characterUrl('digit', ports.digit),
  SPECIAL_URL: characterUrl('special', ports.special),
};
