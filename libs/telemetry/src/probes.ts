/** Paths that orchestrators ask every few seconds: neither traced nor logged. */
export const probePaths: ReadonlySet<string> = new Set(['/livez', '/readyz']);
