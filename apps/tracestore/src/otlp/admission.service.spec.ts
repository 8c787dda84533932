import { describe, expect, it } from 'vitest';
import { readTracestoreConfig } from '../tracestore.config.js';
import { AdmissionService } from './admission.service.js';

const admissionOf = (maxBytesInFlight: number): AdmissionService =>
  new AdmissionService({ ...readTracestoreConfig({}), maxBytesInFlight });

describe('admission', () => {
  it('refuses what has no room beside the others, and makes room when they end, well or not', async () => {
    const admission = admissionOf(100);
    const first = Promise.withResolvers<string>();
    const second = Promise.withResolvers<string>();
    const running = [admission.admit(60, () => first.promise), admission.admit(40, () => second.promise)];
    await expect(admission.admit(1, async () => 'third')).rejects.toMatchObject({ kind: { code: 'overloaded' } });
    second.reject(new Error('failed'));
    await expect(running[1]).rejects.toThrow('failed');
    await expect(admission.admit(40, async () => 'third')).resolves.toBe('third');
    first.resolve('first');
    await expect(running[0]).resolves.toBe('first');
  });

  it('has room for whatever comes alone', async () => {
    await expect(admissionOf(100).admit(1_000, async () => 'done')).resolves.toBe('done');
  });
});
