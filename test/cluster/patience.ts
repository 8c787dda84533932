/**
 * `TEST_CLUSTER_PATIENCE` multiplies the times that the tests wait, the durations of their loads and the maximum response
 * times. It is 1 for a quiet machine of two cores; set 3 or more where the cluster shares its machine with other work.
 */
export const patience = readPatience(process.env['TEST_CLUSTER_PATIENCE']);

function readPatience(text: string | undefined): number {
  const value = Number(text || 1);
  if (!(value >= 1 && value <= 20)) throw new Error(`TEST_CLUSTER_PATIENCE must be a number from 1 to 20, got ${text}`);
  return value;
}
