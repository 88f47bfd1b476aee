/** Seconds that a background function has; core keeps well below it. */
export const workerTimeoutSeconds = 60
/** The most that Lambda gives a function: a migration works in as few turns as it can. */
export const migrateTimeoutSeconds = 900
