import { faultVariables } from '@spandrel/characters';
import { ports, serviceVariables } from '@spandrel/service';

export const digitVariables = { ...serviceVariables(ports.digit), ...faultVariables() };
