/** A delay as it is kept: to the millisecond. */
export const delayMs = (seconds: number) => Math.round(seconds * 1000)

/** Whether a message is due, as its delay is kept, while it still lives: else it could never be handed over. */
export const isDueBeforeEnd = (delaySeconds: number, ttlSeconds: number) => delayMs(delaySeconds) < ttlSeconds * 1000
