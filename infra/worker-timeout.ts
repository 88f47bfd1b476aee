/** Seconds that a background function has; core keeps well below it. */
export const workerTimeoutSeconds = 60
