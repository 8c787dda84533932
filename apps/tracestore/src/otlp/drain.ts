/** How long requests in flight may take when the process ends, before their connections are cut. */
export const drainMs = 10_000;
